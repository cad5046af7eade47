-- Cash dividends beside splits and bonuses: rupees for each share held before the ex-date.
ALTER TABLE corporate_actions ADD COLUMN dividend REAL NOT NULL DEFAULT 0 CHECK (dividend >= 0 AND dividend < 9e999);
