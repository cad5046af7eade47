-- Projections of the accounts' journals (tulya journal rebuild): every row follows from a journal, is written anew from it, and
-- is the truth about nothing. Money in paise, times in UTC nanoseconds, days and months by the exchange's clock.

CREATE TABLE paper_orders (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    order_id INTEGER NOT NULL CHECK (order_id > 0),
    strategy TEXT NOT NULL,
    tag TEXT NOT NULL,                                          -- our name of it at the broker; '' = it was never handed over
    broker_id TEXT NOT NULL,                                    -- the broker's; '' = none
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    requested INTEGER NOT NULL CHECK (requested > 0),           -- units before the risk review
    quantity INTEGER NOT NULL CHECK (quantity >= 0),            -- units that it left
    order_type TEXT NOT NULL CHECK (order_type IN ('MARKET', 'LIMIT', 'STOP', 'STOP_LIMIT')),
    limit_price REAL CHECK (limit_price > 0),                   -- rupees; NULL where the type has none
    trigger_price REAL CHECK (trigger_price > 0),
    product TEXT NOT NULL,                                      -- CNC, MIS, …; '' = no product rules
    validity TEXT NOT NULL CHECK (validity IN ('DAY', 'GTC')),
    reason TEXT NOT NULL CHECK (reason <> ''),                  -- signal, stop_loss, square_off, …
    state TEXT NOT NULL CHECK (state IN ('parked', 'sent', 'unknown', 'working', 'filled', 'cancelled', 'expired', 'refused', 'absent')),
    filled INTEGER NOT NULL CHECK (filled >= 0),                -- units
    why TEXT NOT NULL,                                          -- reason code of a verdict or a refusal
    decided_ns INTEGER NOT NULL,
    sent_ns INTEGER,                                            -- NULL = it never left
    ended_ns INTEGER,                                           -- NULL while it is open
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, session_name, order_id)
) WITHOUT ROWID;

CREATE INDEX idx_paper_orders_symbol ON paper_orders (symbol);
CREATE INDEX idx_paper_orders_decided_ns ON paper_orders (decided_ns);

CREATE TRIGGER paper_orders_updated_at AFTER UPDATE ON paper_orders
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE paper_orders SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND session_name = NEW.session_name AND order_id = NEW.order_id;
END;

CREATE TABLE paper_executions (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it
    step INTEGER NOT NULL CHECK (step >= 0),                    -- its place among the facts of one entry
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    fill_id TEXT NOT NULL,                                      -- the exchange's; '' of a corporate action
    order_id INTEGER NOT NULL,                                  -- 0 = of no order of ours
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price REAL CHECK (price >= 0),                              -- rupees; NULL where nobody knows it
    value_paise INTEGER NOT NULL CHECK (value_paise >= 0),
    charges_paise INTEGER NOT NULL CHECK (charges_paise >= 0),
    gross_paise INTEGER NOT NULL,                               -- realised by it, before charges
    position INTEGER NOT NULL,                                  -- signed units after it
    reason TEXT NOT NULL CHECK (reason <> ''),
    time_ns INTEGER NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, seq, step)
) WITHOUT ROWID;

CREATE INDEX idx_paper_executions_symbol ON paper_executions (symbol);
CREATE INDEX idx_paper_executions_time_ns ON paper_executions (time_ns);

CREATE TRIGGER paper_executions_updated_at AFTER UPDATE ON paper_executions
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE paper_executions SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND seq = NEW.seq AND step = NEW.step;
END;

CREATE TABLE paper_positions (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    product TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity <> 0),            -- signed units
    average_price REAL CHECK (average_price > 0),               -- of the fills, rupees; NULL of a stranger's
    last_price REAL CHECK (last_price > 0),                     -- last close; NULL before one
    cost_paise INTEGER NOT NULL,
    value_paise INTEGER NOT NULL,                               -- signed, at the last close
    unrealised_paise INTEGER NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, session_name, symbol, product)
) WITHOUT ROWID;

CREATE TRIGGER paper_positions_updated_at AFTER UPDATE ON paper_positions
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE paper_positions SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND session_name = NEW.session_name AND symbol = NEW.symbol AND product = NEW.product;
END;

CREATE TABLE trading_signals (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it
    step INTEGER NOT NULL CHECK (step >= 0),
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    strategy TEXT NOT NULL,
    bar_ns INTEGER NOT NULL,                                    -- open of the bar at whose close it was given
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('target', 'order', 'cancel')),
    target REAL,                                                -- -1 … +1 of the allotment, or a weight
    quantity INTEGER,                                           -- signed units of an order of on_bar
    stop_price REAL,
    take_profit REAL,
    trail REAL,
    limit_price REAL,
    trigger_price REAL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, seq, step),
    CHECK ((kind = 'target') = (target IS NOT NULL)),
    CHECK ((kind = 'order') = (quantity IS NOT NULL))
) WITHOUT ROWID;

