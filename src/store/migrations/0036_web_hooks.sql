-- Web hooks of accounts, and what is to be sent to them. A delivery is queued by the transaction that writes its event, by trigger: an
-- account without hooks pays one look at an index for an event.

CREATE TABLE web_hooks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_key INTEGER NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
    id TEXT NOT NULL COLLATE NOCASE,
    url TEXT NOT NULL,
    -- Types of events, as a JSON array.
    types TEXT NOT NULL,
    -- Of jobs and tasks, only those whose job's id begins so.
    job_prefix TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    secret TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    -- The first failure since the last success.
    failing_since INTEGER,
    -- When the server switched it off, for it had failed for too long.
    switched_off INTEGER,
    -- Deliveries that wait, and those that were dropped for others.
    n_waiting INTEGER NOT NULL DEFAULT 0,
    n_dropped INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_key, id)
);

CREATE TABLE web_hook_deliveries (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    hook_key INTEGER NOT NULL REFERENCES web_hooks (key) ON DELETE CASCADE,
    -- A copy: the event itself may go before. Its key is absent for what tests a hook.
    event_key INTEGER,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    pool TEXT,
    job TEXT,
    task TEXT,
    body TEXT NOT NULL,
    -- waiting, delivered or failed
    state TEXT NOT NULL DEFAULT 'waiting',
    -- When it was queued, and when it is tried next.
    queued INTEGER NOT NULL,
    next INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    last_try INTEGER,
    status INTEGER,
    error TEXT
);
CREATE INDEX web_hook_deliveries_due ON web_hook_deliveries (hook_key, next) WHERE state = 'waiting';
CREATE INDEX web_hook_deliveries_by_hook ON web_hook_deliveries (hook_key, key);

CREATE TRIGGER queue_for_web_hooks AFTER INSERT ON service_events
WHEN EXISTS (SELECT 1 FROM web_hooks WHERE account_key = NEW.account_key) BEGIN
    INSERT INTO web_hook_deliveries (hook_key, event_key, at, kind, pool, job, task, body, queued, next)
        SELECT h.key, NEW.key, NEW.at, NEW.kind, NEW.pool, NEW.job, NEW.task, NEW.body, NEW.at, NEW.at FROM web_hooks AS h
        WHERE h.account_key = NEW.account_key AND h.enabled = 1
            AND EXISTS (SELECT 1 FROM json_each(h.types) WHERE value = NEW.kind)
            AND (h.job_prefix = '' OR NEW.job IS NULL
                OR substr(NEW.job, 1, length(h.job_prefix)) = h.job_prefix COLLATE NOCASE);
END;

-- The queue of a hook is bounded: the oldest makes room.
CREATE TRIGGER count_queued_delivery AFTER INSERT ON web_hook_deliveries WHEN NEW.state = 'waiting' BEGIN
    UPDATE web_hooks SET n_waiting = n_waiting + 1 WHERE key = NEW.hook_key;
    UPDATE web_hooks SET n_dropped = n_dropped + 1 WHERE key = NEW.hook_key AND n_waiting > 10000;
    DELETE FROM web_hook_deliveries WHERE key = (
        SELECT MIN(key) FROM web_hook_deliveries WHERE hook_key = NEW.hook_key AND state = 'waiting'
    ) AND (SELECT n_waiting FROM web_hooks WHERE key = NEW.hook_key) > 10000;
END;
CREATE TRIGGER count_moved_delivery AFTER UPDATE OF state ON web_hook_deliveries WHEN NEW.state <> OLD.state BEGIN
    UPDATE web_hooks SET n_waiting = n_waiting + (NEW.state = 'waiting') - (OLD.state = 'waiting') WHERE key = NEW.hook_key;
END;
CREATE TRIGGER count_removed_delivery AFTER DELETE ON web_hook_deliveries WHEN OLD.state = 'waiting' BEGIN
    UPDATE web_hooks SET n_waiting = n_waiting - 1 WHERE key = OLD.hook_key;
END;
