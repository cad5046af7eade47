-- What lists of instruments say, beside the few facts of `instruments` that bars need: every listed instrument, with prices
-- here or without, and what became different from one list to the next.

CREATE TABLE instrument_facts (
    key TEXT PRIMARY KEY CHECK (key <> ''),         -- the broker's key, or segment|symbol where a list has none
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    exchange TEXT NOT NULL DEFAULT '',
    segment TEXT NOT NULL DEFAULT '',               -- NSE_EQ, NSE_INDEX, NSE_FO, …
    broker_key TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT 'other',             -- share, fund, bond, index, future, option, other
    name TEXT,
    isin TEXT,
    series TEXT,                                    -- NSE's series, BSE's group
    tick REAL CHECK (tick IS NULL OR (tick > 0 AND tick < 9e999)),      -- rupees
    lot INTEGER CHECK (lot IS NULL OR lot >= 1),                        -- units
    freeze_quantity INTEGER CHECK (freeze_quantity IS NULL OR freeze_quantity >= 1), -- units
    expiry TEXT,                                    -- YYYY-MM-DD, in India
    strike REAL,                                    -- rupees
    option_type TEXT CHECK (option_type IS NULL OR option_type IN ('CE', 'PE')),
    underlying TEXT,
    underlying_kind TEXT,                           -- EQUITY, INDEX, COM, CUR, IRD
    equity_oriented INTEGER CHECK (equity_oriented IS NULL OR equity_oriented IN (0, 1)),
    closing_auction INTEGER CHECK (closing_auction IS NULL OR closing_auction IN (0, 1)),
    listed_on TEXT NOT NULL,                        -- YYYY-MM-DD of the newest list that has it
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
) WITHOUT ROWID;

CREATE INDEX idx_instrument_facts_symbol ON instrument_facts (symbol, exchange);
CREATE INDEX idx_instrument_facts_isin ON instrument_facts (isin);

-- One row per fact that became another one: it was `before` until the day ahead of `valid_from`, which is the date of the list.
CREATE TABLE instrument_changes (
    key TEXT NOT NULL REFERENCES instrument_facts (key),
    fact TEXT NOT NULL,                             -- a column of instrument_facts
    valid_from TEXT NOT NULL,                       -- YYYY-MM-DD
    before TEXT,
    after TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (key, fact, valid_from)
) WITHOUT ROWID;
