-- Third version: groups that give way to the person at the computer, and submissions that may be sent twice.

ALTER TABLE machine_groups ADD COLUMN spot INTEGER NOT NULL DEFAULT 0;  -- 1: works only while the computer is idle

-- Which task came of a submission, by the key that its client gave it: the same submission sent again finds it here.
CREATE TABLE submissions (
    key        TEXT PRIMARY KEY,
    task_id    TEXT NOT NULL REFERENCES tasks (task_id),
    created_at TEXT NOT NULL
) WITHOUT ROWID;

-- What a machine's poll asks for must not cost more with every task that ever was.
CREATE INDEX living_tasks_of_machine ON tasks (machine_uuid) WHERE is_terminated = 0;
CREATE INDEX living_tasks_of_group ON tasks (group_id, number) WHERE is_terminated = 0;
