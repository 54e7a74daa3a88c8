-- Pools that size themselves by a formula, and what is measured of them.

-- When autoscale was last turned on or changed.
ALTER TABLE pools ADD COLUMN auto_scale_changed INTEGER;
-- When the formula is run next; absent while autoscale is off.
ALTER TABLE pools ADD COLUMN auto_scale_next INTEGER;
-- The last run, as the API gives it.
ALTER TABLE pools ADD COLUMN auto_scale_run TEXT;
CREATE INDEX pools_by_auto_scale_next ON pools (auto_scale_next) WHERE auto_scale_next IS NOT NULL;

-- A JSON array of numbers, null where nothing is known; what each is, the list of autoscale's variables says by its order.
CREATE TABLE pool_samples (
    pool_key INTEGER NOT NULL REFERENCES pools (key) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    numbers TEXT NOT NULL,
    PRIMARY KEY (pool_key, at)
) WITHOUT ROWID;

CREATE INDEX jobs_by_pool ON jobs (account_key, pool_id);
-- Tasks that wait for others.
CREATE INDEX tasks_blocked ON tasks (job_key) WHERE n_waits > 0 AND state = 'active';
