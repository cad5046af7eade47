-- Lines of the program's log that follow from the accounts' journals (tulya journal rebuild), as tulya logs shows them.

CREATE TABLE application_logs (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that the line is of
    time_ns INTEGER NOT NULL,                                   -- UTC; of a replay by its own clock
    level TEXT NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    kind TEXT NOT NULL CHECK (kind <> ''),                      -- of the entry: state, finding, sending, returned, denied, …
    run TEXT NOT NULL,
    session_name TEXT NOT NULL,                                 -- '' = of no strategy
    tag TEXT NOT NULL,                                          -- of the order; '' = of none
    symbol TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, seq)
) WITHOUT ROWID;

CREATE INDEX idx_application_logs_time_ns ON application_logs (time_ns);
CREATE INDEX idx_application_logs_tag ON application_logs (tag);

CREATE TRIGGER application_logs_updated_at AFTER UPDATE ON application_logs
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE application_logs SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND seq = NEW.seq;
END;

CREATE TABLE error_logs (                                     -- those of them that a person must see
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that the line is of
    time_ns INTEGER NOT NULL,                                   -- UTC; of a replay by its own clock
    level TEXT NOT NULL CHECK (level IN ('ERROR', 'CRITICAL')),
    kind TEXT NOT NULL CHECK (kind <> ''),                      -- of the entry: state, finding, sending, returned, denied, …
    run TEXT NOT NULL,
    session_name TEXT NOT NULL,                                 -- '' = of no strategy
    tag TEXT NOT NULL,                                          -- of the order; '' = of none
    symbol TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, seq)
) WITHOUT ROWID;

CREATE INDEX idx_error_logs_time_ns ON error_logs (time_ns);
CREATE INDEX idx_error_logs_tag ON error_logs (tag);

CREATE TRIGGER error_logs_updated_at AFTER UPDATE ON error_logs
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE error_logs SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND seq = NEW.seq;
END;
