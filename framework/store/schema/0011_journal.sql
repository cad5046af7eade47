-- Journals of paper and live accounts: every input of a session with the commands that followed, chained by hashes.
CREATE TABLE journal_entries (
    journal TEXT NOT NULL CHECK (journal <> ''),                -- whose it is: a deployment, an account
    seq INTEGER NOT NULL CHECK (seq >= 0),                      -- from 0, without a gap
    entry TEXT NOT NULL CHECK (json_extract(entry, '$.seq') = seq), -- canonical JSON, without its seal
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),           -- of the hash before it and the entry
    at_ns INTEGER GENERATED ALWAYS AS (json_extract(entry, '$.at')) VIRTUAL, -- UTC nanoseconds
    kind TEXT GENERATED ALWAYS AS (json_extract(entry, '$.kind')) VIRTUAL,
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    PRIMARY KEY (journal, seq)
);

-- The state of a session is the fold of its journal: what happened is never changed and never taken away.
CREATE TRIGGER journal_entries_no_update BEFORE UPDATE ON journal_entries
BEGIN
    SELECT RAISE(ABORT, 'the entries of a journal are never changed; append one');
END;

CREATE TRIGGER journal_entries_no_delete BEFORE DELETE ON journal_entries
BEGIN
    SELECT RAISE(ABORT, 'the entries of a journal are never deleted; append one');
END;

-- Two writers of one journal: the second one does not come between the entries of the first.
CREATE TRIGGER journal_entries_no_gap BEFORE INSERT ON journal_entries
WHEN NEW.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM journal_entries WHERE journal = NEW.journal)
BEGIN
    SELECT RAISE(ABORT, 'another writer has appended to this journal, or an entry is missing before this one');
END;
