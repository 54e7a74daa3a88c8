-- Dependencies between tasks, and what follows from the ends of tasks.

-- Whether the end of a task of this job can have consequences for other tasks or for the job.
ALTER TABLE jobs ADD COLUMN has_consequences INTEGER NOT NULL DEFAULT 0;

-- Waits of the task that are not over: it may run when there are none. Counted down as they end.
ALTER TABLE tasks ADD COLUMN n_waits INTEGER NOT NULL DEFAULT 0;
-- It has ended so that tasks which depend on it may run.
ALTER TABLE tasks ADD COLUMN satisfied INTEGER NOT NULL DEFAULT 0;
-- Its id as a number that ranges can name; only in jobs that use dependencies.
ALTER TABLE tasks ADD COLUMN number INTEGER;

DROP INDEX tasks_waiting;
CREATE INDEX tasks_waiting ON tasks (job_key, key) WHERE state = 'active' AND assigned = 0 AND n_waits = 0;
CREATE INDEX tasks_by_number ON tasks (job_key, number) WHERE number IS NOT NULL;

-- What a task still waits for: one id, or the numbers from `first` to `number`, of which the last is watched.
CREATE TABLE task_waits (
    key INTEGER PRIMARY KEY,
    job_key INTEGER NOT NULL,
    task_key INTEGER NOT NULL REFERENCES tasks (key) ON DELETE CASCADE,
    id TEXT COLLATE NOCASE,
    number INTEGER,
    first INTEGER
);
CREATE INDEX task_waits_by_task ON task_waits (task_key);
CREATE INDEX task_waits_by_id ON task_waits (job_key, id) WHERE id IS NOT NULL;
CREATE INDEX task_waits_by_number ON task_waits (job_key, number) WHERE number IS NOT NULL;

-- Tasks that ended well and whose dependents are too many for one transaction: an id or a number.
CREATE TABLE task_releases (
    key INTEGER PRIMARY KEY,
    job_key INTEGER NOT NULL REFERENCES jobs (key) ON DELETE CASCADE,
    id TEXT COLLATE NOCASE,
    number INTEGER
);
CREATE INDEX task_releases_by_job ON task_releases (job_key);
