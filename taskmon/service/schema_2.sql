-- Second version: groups that are elastic or one MPI cluster, and what users asked to be told about.

ALTER TABLE machine_groups ADD COLUMN kind TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE machine_groups ADD COLUMN least_machines INTEGER;   -- elastic: machine_count moves between these two
ALTER TABLE machine_groups ADD COLUMN most_machines INTEGER;    -- elastic, and the number of hosts of a cluster

CREATE TABLE notices (
    id           TEXT PRIMARY KEY,
    number       INTEGER NOT NULL,
    task_id      TEXT NOT NULL REFERENCES tasks (task_id),
    trigger_kind TEXT NOT NULL,
    file_path    TEXT,
    regex        TEXT,
    action_json  TEXT NOT NULL,
    fired_at     TEXT
);
CREATE INDEX notices_of_task ON notices (task_id, fired_at);
