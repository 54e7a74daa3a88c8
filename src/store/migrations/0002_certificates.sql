-- Certificates of accounts; what users want of single nodes; what pools have used.

CREATE TABLE certificates (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_key INTEGER NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
    -- The thumbprint: hexadecimal digits in lower case.
    id TEXT NOT NULL COLLATE NOCASE,
    algorithm TEXT NOT NULL,
    format TEXT NOT NULL,
    data TEXT NOT NULL,
    password TEXT,
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    previous_state TEXT,
    previous_since INTEGER,
    delete_error TEXT,
    UNIQUE (account_key, id)
);

-- Grows with every word of a user's to the node: who saves what it knew before such a word leaves the state alone.
ALTER TABLE nodes ADD COLUMN word INTEGER NOT NULL DEFAULT 0;
-- What becomes of the tasks of a node whose scheduling is disabled.
ALTER TABLE nodes ADD COLUMN disable_option TEXT;
-- An order that is being carried out: reboot, reimage or deallocate, and what becomes of the tasks.
ALTER TABLE nodes ADD COLUMN order_kind TEXT;
ALTER TABLE nodes ADD COLUMN order_option TEXT;
ALTER TABLE nodes ADD COLUMN deallocated INTEGER NOT NULL DEFAULT 0;

-- Core time since `usage_from`, counted up to `usage_since`; from then on the pool has the nodes that it has now.
ALTER TABLE pools ADD COLUMN usage_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pools ADD COLUMN usage_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pools ADD COLUMN dedicated_core_millis INTEGER NOT NULL DEFAULT 0;
-- What pools used before this step is not known.
UPDATE pools SET usage_from = CAST(unixepoch('subsec') * 1000000 AS INTEGER);
UPDATE pools SET usage_since = usage_from;

-- Core time of a pool in the half hour that begins at `start`. Outlives the pool.
CREATE TABLE pool_usage (
    account_key INTEGER NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
    pool_id TEXT NOT NULL COLLATE NOCASE,
    start INTEGER NOT NULL,
    vm_size TEXT NOT NULL,
    core_millis INTEGER NOT NULL,
    PRIMARY KEY (account_key, pool_id, start, vm_size)
) WITHOUT ROWID;
CREATE INDEX pool_usage_by_start ON pool_usage (start);
