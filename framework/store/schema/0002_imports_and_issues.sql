-- What was imported, what was refused, and what looks wrong in what was kept.

CREATE TABLE data_imports (
    import_id INTEGER PRIMARY KEY,
    file TEXT NOT NULL,                             -- name only; '' for bars saved from Python
    sha256 TEXT NOT NULL DEFAULT '',
    exchange TEXT NOT NULL DEFAULT '',              -- as said with --exchange; '' where nothing was
    format TEXT NOT NULL DEFAULT '',
    timezone TEXT NOT NULL DEFAULT '',
    timezone_reason TEXT NOT NULL DEFAULT '',
    rows_read INTEGER NOT NULL DEFAULT 0 CHECK (rows_read >= 0),
    rows_kept INTEGER NOT NULL DEFAULT 0 CHECK (rows_kept >= 0),        -- new or replaced
    rows_unchanged INTEGER NOT NULL DEFAULT 0 CHECK (rows_unchanged >= 0),
    rows_conflicting INTEGER NOT NULL DEFAULT 0 CHECK (rows_conflicting >= 0),
    rows_refused INTEGER NOT NULL DEFAULT 0 CHECK (rows_refused >= 0),
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    CHECK (rows_read = rows_kept + rows_unchanged + rows_conflicting + rows_refused)
);

CREATE INDEX idx_data_imports_sha256 ON data_imports (sha256);

CREATE TABLE data_issues (
    issue_id INTEGER PRIMARY KEY,
    import_id INTEGER NOT NULL REFERENCES data_imports (import_id),
    file TEXT NOT NULL DEFAULT '',
    line INTEGER CHECK (line >= 1),                 -- line of the CSV (the heading is 1), row of other files; NULL: a whole series
    symbol TEXT NOT NULL DEFAULT '',
    exchange TEXT NOT NULL DEFAULT '',
    timeframe TEXT NOT NULL DEFAULT '',
    first_timestamp INTEGER,                        -- UTC seconds, as in ohlc_data
    last_timestamp INTEGER,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    finding INTEGER NOT NULL DEFAULT 0 CHECK (finding IN (0, 1)), -- 1: about stored bars, renewed whenever they change
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
);

CREATE INDEX idx_data_issues_symbol ON data_issues (symbol, exchange, timeframe);
CREATE INDEX idx_data_issues_import_id ON data_issues (import_id);

-- Which series were examined in their present state; a series without a row here is examined by the next import.
CREATE TABLE quality_checks (
    symbol TEXT NOT NULL,
    exchange TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    import_id INTEGER NOT NULL REFERENCES data_imports (import_id),     -- the last one that touched the series
    checked INTEGER NOT NULL DEFAULT 0 CHECK (checked IN (0, 1)),
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (symbol, exchange, timeframe)
) WITHOUT ROWID;

CREATE TRIGGER data_imports_updated_at AFTER UPDATE ON data_imports
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE data_imports SET updated_at = CAST(strftime('%s', 'now') AS INTEGER) WHERE import_id = NEW.import_id;
END;

CREATE TRIGGER data_issues_updated_at AFTER UPDATE ON data_issues
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE data_issues SET updated_at = CAST(strftime('%s', 'now') AS INTEGER) WHERE issue_id = NEW.issue_id;
END;

CREATE TRIGGER quality_checks_updated_at AFTER UPDATE ON quality_checks
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE quality_checks SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE symbol = NEW.symbol AND exchange = NEW.exchange AND timeframe = NEW.timeframe;
END;
