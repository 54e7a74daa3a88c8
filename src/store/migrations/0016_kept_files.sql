-- What the server keeps of the files of finished tasks when their node goes. The bytes of many tasks are one file of the data
-- folder, a bundle: it is synced once and goes when nothing in it is wanted any more.
CREATE TABLE kept_bundles (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The name of its file, among those of blobs; absent when all kept files are empty.
    file TEXT,
    bytes INTEGER NOT NULL,
    kept INTEGER NOT NULL
);

CREATE TABLE kept_tasks (
    task_key INTEGER PRIMARY KEY REFERENCES tasks (key) ON DELETE CASCADE,
    -- Whose files they are; of a task that runs again they are of no interest.
    attempt INTEGER NOT NULL,
    bundle_key INTEGER NOT NULL REFERENCES kept_bundles (key) ON DELETE CASCADE,
    -- A JSON array of entries: what the folder had, and where in the bundle the bytes are.
    entries TEXT NOT NULL
);
CREATE INDEX kept_tasks_by_bundle ON kept_tasks (bundle_key);

-- The finished tasks whose files a node has.
CREATE INDEX tasks_by_last_node ON tasks (node_key, ended) WHERE state = 'completed' AND node_key IS NOT NULL;
