-- What nodes measure of their machines, each ten seconds for a week. A row is ten minutes of one node: frames of a minute or
-- so, one behind the other, as `domain::node_history` writes and reads them.
CREATE TABLE node_samples (
    node_key INTEGER NOT NULL REFERENCES nodes (key) ON DELETE CASCADE,
    -- Ten minutes since 1970.
    chunk INTEGER NOT NULL,
    frames BLOB NOT NULL,
    PRIMARY KEY (node_key, chunk)
) WITHOUT ROWID;
