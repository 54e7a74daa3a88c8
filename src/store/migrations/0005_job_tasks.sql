-- Jobs on nodes: how their preparation and release tasks go there. A row outlives its node.
CREATE TABLE job_nodes (
    -- Never used again: attempts are named by it.
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    job_key INTEGER NOT NULL REFERENCES jobs (key) ON DELETE CASCADE,
    node_key INTEGER NOT NULL,
    -- Of the node and its pool.
    id TEXT NOT NULL,
    pool_id TEXT NOT NULL,
    -- The node's boot when the preparation task began there last.
    boot TEXT,
    -- Lives as tasks have them, in JSON.
    preparation TEXT NOT NULL,
    release TEXT,
    UNIQUE (job_key, id)
);

-- What a task demands of its node beside slots: that nothing else runs there, and that it is a dedicated one.
ALTER TABLE tasks ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN dedicated INTEGER NOT NULL DEFAULT 0;

-- Its end does not wait for nodes.
ALTER TABLE jobs ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;

-- What the runs of a task have taken so far: microseconds, and blocks of 512 bytes.
ALTER TABLE tasks ADD COLUMN wall INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN user_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN kernel_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN blocks_read INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN blocks_written INTEGER NOT NULL DEFAULT 0;

-- The same of all tasks of a job, deleted ones too; how often tasks were retried, and how long ended tasks had waited.
ALTER TABLE jobs ADD COLUMN wall INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN user_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN kernel_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN blocks_read INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN blocks_written INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN n_retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN waited INTEGER NOT NULL DEFAULT 0;

-- The same of a schedule's end, and so of its jobs'.
ALTER TABLE job_schedules ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;
