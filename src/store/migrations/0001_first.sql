-- Times are microseconds since 1970 (UTC); flags are 0 or 1; settings are the wire shape in JSON, stored once.
-- Counters are kept in the transaction that changes what they count.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- ---- Who may sign in ------------------------------------------------------------------------------------------------

CREATE TABLE users (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    last_sign_in INTEGER
);

-- The cookie's value is hashed: who reads the database cannot use it.
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,
    user_key INTEGER NOT NULL REFERENCES users (key) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_key);

CREATE TABLE tokens (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL UNIQUE,
    user_key INTEGER NOT NULL REFERENCES users (key) ON DELETE CASCADE,
    description TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    last_used INTEGER
);
CREATE INDEX tokens_by_user ON tokens (user_key);

-- ---- Accounts -------------------------------------------------------------------------------------------------------

CREATE TABLE accounts (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    subscription_id TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    location TEXT NOT NULL,
    state TEXT NOT NULL,
    public_network_access TEXT NOT NULL,
    storage_account_id TEXT,
    storage_synced INTEGER,
    tags TEXT NOT NULL,
    quotas TEXT NOT NULL,
    primary_key TEXT NOT NULL,
    secondary_key TEXT NOT NULL,
    primary_last_used INTEGER,
    secondary_last_used INTEGER,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    -- Counters.
    n_pools INTEGER NOT NULL DEFAULT 0,
    n_jobs INTEGER NOT NULL DEFAULT 0,
    n_active_jobs INTEGER NOT NULL DEFAULT 0
);

-- ---- Pools and nodes ------------------------------------------------------------------------------------------------

CREATE TABLE pools (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_key INTEGER NOT NULL REFERENCES accounts (key),
    id TEXT NOT NULL COLLATE NOCASE,
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    allocation_state TEXT NOT NULL,
    allocation_since INTEGER NOT NULL,
    resize_errors TEXT,
    resize_deadline INTEGER,
    deallocation TEXT NOT NULL DEFAULT 'requeue',
    target_dedicated INTEGER NOT NULL,
    target_low_priority INTEGER NOT NULL,
    cores INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    -- Counters. Node counts by state are a JSON object {state: [dedicated, low priority]}.
    n_dedicated INTEGER NOT NULL DEFAULT 0,
    n_low_priority INTEGER NOT NULL DEFAULT 0,
    node_counts TEXT NOT NULL DEFAULT '{}',
    running_slots INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_key, id)
);

CREATE TABLE nodes (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    pool_key INTEGER NOT NULL REFERENCES pools (key),
    id TEXT NOT NULL UNIQUE,
    dedicated INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    scheduling TEXT NOT NULL DEFAULT 'enabled',
    token TEXT NOT NULL,
    slots INTEGER NOT NULL,
    allocated INTEGER NOT NULL,
    booted INTEGER,
    boot TEXT,
    ip_address TEXT NOT NULL DEFAULT '',
    agent_version TEXT,
    start_task_info TEXT,
    -- Whether the start task lets tasks run.
    ready INTEGER NOT NULL DEFAULT 0,
    leaving INTEGER NOT NULL DEFAULT 0,
    errors TEXT,
    -- Keys of the tasks that ended here last, newest first, at most ten.
    recent TEXT NOT NULL DEFAULT '[]',
    -- Counters.
    running_tasks INTEGER NOT NULL DEFAULT 0,
    running_slots INTEGER NOT NULL DEFAULT 0,
    tasks_run INTEGER NOT NULL DEFAULT 0,
    tasks_succeeded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX nodes_by_pool ON nodes (pool_key, id);

-- Folders to remove on a node, kept until its agent has been told.
CREATE TABLE clean_ups (
    key INTEGER PRIMARY KEY,
    node_key INTEGER NOT NULL REFERENCES nodes (key) ON DELETE CASCADE,
    directory TEXT NOT NULL
);
CREATE INDEX clean_ups_by_node ON clean_ups (node_key);

-- ---- Jobs and tasks -------------------------------------------------------------------------------------------------

CREATE TABLE jobs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_key INTEGER NOT NULL REFERENCES accounts (key),
    id TEXT NOT NULL COLLATE NOCASE,
    -- The id of the pool the job runs on, as its settings say; the pool may not exist yet.
    pool_id TEXT NOT NULL COLLATE NOCASE,
    settings TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    previous_state TEXT,
    previous_since INTEGER,
    ended INTEGER,
    terminate_reason TEXT,
    -- What running tasks do while the job is disabling.
    disable_tasks TEXT,
    deadline INTEGER,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    -- Counters: tasks and slots by state.
    n_active INTEGER NOT NULL DEFAULT 0,
    n_running INTEGER NOT NULL DEFAULT 0,
    n_succeeded INTEGER NOT NULL DEFAULT 0,
    n_failed INTEGER NOT NULL DEFAULT 0,
    s_active INTEGER NOT NULL DEFAULT 0,
    s_running INTEGER NOT NULL DEFAULT 0,
    s_succeeded INTEGER NOT NULL DEFAULT 0,
    s_failed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_key, id)
);
CREATE INDEX jobs_unfinished ON jobs (account_key, pool_id) WHERE state <> 'completed';
CREATE INDEX jobs_by_deadline ON jobs (deadline) WHERE deadline IS NOT NULL AND state <> 'completed';

CREATE TABLE tasks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    job_key INTEGER NOT NULL REFERENCES jobs (key),
    id TEXT NOT NULL COLLATE NOCASE,
    settings TEXT NOT NULL,
    slots INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    previous_state TEXT,
    previous_since INTEGER,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    -- Grows with every assignment; reports of an older attempt change nothing.
    attempt INTEGER NOT NULL DEFAULT 0,
    -- The node that has the attempt now; afterwards the one that ran it last. An active task with a node waits there.
    node_key INTEGER,
    assigned INTEGER NOT NULL DEFAULT 0,
    -- What the node's answer needs when the node is gone.
    node_info TEXT,
    started INTEGER,
    ended INTEGER,
    exit_code INTEGER,
    result TEXT,
    failure TEXT,
    retries INTEGER NOT NULL DEFAULT 0,
    last_retry INTEGER,
    requeues INTEGER NOT NULL DEFAULT 0,
    last_requeue INTEGER
);
CREATE UNIQUE INDEX tasks_by_id ON tasks (job_key, id);
CREATE INDEX tasks_waiting ON tasks (job_key, key) WHERE state = 'active' AND assigned = 0;
CREATE INDEX tasks_assigned ON tasks (node_key) WHERE assigned = 1;
CREATE INDEX tasks_running ON tasks (job_key, key) WHERE state IN ('preparing', 'running');
CREATE INDEX tasks_failed ON tasks (job_key, key) WHERE result = 'failure';
