-- The management plane: sign-in of programs, resource groups, and how callers of an account may prove who they are.

-- Access tokens that programs were given for a personal access token: known by hash only, and gone with it.
CREATE TABLE access_tokens (
    hash BLOB PRIMARY KEY,
    token_key INTEGER NOT NULL REFERENCES tokens (key) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX access_tokens_by_token ON access_tokens (token_key);

-- Groups that somebody made or gave tags. Others exist by the accounts in them.
CREATE TABLE resource_groups (
    key INTEGER PRIMARY KEY,
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL COLLATE NOCASE,
    location TEXT NOT NULL,
    tags TEXT NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (subscription_id, name)
);

-- A JSON list; empty for all ways.
ALTER TABLE accounts ADD COLUMN authentication_modes TEXT NOT NULL DEFAULT '[]';
