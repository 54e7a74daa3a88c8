-- Pools that were made for a job or a job schedule: for whom, and its key until it is done.
ALTER TABLE pools ADD COLUMN made_for TEXT;
ALTER TABLE pools ADD COLUMN made_for_id TEXT;
ALTER TABLE pools ADD COLUMN made_for_key INTEGER;
CREATE INDEX pools_by_owner ON pools (made_for_key, made_for) WHERE made_for_key IS NOT NULL;

-- Why a job that could not get its pool is completed, as JSON.
ALTER TABLE jobs ADD COLUMN scheduling_error TEXT;
