-- The built-in blob storage: what there is, and which files of the data folder hold it. A file has one name for ever and is
-- never changed, so a blob is replaced by the commit that names other files.

CREATE TABLE storage_accounts (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    primary_key TEXT NOT NULL,
    secondary_key TEXT NOT NULL,
    created INTEGER NOT NULL
);

CREATE TABLE containers (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    storage_key INTEGER NOT NULL REFERENCES storage_accounts (key),
    name TEXT NOT NULL,
    -- A JSON object.
    metadata TEXT NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    UNIQUE (storage_key, name)
);

CREATE TABLE blobs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    container_key INTEGER NOT NULL REFERENCES containers (key) ON DELETE CASCADE,
    name TEXT NOT NULL,
    length INTEGER NOT NULL,
    -- A JSON array of {id, file, length}: the content is theirs, one after the other.
    parts TEXT NOT NULL,
    settings TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    UNIQUE (container_key, name)
);

-- Blocks that are uploaded and not yet part of a blob.
CREATE TABLE blocks (
    container_key INTEGER NOT NULL REFERENCES containers (key) ON DELETE CASCADE,
    blob TEXT NOT NULL,
    id TEXT NOT NULL,
    file TEXT NOT NULL,
    length INTEGER NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (container_key, blob, id)
) WITHOUT ROWID;
