-- What of its tasks' use of the machine a node's agent can limit, in JSON; absent before it has said so.
ALTER TABLE nodes ADD COLUMN limits TEXT;

-- On how many nodes the task runs at once; 0 for all but multi-instance tasks.
ALTER TABLE tasks ADD COLUMN instances INTEGER NOT NULL DEFAULT 0;

-- Subtasks of the last attempt of multi-instance tasks: where they are and how far, in JSON.
CREATE TABLE subtasks (
    task_key INTEGER NOT NULL REFERENCES tasks (key) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    node_key INTEGER NOT NULL,
    life TEXT NOT NULL,
    PRIMARY KEY (task_key, id)
) WITHOUT ROWID;
