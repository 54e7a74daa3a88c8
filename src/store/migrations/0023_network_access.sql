-- From where an account's data plane is reached, as the wire shape; an empty object lets everybody in.
ALTER TABLE accounts ADD COLUMN network_profile TEXT NOT NULL DEFAULT '{}';
