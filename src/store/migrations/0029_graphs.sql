-- Tasks that run on a pool's nodes: a counter.
ALTER TABLE pools ADD COLUMN running_tasks INTEGER NOT NULL DEFAULT 0;
UPDATE pools SET running_tasks = (SELECT COALESCE(SUM(running_tasks), 0) FROM nodes WHERE pool_key = pools.key);

-- What pools did, minute by minute, for a week: `[{state: [dedicated, low priority]}, running tasks, running slots]`. A row holds
-- until the next one, or for ten minutes.
CREATE TABLE pool_minutes (
    pool_key INTEGER NOT NULL REFERENCES pools (key) ON DELETE CASCADE,
    -- Minutes since 1970.
    minute INTEGER NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (pool_key, minute)
) WITHOUT ROWID;

-- Nodes that the operator has taken away come back then; absent for all others.
ALTER TABLE nodes ADD COLUMN away_until INTEGER;
