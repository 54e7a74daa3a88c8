-- Schedules that make jobs. A schedule's turns are its settings, its first turn and the last one that was taken.

CREATE TABLE job_schedules (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_key INTEGER NOT NULL REFERENCES accounts (key),
    id TEXT NOT NULL COLLATE NOCASE,
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    previous_state TEXT,
    previous_since INTEGER,
    ended INTEGER,
    first_turn INTEGER NOT NULL,
    last_turn INTEGER,
    -- When time alone may give it something to do.
    wake INTEGER,
    -- The number of the last job that was made; a number is never used again.
    last_job INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    -- Counter: jobs that exist.
    n_jobs INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_key, id)
);
CREATE INDEX job_schedules_to_wake ON job_schedules (wake) WHERE wake IS NOT NULL;

-- The schedule that made the job; absent for those that callers made.
ALTER TABLE jobs ADD COLUMN schedule_key INTEGER REFERENCES job_schedules (key);
CREATE INDEX jobs_by_schedule ON jobs (schedule_key, id);
CREATE INDEX jobs_unfinished_of_schedule ON jobs (schedule_key) WHERE schedule_key IS NOT NULL AND state <> 'completed';

ALTER TABLE accounts ADD COLUMN n_job_schedules INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN n_active_job_schedules INTEGER NOT NULL DEFAULT 0;
