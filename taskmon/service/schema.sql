-- The tables of the embedded service. Times are ISO 8601 texts in UTC with six fractional digits, so that text order is
-- time order; columns named *_json hold JSON texts. A later version migrates by steps, see database.py.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- One row: the number of the last change to any task.
CREATE TABLE change_counter (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last     INTEGER NOT NULL
);
INSERT INTO change_counter VALUES (1, 0);

CREATE TABLE projects (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    project_type  TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    metadata_json TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE machine_groups (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    machine_type     TEXT NOT NULL,
    status           TEXT NOT NULL,
    managed          INTEGER NOT NULL,   -- 1: the service itself starts and watches the runners
    machine_count    INTEGER NOT NULL,
    threads_per_core INTEGER,
    disk_size_gb     INTEGER,
    cores_logical    INTEGER NOT NULL,
    cores_physical   INTEGER NOT NULL,
    memory_bytes     INTEGER NOT NULL,
    gpu_count        INTEGER,
    gpu_name         TEXT,
    max_idle_time    REAL,
    auto_terminate   TEXT,
    created_at       TEXT NOT NULL,
    deleted_at       TEXT,
    busy_at          TEXT NOT NULL       -- when it last had work; idle time counts from here
);
CREATE UNIQUE INDEX living_group_name ON machine_groups (name) WHERE deleted_at IS NULL;

CREATE TABLE machines (
    uuid            TEXT PRIMARY KEY,
    group_id        TEXT NOT NULL REFERENCES machine_groups (id),
    host_name       TEXT NOT NULL,
    cores_logical   INTEGER NOT NULL,
    cores_physical  INTEGER NOT NULL,
    memory_bytes    INTEGER NOT NULL,
    mpi_hosts       INTEGER NOT NULL,
    started_at      TEXT NOT NULL,
    last_seen_at    TEXT NOT NULL,
    terminated_at   TEXT,
    current_task_id TEXT
);
CREATE INDEX machines_of_group ON machines (group_id, terminated_at);

-- Runner processes that this service started. machine_uuid is known once the runner has registered.
CREATE TABLE runners (
    name         TEXT PRIMARY KEY,
    group_id     TEXT NOT NULL REFERENCES machine_groups (id),
    pid          INTEGER NOT NULL,
    pid_created  REAL NOT NULL,
    machine_uuid TEXT
);

CREATE TABLE tasks (
    number                 INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of submission
    task_id                TEXT NOT NULL UNIQUE,
    change                 INTEGER NOT NULL,
    status                 TEXT NOT NULL,
    is_terminated          INTEGER NOT NULL,
    simulator              TEXT NOT NULL,
    project_id             TEXT NOT NULL REFERENCES projects (id),
    group_id               TEXT NOT NULL REFERENCES machine_groups (id),
    machine_uuid           TEXT,            -- the machine whose reports count; NULL while no machine has the task
    container_image        TEXT NOT NULL,
    storage_path           TEXT NOT NULL,
    time_to_live_seconds   REAL,
    resubmit_on_preemption INTEGER NOT NULL,
    num_retries            INTEGER NOT NULL DEFAULT 0,
    stream_zip             INTEGER NOT NULL,
    compress_with          TEXT NOT NULL,
    input_resources_json   TEXT NOT NULL,
    extra_params_json      TEXT NOT NULL,
    metadata_json          TEXT NOT NULL DEFAULT '{}',
    metrics_json           TEXT NOT NULL DEFAULT '{}',
    executer_json          TEXT,
    error_detail           TEXT,
    create_time            TEXT NOT NULL,
    input_submit_time      TEXT,
    start_time             TEXT,
    computation_start_time TEXT,
    computation_end_time   TEXT,
    end_time               TEXT
);
CREATE INDEX tasks_by_change ON tasks (change);
CREATE INDEX tasks_by_status ON tasks (status, group_id, number);
CREATE INDEX tasks_by_project ON tasks (project_id, number);

CREATE TABLE task_events (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id      TEXT NOT NULL REFERENCES tasks (task_id),
    cause        TEXT NOT NULL,
    status       TEXT NOT NULL,
    timestamp    TEXT NOT NULL,
    machine_uuid TEXT,
    detail       TEXT
);
CREATE INDEX events_of_task ON task_events (task_id, id);

CREATE TABLE operations (
    id              TEXT PRIMARY KEY,
    number          INTEGER NOT NULL,
    task_id         TEXT NOT NULL REFERENCES tasks (task_id),
    machine_uuid    TEXT NOT NULL,
    event_id        INTEGER NOT NULL REFERENCES task_events (id),  -- the state in which the step began
    name            TEXT NOT NULL,
    start_time      TEXT NOT NULL,
    end_time        TEXT,
    status          TEXT NOT NULL,
    attributes_json TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX operations_of_task ON operations (task_id, number);
