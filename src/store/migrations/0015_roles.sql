-- Who may sign in and what they may do: links that set a password once, and where sessions were begun.

-- The link's secret is hashed. A user has one link at most: a newer one takes its place.
CREATE TABLE password_links (
    user_key INTEGER PRIMARY KEY REFERENCES users (key) ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    expires INTEGER NOT NULL
);

ALTER TABLE sessions ADD COLUMN address TEXT;
