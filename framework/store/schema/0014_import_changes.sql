-- What each import changed, so that it can be taken back; deletions, renames, merges and what was taken back are imports too.

ALTER TABLE data_imports ADD COLUMN action TEXT NOT NULL DEFAULT 'import'
    CHECK (action IN ('import', 'undo', 'delete', 'rename', 'merge'));
ALTER TABLE data_imports ADD COLUMN note TEXT NOT NULL DEFAULT '';          -- a sentence; of other actions than imports
ALTER TABLE data_imports ADD COLUMN names TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(names)); -- rename: old and new symbol and exchange
ALTER TABLE data_imports ADD COLUMN undoes INTEGER REFERENCES data_imports (import_id);         -- what this one took back
ALTER TABLE data_imports ADD COLUMN undone_by INTEGER REFERENCES data_imports (import_id);
ALTER TABLE data_imports ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0 CHECK (recorded IN (0, 1)); -- 0: older than this table

CREATE TABLE import_changes (
    import_id INTEGER NOT NULL REFERENCES data_imports (import_id),
    symbol TEXT NOT NULL,                           -- as it was called then
    exchange TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    first_timestamp INTEGER NOT NULL,               -- of the bars that came, changed or went; UTC seconds
    last_timestamp INTEGER NOT NULL,
    brought INTEGER NOT NULL CHECK (brought >= 0),  -- bars that were not there before
    changed INTEGER NOT NULL CHECK (changed >= 0),  -- bars that had other values before, or went
    times BLOB NOT NULL,                            -- of those brought: steps between them, int64, zlib
    before BLOB NOT NULL,                           -- those changed, as they were: six columns, zlib
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (symbol, exchange, timeframe, import_id)
) WITHOUT ROWID;

CREATE INDEX idx_import_changes_import_id ON import_changes (import_id);

-- Rows of other tables that an import changed, as JSON.
CREATE TABLE import_facts (
    import_id INTEGER NOT NULL REFERENCES data_imports (import_id),
    place TEXT NOT NULL CHECK (place IN ('instruments', 'corporate_actions', 'trading_sessions')),
    key TEXT NOT NULL CHECK (json_valid(key)),
    before TEXT CHECK (before IS NULL OR json_valid(before)),   -- NULL: there was no such row
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (place, key, import_id)
) WITHOUT ROWID;

CREATE INDEX idx_import_facts_import_id ON import_facts (import_id);
