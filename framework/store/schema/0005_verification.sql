-- What the other engines made of a run, in one line; empty while none was asked.

ALTER TABLE backtest_runs ADD COLUMN verification TEXT NOT NULL DEFAULT '';
