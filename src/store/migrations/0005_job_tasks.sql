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
