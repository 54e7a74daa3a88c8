-- Who may sign in and what they may do: links that set a password once, and where sessions were begun.

-- The link's secret is hashed. A user has one link at most: a newer one takes its place.
CREATE TABLE password_links (
    user_key INTEGER PRIMARY KEY REFERENCES users (key) ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    expires INTEGER NOT NULL
);

ALTER TABLE sessions ADD COLUMN address TEXT;

-- Roles that users have in a part of the installation. `scope` is a resource id in lower case: a subscription, a resource
-- group or an account. What users may do everywhere is their own role in `users`.
CREATE TABLE role_assignments (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_key INTEGER NOT NULL REFERENCES users (key) ON DELETE CASCADE,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    created INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (user_key, role, scope)
);
CREATE INDEX role_assignments_by_scope ON role_assignments (scope);
