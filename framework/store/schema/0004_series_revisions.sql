-- A revision is the random name of one state of a series' bars, given when a snapshot of it is made. Whoever changes a bar,
-- with whatever program, takes the name away in the same transaction; a state is never given a name that another one had.

CREATE TABLE series_revisions (
    symbol TEXT NOT NULL,
    exchange TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    revision BLOB NOT NULL CHECK (length(revision) = 16),
    schema INTEGER NOT NULL,                        -- PRAGMA schema_version: another one, and the triggers may have been away
    epoch INTEGER NOT NULL,                         -- PRAGMA user_version: another one, and the file was rebuilt from a dump
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (symbol, exchange, timeframe)
) WITHOUT ROWID;

CREATE TRIGGER series_revisions_insert AFTER INSERT ON ohlc_data
FOR EACH ROW
BEGIN
    DELETE FROM series_revisions
    WHERE symbol = NEW.symbol AND exchange = NEW.exchange AND timeframe = NEW.timeframe;
END;

CREATE TRIGGER series_revisions_update AFTER UPDATE ON ohlc_data
FOR EACH ROW
BEGIN
    DELETE FROM series_revisions
    WHERE symbol = OLD.symbol AND exchange = OLD.exchange AND timeframe = OLD.timeframe;
    DELETE FROM series_revisions
    WHERE symbol = NEW.symbol AND exchange = NEW.exchange AND timeframe = NEW.timeframe;
END;

CREATE TRIGGER series_revisions_delete AFTER DELETE ON ohlc_data
FOR EACH ROW
BEGIN
    DELETE FROM series_revisions
    WHERE symbol = OLD.symbol AND exchange = OLD.exchange AND timeframe = OLD.timeframe;
END;
