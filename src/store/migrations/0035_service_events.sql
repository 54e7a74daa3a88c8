-- What happened to pools, jobs and tasks of an account, with the bodies of Batch's service log. Rows are written by the
-- transaction that they tell of: those of pools and jobs by triggers, so that no way of changing one is left out; those of
-- tasks by the ledger, where somebody wants them; ends of deletions by `store::pool` and `store::job`, which know the time.

CREATE TABLE service_events (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_key INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- What it is about: a pool, or a job and perhaps a task of it.
    pool TEXT COLLATE NOCASE,
    job TEXT COLLATE NOCASE,
    task TEXT COLLATE NOCASE,
    body TEXT NOT NULL
);
CREATE INDEX service_events_by_time ON service_events (account_key, at);

-- Whether events of tasks are written: they are many.
ALTER TABLE accounts ADD COLUMN task_events INTEGER NOT NULL DEFAULT 0;

-- What the end of a resize tells of its beginning.
ALTER TABLE pools ADD COLUMN resize_began INTEGER;
ALTER TABLE pools ADD COLUMN resize_option TEXT;

CREATE TRIGGER tell_pool_create AFTER INSERT ON pools BEGIN
    INSERT INTO service_events (account_key, at, kind, pool, body) VALUES (
        NEW.account_key, NEW.created, 'PoolCreateEvent', NEW.id,
        -- A merge leaves out what is null.
        json_patch('{}', json_object(
            'id', NEW.id,
            'displayName', NEW.settings ->> '$.displayName',
            'vmSize', NEW.settings ->> '$.vmSize',
            'imageType', iif(NEW.settings -> '$.virtualMachineConfiguration' IS NULL, NULL, 'VirtualMachineConfiguration'),
            'networkConfiguration', iif(NEW.settings ->> '$.networkConfiguration.subnetId' IS NULL, NULL,
                json_object('subnetId', NEW.settings ->> '$.networkConfiguration.subnetId')),
            'virtualMachineConfiguration', iif(NEW.settings -> '$.virtualMachineConfiguration' IS NULL, NULL, json_object(
                'imageReference', json(NEW.settings -> '$.virtualMachineConfiguration.imageReference'),
                'nodeAgentId', NEW.settings ->> '$.virtualMachineConfiguration.nodeAgentSKUId')),
            'resizeTimeout', CAST((NEW.resize_deadline - NEW.allocation_since) / 1000 AS TEXT),
            'targetDedicatedNodes', NEW.target_dedicated,
            'targetLowPriorityNodes', NEW.target_low_priority,
            'taskSlotsPerNode', COALESCE(NEW.settings ->> '$.taskSlotsPerNode', 1),
            'vmFillType', NEW.settings ->> '$.taskSchedulingPolicy.nodeFillType',
            'enableAutoScale', json(iif(NEW.settings ->> '$.enableAutoScale', 'true', 'false')),
            'enableInterNodeCommunication', json(iif(NEW.settings ->> '$.enableInterNodeCommunication', 'true', 'false')),
            'isAutoPool', json(iif(NEW.made_for IS NULL, 'false', 'true'))
        ))
    );
    UPDATE pools SET resize_began = NEW.allocation_since, resize_option = 'invalid'
        WHERE key = NEW.key AND NEW.allocation_state = 'resizing';
    INSERT INTO service_events (account_key, at, kind, pool, body)
        SELECT NEW.account_key, NEW.allocation_since, 'PoolResizeStartEvent', NEW.id, json_object(
            'id', NEW.id,
            'nodeDeallocationOption', 'invalid',
            'currentDedicatedNodes', NEW.n_dedicated,
            'targetDedicatedNodes', NEW.target_dedicated,
            'currentLowPriorityNodes', NEW.n_low_priority,
            'targetLowPriorityNodes', NEW.target_low_priority,
            'enableAutoScale', json(iif(NEW.settings ->> '$.enableAutoScale', 'true', 'false')),
            'isAutoPool', json(iif(NEW.made_for IS NULL, 'false', 'true'))
        ) WHERE NEW.allocation_state = 'resizing';
END;

CREATE TRIGGER tell_pool_resize_start AFTER UPDATE OF allocation_state ON pools
WHEN NEW.allocation_state = 'resizing' AND OLD.allocation_state = 'steady' BEGIN
    -- How nodes go means nothing where none does.
    UPDATE pools SET
        resize_began = NEW.allocation_since,
        resize_option = iif(NEW.target_dedicated < NEW.n_dedicated OR NEW.target_low_priority < NEW.n_low_priority,
            lower(NEW.deallocation), 'invalid')
        WHERE key = NEW.key;
    INSERT INTO service_events (account_key, at, kind, pool, body)
        SELECT account_key, NEW.allocation_since, 'PoolResizeStartEvent', id, json_object(
            'id', id,
            'nodeDeallocationOption', resize_option,
            'currentDedicatedNodes', n_dedicated,
            'targetDedicatedNodes', target_dedicated,
            'currentLowPriorityNodes', n_low_priority,
            'targetLowPriorityNodes', target_low_priority,
            'enableAutoScale', json(iif(settings ->> '$.enableAutoScale', 'true', 'false')),
            'isAutoPool', json(iif(made_for IS NULL, 'false', 'true'))
        ) FROM pools WHERE key = NEW.key;
