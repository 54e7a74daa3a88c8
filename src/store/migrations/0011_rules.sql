-- Files of ended tasks go from their nodes when their time is over.

-- When; absent while the task has not ended, where it never had a node, and once they are gone.
ALTER TABLE tasks ADD COLUMN files_until INTEGER;
-- They went, and the task has not run since.
ALTER TABLE tasks ADD COLUMN files_gone INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tasks_by_files_until ON tasks (files_until) WHERE files_until IS NOT NULL;
-- What holds a node that waits for the time of its files.
CREATE INDEX tasks_with_files ON tasks (node_key, files_until) WHERE files_until IS NOT NULL;

-- The same of preparation and release tasks, set when their job is completed.
ALTER TABLE job_nodes ADD COLUMN preparation_until INTEGER;
ALTER TABLE job_nodes ADD COLUMN release_until INTEGER;
CREATE INDEX job_nodes_by_preparation_until ON job_nodes (preparation_until) WHERE preparation_until IS NOT NULL;
CREATE INDEX job_nodes_by_release_until ON job_nodes (release_until) WHERE release_until IS NOT NULL;
CREATE INDEX job_nodes_by_node ON job_nodes (node_key);

-- In jobs whose dependents fail: the task failed, and those that wait for it are to fail too.
ALTER TABLE task_releases ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;

-- Of what has ended already: seven days, unless its settings say something else. Those are looked at when the server starts.
UPDATE tasks SET files_until = CASE WHEN instr(settings, 'retentionTime') THEN ended ELSE ended + 604800000000 END
    WHERE state = 'completed' AND node_key IS NOT NULL AND ended IS NOT NULL;
UPDATE job_nodes SET
    preparation_until = (SELECT ended + 604800000000 FROM jobs WHERE jobs.key = job_nodes.job_key AND jobs.state = 'completed'),
    release_until = (SELECT ended + 604800000000 FROM jobs WHERE jobs.key = job_nodes.job_key AND jobs.state = 'completed');
