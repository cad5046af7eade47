-- One row per backtest; the full bundle (fills, equity, report) lies in the folder bundle_path.

CREATE TABLE backtest_runs (
    run_id TEXT PRIMARY KEY CHECK (run_id <> ''),
    strategy TEXT NOT NULL,
    parameters TEXT NOT NULL CHECK (json_valid(parameters)),
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    symbols TEXT NOT NULL CHECK (json_valid(symbols)),      -- JSON array
    timeframe TEXT NOT NULL,
    first_timestamp INTEGER NOT NULL,                       -- UTC seconds of the first and the last bar
    last_timestamp INTEGER NOT NULL,
    engine TEXT NOT NULL,
    capital_paise INTEGER NOT NULL,
    final_equity_paise INTEGER NOT NULL,
    round_trips_closed INTEGER NOT NULL CHECK (round_trips_closed >= 0),
    round_trips_open INTEGER NOT NULL CHECK (round_trips_open >= 0),
    causality TEXT NOT NULL,
    stats TEXT NOT NULL CHECK (json_valid(stats)),
    provenance TEXT NOT NULL CHECK (json_valid(provenance)),
    bundle_path TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
);

CREATE INDEX idx_backtest_runs_created_at ON backtest_runs (created_at);

CREATE TRIGGER backtest_runs_updated_at AFTER UPDATE ON backtest_runs
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE backtest_runs SET updated_at = CAST(strftime('%s', 'now') AS INTEGER) WHERE run_id = NEW.run_id;
END;