CREATE INDEX idx_trading_signals_symbol ON trading_signals (symbol);
CREATE INDEX idx_trading_signals_bar_ns ON trading_signals (bar_ns);

CREATE TRIGGER trading_signals_updated_at AFTER UPDATE ON trading_signals
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE trading_signals SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND seq = NEW.seq AND step = NEW.step;
END;

CREATE TABLE stop_loss_orders (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    order_id INTEGER NOT NULL CHECK (order_id > 0),
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    trigger_price REAL NOT NULL CHECK (trigger_price > 0),      -- as it stood last
    limit_price REAL CHECK (limit_price > 0),
    reason TEXT NOT NULL CHECK (reason <> ''),
    state TEXT NOT NULL CHECK (state <> ''),
    filled INTEGER NOT NULL CHECK (filled >= 0),
    changes INTEGER NOT NULL CHECK (changes >= 0),              -- asked for
    placed_ns INTEGER NOT NULL,
    ended_ns INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, session_name, order_id)
) WITHOUT ROWID;

CREATE INDEX idx_stop_loss_orders_symbol ON stop_loss_orders (symbol);

CREATE TRIGGER stop_loss_orders_updated_at AFTER UPDATE ON stop_loss_orders
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE stop_loss_orders SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND session_name = NEW.session_name AND order_id = NEW.order_id;
END;

CREATE TABLE trade_journal (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    trip INTEGER NOT NULL CHECK (trip >= 0),                    -- place among the session's, closed ones by their exits
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    side TEXT NOT NULL CHECK (side IN ('long', 'short')),
    quantity INTEGER NOT NULL CHECK (quantity > 0),             -- most units held at one time
    entry_ns INTEGER NOT NULL,
    exit_ns INTEGER,                                            -- NULL while it is held
    entry_price REAL NOT NULL CHECK (entry_price > 0),
    exit_price REAL CHECK (exit_price > 0),
    gross_paise INTEGER NOT NULL,                               -- realised
    charges_paise INTEGER NOT NULL CHECK (charges_paise >= 0),
    dividends_paise INTEGER NOT NULL,
    net_paise INTEGER NOT NULL,
    entry_reason TEXT NOT NULL,
    exit_reason TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, session_name, trip),
    CHECK ((exit_ns IS NULL) = (exit_price IS NULL))
) WITHOUT ROWID;

CREATE INDEX idx_trade_journal_symbol ON trade_journal (symbol);
CREATE INDEX idx_trade_journal_exit_ns ON trade_journal (exit_ns);

CREATE TRIGGER trade_journal_updated_at AFTER UPDATE ON trade_journal
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE trade_journal SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND session_name = NEW.session_name AND trip = NEW.trip;
END;

CREATE TABLE daily_performance (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    day TEXT NOT NULL CHECK (date(day) IS day),                 -- YYYY-MM-DD
    strategy TEXT NOT NULL,                                     -- '' = the whole account
    orders INTEGER NOT NULL CHECK (orders >= 0),                -- that left for the broker
    fills INTEGER NOT NULL CHECK (fills >= 0),
    refused INTEGER NOT NULL CHECK (refused >= 0),
    changes INTEGER NOT NULL CHECK (changes >= 0),              -- changes and cancels that left
    trips INTEGER NOT NULL CHECK (trips >= 0),                  -- round trips that ended
    wins INTEGER NOT NULL CHECK (wins >= 0),
    gross_paise INTEGER NOT NULL,                               -- open positions at the last close
    charges_paise INTEGER NOT NULL CHECK (charges_paise >= 0),
    net_paise INTEGER NOT NULL,
    begins_paise INTEGER NOT NULL,                              -- equity before, with what was paid in or taken out
    equity_paise INTEGER NOT NULL,                              -- at the last close
    fall_paise INTEGER NOT NULL CHECK (fall_paise >= 0),        -- greatest fall below the highest equity at a close
    order_to_trade REAL,                                        -- changes for each fill; NULL without a fill
    unprotected_s REAL NOT NULL CHECK (unprotected_s >= 0),     -- seconds of a position without its resting stop
    rows_decided INTEGER NOT NULL CHECK (rows_decided >= 0),    -- rows of bars
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, session_name, day),
    CHECK (wins <= trips),
    CHECK (net_paise = gross_paise - charges_paise),
    CHECK (equity_paise = begins_paise + net_paise)
) WITHOUT ROWID;

CREATE INDEX idx_daily_performance_day ON daily_performance (day);

CREATE TRIGGER daily_performance_updated_at AFTER UPDATE ON daily_performance
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE daily_performance SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND session_name = NEW.session_name AND day = NEW.day;
END;

