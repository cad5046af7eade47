-- What the account of a kept run, or a paper or live account, risked on each day, and everything that changed its trading state.
-- A row belongs to a run or to an account: the other of the two is empty.

CREATE TABLE risk_metrics (
    run_id TEXT NOT NULL DEFAULT '',
    account TEXT NOT NULL DEFAULT '',
    session TEXT NOT NULL CHECK (date(session) IS session),     -- YYYY-MM-DD; the figures are those of its last close
    equity_paise INTEGER NOT NULL,
    exposure_paise INTEGER NOT NULL CHECK (exposure_paise >= 0), -- gross: sum of |marked value| of all positions
    daily_pnl_paise INTEGER NOT NULL,                           -- since the session before; since the deposit on the first
    drawdown_paise INTEGER NOT NULL CHECK (drawdown_paise >= 0), -- below the highest equity at a close so far
    drawdown_percent REAL NOT NULL,                             -- of that highest equity
    buying_power_paise INTEGER NOT NULL,                        -- before what working orders keep back
    state TEXT NOT NULL CHECK (state IN ('active', 'reduce_only', 'halted')),
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (run_id, account, session),
    CHECK ((run_id = '') <> (account = ''))
) WITHOUT ROWID;

CREATE TRIGGER risk_metrics_updated_at AFTER UPDATE ON risk_metrics
FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE risk_metrics SET updated_at = CAST(strftime('%s', 'now') AS INTEGER)
    WHERE run_id = NEW.run_id AND account = NEW.account AND session = NEW.session;
END;

CREATE TABLE circuit_breaker_events (
    id INTEGER PRIMARY KEY,                                     -- their order
    run_id TEXT NOT NULL DEFAULT '',
    account TEXT NOT NULL DEFAULT '',
    time_ns INTEGER NOT NULL,                                   -- UTC nanoseconds: datetime(time_ns / 1000000000, 'unixepoch')
    state_before TEXT NOT NULL CHECK (state_before IN ('active', 'reduce_only', 'halted')),
    state_after TEXT NOT NULL CHECK (state_after IN ('active', 'reduce_only', 'halted')),
    cause TEXT NOT NULL CHECK (cause <> ''),                    -- daily_loss, drawdown, consecutive_losses, runaway, command, …
    value INTEGER NOT NULL,                                     -- what was reached: paise or a count
    bound INTEGER NOT NULL,                                     -- what it was measured against, in the same unit
    symbol TEXT NOT NULL DEFAULT '',                            -- of a runaway; empty = all
    who TEXT NOT NULL DEFAULT '',                               -- of a command
    why TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    CHECK ((run_id = '') <> (account = '')),
    CHECK (cause <> 'command' OR (who <> '' AND why <> ''))
);

CREATE INDEX idx_circuit_breaker_events_run_id ON circuit_breaker_events (run_id, account, id);

-- The state of an account is the fold of its events: what happened is never changed and never taken away.
CREATE TRIGGER circuit_breaker_events_no_update BEFORE UPDATE ON circuit_breaker_events
FOR EACH ROW WHEN OLD.account <> ''
BEGIN
    SELECT RAISE(ABORT, 'the events of an account are never changed; append one');
END;

CREATE TRIGGER circuit_breaker_events_no_delete BEFORE DELETE ON circuit_breaker_events
FOR EACH ROW WHEN OLD.account <> ''
BEGIN
    SELECT RAISE(ABORT, 'the events of an account are never deleted; append one');
END;
