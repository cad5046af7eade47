-- Every parameter set that was ever tried: what the best of them is worth depends on how many there were.

CREATE TABLE sweeps (
    sweep_id TEXT PRIMARY KEY CHECK (sweep_id <> ''),
    strategy TEXT NOT NULL,
    grid TEXT NOT NULL CHECK (json_valid(grid)),
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    symbols TEXT NOT NULL CHECK (json_valid(symbols)),      -- JSON array
    timeframe TEXT NOT NULL,
    first_timestamp INTEGER NOT NULL,                       -- UTC seconds of the first and the last bar
    last_timestamp INTEGER NOT NULL,
    objective TEXT NOT NULL,
    fingerprint TEXT NOT NULL,                              -- of source, prices and settings: a resumed sweep has the same
    provenance TEXT NOT NULL CHECK (json_valid(provenance)),
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
);

CREATE INDEX idx_sweeps_created_at ON sweeps (created_at);

CREATE TRIGGER sweeps_updated_at AFTER UPDATE ON sweeps
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE sweeps SET updated_at = CAST(strftime('%s', 'now') AS INTEGER) WHERE sweep_id = NEW.sweep_id;
END;

CREATE TABLE sweep_results (
    sweep_id TEXT NOT NULL REFERENCES sweeps (sweep_id) ON DELETE CASCADE,
    parameters TEXT NOT NULL CHECK (json_valid(parameters)),
    stats TEXT NOT NULL CHECK (json_valid(stats)),
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (sweep_id, parameters)
) WITHOUT ROWID;