CREATE TABLE monthly_performance (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    session_name TEXT NOT NULL,                                 -- begins the orders' tags; '' = of no strategy
    month TEXT NOT NULL CHECK (date(month || '-01') IS month || '-01'), -- YYYY-MM
    strategy TEXT NOT NULL,
    days INTEGER NOT NULL CHECK (days > 0),                     -- sessions with a closed bar
    orders INTEGER NOT NULL CHECK (orders >= 0),                -- that left for the broker
    fills INTEGER NOT NULL CHECK (fills >= 0),
    refused INTEGER NOT NULL CHECK (refused >= 0),
    changes INTEGER NOT NULL CHECK (changes >= 0),              -- changes and cancels that left
    trips INTEGER NOT NULL CHECK (trips >= 0),                  -- round trips that ended
    wins INTEGER NOT NULL CHECK (wins >= 0),
    gross_paise INTEGER NOT NULL,                               -- open positions at the last close
    charges_paise INTEGER NOT NULL CHECK (charges_paise >= 0),
    net_paise INTEGER NOT NULL,
    begins_paise INTEGER NOT NULL,                              -- equity before, with what was paid in or taken out
    equity_paise INTEGER NOT NULL,                              -- at the last close
    fall_paise INTEGER NOT NULL CHECK (fall_paise >= 0),        -- greatest fall below the highest equity at a close
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, session_name, month),
    CHECK (wins <= trips),
    CHECK (net_paise = gross_paise - charges_paise)
) WITHOUT ROWID;

CREATE INDEX idx_monthly_performance_month ON monthly_performance (month);

CREATE TRIGGER monthly_performance_updated_at AFTER UPDATE ON monthly_performance
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE monthly_performance SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND session_name = NEW.session_name AND month = NEW.month;
END;

CREATE TABLE market_quotes (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    symbol TEXT NOT NULL CHECK (symbol <> ''),
    timeframe TEXT NOT NULL CHECK (timeframe <> ''),            -- of the bar that it is from
    open REAL NOT NULL CHECK (open > 0),
    high REAL NOT NULL,
    low REAL NOT NULL CHECK (low > 0),
    close REAL NOT NULL CHECK (close > 0),
    volume REAL CHECK (volume >= 0),
    bar_ns INTEGER NOT NULL,                                    -- its open
    close_ns INTEGER NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, symbol, timeframe),
    CHECK (high >= low AND high >= open AND high >= close),
    CHECK (low <= open AND low <= close),
    CHECK (close_ns > bar_ns)
) WITHOUT ROWID;

CREATE INDEX idx_market_quotes_symbol ON market_quotes (symbol);

CREATE TRIGGER market_quotes_updated_at AFTER UPDATE ON market_quotes
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE market_quotes SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND symbol = NEW.symbol AND timeframe = NEW.timeframe;
END;

CREATE TABLE system_metrics (
    account TEXT NOT NULL CHECK (account <> ''),
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- entry of the journal that tells of it last
    day TEXT NOT NULL CHECK (date(day) IS day),
    metric TEXT NOT NULL CHECK (metric <> ''),                  -- inputs, requests, answer_ms_p99, strays, …
    value REAL NOT NULL,
    unit TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (account, day, metric)
) WITHOUT ROWID;

CREATE INDEX idx_system_metrics_metric ON system_metrics (metric);

CREATE TRIGGER system_metrics_updated_at AFTER UPDATE ON system_metrics
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE system_metrics SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE account = NEW.account AND day = NEW.day AND metric = NEW.metric;
END;

-- Risk and breaker events of an account that follow from its journal carry the entry; those that a person appended do not.

ALTER TABLE risk_metrics ADD COLUMN seq INTEGER CHECK (seq IS NULL OR seq >= 0);
ALTER TABLE circuit_breaker_events ADD COLUMN seq INTEGER CHECK (seq IS NULL OR seq >= 0);
ALTER TABLE circuit_breaker_events ADD COLUMN step INTEGER CHECK ((step IS NULL) = (seq IS NULL));
ALTER TABLE circuit_breaker_events ADD COLUMN session_name TEXT NOT NULL DEFAULT '';

DROP TRIGGER circuit_breaker_events_no_update;
DROP TRIGGER circuit_breaker_events_no_delete;

CREATE TRIGGER circuit_breaker_events_no_update BEFORE UPDATE ON circuit_breaker_events
FOR EACH ROW WHEN OLD.account <> '' AND OLD.seq IS NULL
BEGIN
    SELECT RAISE(ABORT, 'the events of an account are never changed; append one');
END;

CREATE TRIGGER circuit_breaker_events_no_delete BEFORE DELETE ON circuit_breaker_events
FOR EACH ROW WHEN OLD.account <> '' AND OLD.seq IS NULL
BEGIN
    SELECT RAISE(ABORT, 'the events of an account are never deleted; append one');
END;