END;

CREATE TRIGGER tell_pool_resize_complete AFTER UPDATE OF allocation_state ON pools
WHEN NEW.allocation_state = 'steady' AND OLD.allocation_state <> 'steady' BEGIN
    INSERT INTO service_events (account_key, at, kind, pool, body) VALUES (
        NEW.account_key, NEW.allocation_since, 'PoolResizeCompleteEvent', NEW.id, json_object(
            'id', NEW.id,
            'nodeDeallocationOption', COALESCE(NEW.resize_option, 'invalid'),
            'currentDedicatedNodes', NEW.n_dedicated,
            'targetDedicatedNodes', NEW.target_dedicated,
            'currentLowPriorityNodes', NEW.n_low_priority,
            'targetLowPriorityNodes', NEW.target_low_priority,
            'enableAutoScale', json(iif(NEW.settings ->> '$.enableAutoScale', 'true', 'false')),
            'isAutoPool', json(iif(NEW.made_for IS NULL, 'false', 'true')),
            'startTime', strftime('%Y-%m-%dT%H:%M:%S', COALESCE(NEW.resize_began, OLD.allocation_since) / 1000000, 'unixepoch')
                || printf('.%06dZ', COALESCE(NEW.resize_began, OLD.allocation_since) % 1000000),
            'endTime', strftime('%Y-%m-%dT%H:%M:%S', NEW.allocation_since / 1000000, 'unixepoch')
                || printf('.%06dZ', NEW.allocation_since % 1000000),
            'resultCode', COALESCE(NEW.resize_errors ->> '$[0].code', 'Success'),
            'resultMessage', COALESCE(NEW.resize_errors ->> '$[0].message', 'The operation succeeded')
        )
    );
END;

CREATE TRIGGER tell_pool_auto_scale AFTER UPDATE OF auto_scale_run ON pools
WHEN NEW.auto_scale_run IS NOT NULL AND NEW.auto_scale_run IS NOT OLD.auto_scale_run BEGIN
    INSERT INTO service_events (account_key, at, kind, pool, body) VALUES (
        NEW.account_key,
        -- The run's own time, to the microsecond.
        unixepoch(substr(NEW.auto_scale_run ->> '$.timestamp', 1, 19)) * 1000000
            + iif(instr(NEW.auto_scale_run ->> '$.timestamp', '.'), CAST(substr(NEW.auto_scale_run ->> '$.timestamp', 21, 6) AS INTEGER), 0),
        'PoolAutoScaleEvent', NEW.id,
        json_patch('{}', json_object(
            'id', NEW.id,
            'timestamp', NEW.auto_scale_run ->> '$.timestamp',
            'formula', NEW.settings ->> '$.autoScaleFormula',
            'results', NEW.auto_scale_run ->> '$.results',
            'error', json(NEW.auto_scale_run -> '$.error')
        ))
    );
END;

CREATE TRIGGER tell_pool_delete_start AFTER UPDATE OF state ON pools
WHEN NEW.state = 'deleting' AND OLD.state <> 'deleting' BEGIN
    INSERT INTO service_events (account_key, at, kind, pool, body)
        VALUES (NEW.account_key, NEW.state_since, 'PoolDeleteStartEvent', NEW.id, json_object('id', NEW.id));
END;

CREATE TRIGGER tell_job_start AFTER INSERT ON jobs BEGIN
    INSERT INTO service_events (account_key, at, kind, job, body) VALUES (
        NEW.account_key, NEW.created, 'JobStartEvent', NEW.id,
        json_object('id', NEW.id, 'poolId', NEW.pool_id, 'priority', NEW.priority)
    );
END;

CREATE TRIGGER tell_job_change AFTER UPDATE OF state ON jobs
WHEN NEW.state <> OLD.state AND NEW.state IN ('disabling', 'disabled', 'terminating', 'completed', 'deleting') BEGIN
    INSERT INTO service_events (account_key, at, kind, job, body) VALUES (
        NEW.account_key, NEW.state_since,
        CASE NEW.state
            WHEN 'disabling' THEN 'JobDisableStartEvent'
            WHEN 'disabled' THEN 'JobDisableCompleteEvent'
            WHEN 'terminating' THEN 'JobTerminateStartEvent'
            WHEN 'completed' THEN 'JobTerminateCompleteEvent'
            ELSE 'JobDeleteStartEvent'
        END,
        NEW.id,
        json_patch('{}', json_object(
            'id', NEW.id,
            'poolId', NEW.pool_id,
            'disableTasks', iif(NEW.state = 'disabling', NEW.disable_tasks, NULL),
            'terminateReason', NEW.terminate_reason,
            'schedulingError', json(NEW.scheduling_error),
            'startTime', strftime('%Y-%m-%dT%H:%M:%S', NEW.created / 1000000, 'unixepoch')
                || printf('.%06dZ', NEW.created % 1000000),
            'endTime', strftime('%Y-%m-%dT%H:%M:%S', NEW.ended / 1000000, 'unixepoch') || printf('.%06dZ', NEW.ended % 1000000),
            'taskCounts', json_object(
                'active', NEW.n_active, 'running', NEW.n_running, 'completed', NEW.n_succeeded + NEW.n_failed,
                'succeeded', NEW.n_succeeded, 'failed', NEW.n_failed
            )
        ))
    );
END;
