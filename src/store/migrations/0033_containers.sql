-- What is known of the container of a task's last run.
ALTER TABLE tasks ADD COLUMN container TEXT;
