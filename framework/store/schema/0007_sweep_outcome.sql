-- How many sets a sweep set out to try, and what was known when it was finished, so that it can be shown again.

ALTER TABLE sweeps ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;                                 -- 0 = not known
ALTER TABLE sweeps ADD COLUMN outcome TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(outcome));    -- {} = not finished
