-- Which block of user ids the node's tasks and accounts have; no two nodes have the same. Absent when there was none left.
ALTER TABLE nodes ADD COLUMN user_block INTEGER;
UPDATE nodes SET user_block = numbered.n - 1
    FROM (SELECT key, row_number() OVER (ORDER BY key) AS n FROM nodes) AS numbered
    WHERE numbered.key = nodes.key AND numbered.n <= 4096;
CREATE UNIQUE INDEX nodes_by_user_block ON nodes (user_block);
