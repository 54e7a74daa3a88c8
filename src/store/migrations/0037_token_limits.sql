-- What a token lets do at most: a role, and a part of the installation.
ALTER TABLE tokens ADD COLUMN limit_role TEXT;
ALTER TABLE tokens ADD COLUMN limit_scope TEXT;
