-- Every video a batch was ever asked for. One row of `jobs` a video, one of `attempts` each time it was begun.
CREATE TABLE commands (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,         -- machine, boot and process namespace: where `pid` means something
    pid INTEGER NOT NULL,
    started REAL NOT NULL,      -- of the process, Unix seconds
    heartbeat REAL NOT NULL     -- Unix seconds; its jobs are its own until some time after
);
CREATE TABLE settings (
    key TEXT PRIMARY KEY,       -- SHA-256 of `content`
    content TEXT NOT NULL       -- JSON
);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,    -- absolute path, or URL
    label TEXT NOT NULL,            -- place below its folder
    name TEXT NOT NULL,             -- of its results below the output folder, without suffix
    name_key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    failures INTEGER NOT NULL DEFAULT 0,    -- attempts that failed with this input and these settings
    error TEXT,
    settings TEXT REFERENCES settings (key),    -- of the latest attempt, as the input's are
    input_bytes INTEGER,
    input_mtime_ns INTEGER,
    input_sha256 TEXT,
    command INTEGER REFERENCES commands (id),   -- that runs it
    token TEXT,                     -- of the latest attempt: whoever does not hold it has lost the job
    facts TEXT,                     -- JSON: what came out, timings, versions
    files TEXT NOT NULL DEFAULT '{}',   -- JSON: results that lie under their final names, with their bytes
    thumbnail BLOB                  -- JPEG
);
CREATE TABLE attempts (
    token TEXT PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs (id),
    command INTEGER NOT NULL REFERENCES commands (id),
    began REAL NOT NULL,            -- Unix seconds
    ended REAL,
    outcome TEXT CHECK (outcome IN ('done', 'failed', 'released', 'lost')),
    error TEXT
);
CREATE INDEX attempts_of_job ON attempts (job);
