-- Applications of accounts, and their packages: a package is a version of an application.

CREATE TABLE applications (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_key INTEGER NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
    id TEXT NOT NULL COLLATE NOCASE,
    display_name TEXT,
    allow_updates INTEGER NOT NULL,
    -- The id of one of its packages.
    default_version TEXT COLLATE NOCASE,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    UNIQUE (account_key, id)
);

CREATE TABLE application_packages (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    application_key INTEGER NOT NULL REFERENCES applications (key) ON DELETE CASCADE,
    -- The version.
    id TEXT NOT NULL COLLATE NOCASE,
    state TEXT NOT NULL,
    format TEXT,
    -- Where it is: a storage account by name, since the account may be linked to another one later.
    storage TEXT NOT NULL,
    container TEXT NOT NULL,
    -- The blob that callers upload, and the one that activation makes of it: whoever can still write to the first does not
    -- change what is active.
    upload TEXT NOT NULL,
    content TEXT,
    activated INTEGER,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    UNIQUE (application_key, id)
);
