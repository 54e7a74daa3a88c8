-- Calls that changed something, read a secret, or were refused. Rows are written by the transaction that they tell of.

CREATE TABLE activity (
    -- Given by the writer, in the order of commits.
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    operation TEXT NOT NULL,
    -- The account's name: the row outlives the account.
    account TEXT COLLATE NOCASE,
    resource TEXT NOT NULL,
    caller TEXT NOT NULL COLLATE NOCASE,
    caller_kind TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT,
    -- Empty for success.
    code TEXT NOT NULL,
    request_id TEXT NOT NULL,
    left_out INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX activity_by_account ON activity (account, key);
CREATE INDEX activity_by_caller ON activity (caller, key);
CREATE INDEX activity_by_time ON activity (at);
CREATE INDEX activity_failed ON activity (key) WHERE code <> '';

-- How often something has happened in an account, under the names of Batch's metrics. Tasks are counted by the ledger;
-- pools and jobs change seldom, and are counted here, so that no way of changing one is left out.
CREATE TABLE event_counts (
    account_key INTEGER NOT NULL,
    event TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (account_key, event)
) WITHOUT ROWID;

CREATE TRIGGER count_pool_create AFTER INSERT ON pools BEGIN
    INSERT INTO event_counts VALUES (NEW.account_key, 'PoolCreateEvent', 1)
        ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_pool_first_resize AFTER INSERT ON pools WHEN NEW.allocation_state = 'resizing' BEGIN
    INSERT INTO event_counts VALUES (NEW.account_key, 'PoolResizeStartEvent', 1)
        ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_pool_resize AFTER UPDATE OF allocation_state ON pools
WHEN NEW.allocation_state <> OLD.allocation_state AND NEW.allocation_state IN ('resizing', 'steady') BEGIN
    INSERT INTO event_counts VALUES (
        NEW.account_key,
        CASE NEW.allocation_state WHEN 'resizing' THEN 'PoolResizeStartEvent' ELSE 'PoolResizeCompleteEvent' END,
        1
    ) ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_pool_delete_start AFTER UPDATE OF state ON pools WHEN NEW.state = 'deleting' AND OLD.state <> 'deleting' BEGIN
    INSERT INTO event_counts VALUES (NEW.account_key, 'PoolDeleteStartEvent', 1)
        ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_pool_delete_complete AFTER DELETE ON pools BEGIN
    INSERT INTO event_counts VALUES (OLD.account_key, 'PoolDeleteCompleteEvent', 1)
        ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_job_start AFTER INSERT ON jobs BEGIN
    INSERT INTO event_counts VALUES (NEW.account_key, 'JobStartEvent', 1)
        ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_job_change AFTER UPDATE OF state ON jobs
WHEN NEW.state <> OLD.state AND NEW.state IN ('disabling', 'disabled', 'terminating', 'completed', 'deleting') BEGIN
    INSERT INTO event_counts VALUES (
        NEW.account_key,
        CASE NEW.state
            WHEN 'disabling' THEN 'JobDisableStartEvent'
            WHEN 'disabled' THEN 'JobDisableCompleteEvent'
            WHEN 'terminating' THEN 'JobTerminateStartEvent'
            WHEN 'completed' THEN 'JobTerminateCompleteEvent'
            ELSE 'JobDeleteStartEvent'
        END,
        1
    ) ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_job_delete_complete AFTER DELETE ON jobs BEGIN
    INSERT INTO event_counts VALUES (OLD.account_key, 'JobDeleteCompleteEvent', 1)
        ON CONFLICT (account_key, event) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER forget_event_counts AFTER DELETE ON accounts BEGIN
    DELETE FROM event_counts WHERE account_key = OLD.key;
END;
