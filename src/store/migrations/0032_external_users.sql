-- How users are known to the sign-in provider: by what an Owner entered, and since their first sign-in by issuer and subject.
ALTER TABLE users ADD COLUMN external_name TEXT COLLATE NOCASE;
ALTER TABLE users ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX users_external_name ON users (external_name);
CREATE UNIQUE INDEX users_external_id ON users (external_id);
