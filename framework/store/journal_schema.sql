-- Journal of an account: a file of its own, which only apsw opens (user_version 1).
CREATE TABLE header (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    account TEXT NOT NULL CHECK (account <> ''),
    mode TEXT NOT NULL CHECK (mode <> ''),                 -- paper or live; a runner of the other one is refused
    syncs INTEGER NOT NULL DEFAULT 0,                      -- commits for no other end than to sync those before
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
) STRICT;

-- Processes that wrote here. The latest one is the current run: an older one that wakes up cannot write any more.
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE CHECK (run_id <> ''),
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
) STRICT;

CREATE TABLE entries (
    seq INTEGER PRIMARY KEY CHECK (seq >= 0),              -- from 0, without a gap
    entry TEXT NOT NULL,                                   -- canonical JSON, without its seal
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),      -- of the hash before it and the entry
    tag TEXT,                                              -- of a request that is about to leave
    run INTEGER NOT NULL                                   -- of the process that wrote it
) STRICT;

CREATE UNIQUE INDEX entries_tag ON entries (tag) WHERE tag IS NOT NULL;

-- State is the fold of the entries: what happened is never changed and never taken away.
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the entries of a journal are never changed; append one');
END;

CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the entries of a journal are never deleted; append one');
END;

CREATE TRIGGER entries_no_gap BEFORE INSERT ON entries
WHEN NEW.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM entries)
BEGIN
    SELECT RAISE(ABORT, 'an entry is missing before this one, or it stands in the journal already');
END;

CREATE TRIGGER runs_no_update BEFORE UPDATE ON runs
BEGIN
    SELECT RAISE(ABORT, 'a run that began is never changed');
END;

CREATE TRIGGER runs_no_delete BEFORE DELETE ON runs
BEGIN
    SELECT RAISE(ABORT, 'a run that began is never deleted');
END;
