-- Rows that one issue stands for: of millions of bad ones the first are told one by one, the others together.
ALTER TABLE data_issues ADD COLUMN rows INTEGER NOT NULL DEFAULT 1 CHECK (rows >= 0);
