-- Who may log in to which node, and by which ports nodes are reached.

CREATE TABLE node_users (
    node_key INTEGER NOT NULL REFERENCES nodes (key) ON DELETE CASCADE,
    name TEXT NOT NULL,
    is_admin INTEGER NOT NULL,
    -- Tells a user from an earlier one of the same name.
    made INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    password_hash TEXT,
    ssh_public_key TEXT,
    PRIMARY KEY (node_key, name)
) WITHOUT ROWID;

-- A port of the server that leads to a port of a node. All pools share the server's ports.
CREATE TABLE node_endpoints (
    node_key INTEGER NOT NULL REFERENCES nodes (key) ON DELETE CASCADE,
    -- The NAT pool's.
    name TEXT NOT NULL,
    -- Of the node among those of its pool.
    number INTEGER NOT NULL,
    protocol TEXT NOT NULL,
    backend_port INTEGER NOT NULL,
    frontend_port INTEGER NOT NULL,
    PRIMARY KEY (node_key, name),
    UNIQUE (protocol, frontend_port)
) WITHOUT ROWID;

-- The public key of the node's SSH server, once it has one.
ALTER TABLE nodes ADD COLUMN ssh_host_key TEXT;
-- The pool was made by a version of Batch that maps SSH on every node without being asked.
ALTER TABLE pools ADD COLUMN maps_ssh INTEGER NOT NULL DEFAULT 0;
