CREATE TABLE progress (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    indexed INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0);

CREATE TABLE sources (
    number INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    session TEXT,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    chain BLOB NOT NULL,
    sha256 TEXT,
    ended INTEGER NOT NULL,
    gaps INTEGER NOT NULL,
    judged INTEGER NOT NULL,
    last_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE entries (
    source INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (source, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    started INTEGER,
    ended INTEGER,
    body TEXT NOT NULL,
    links TEXT NOT NULL,
    parent TEXT,
    missing TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_end ON sessions (ended, id);

CREATE TABLE session_sources (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    source INTEGER NOT NULL,
    PRIMARY KEY (session, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_sources_by_source ON session_sources (source);

-- Attributions and findings come from the log, sessions are made of it: either may come first.
CREATE TABLE attributions (
    session TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    version INTEGER NOT NULL,
    deployment TEXT,
    findings TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX attributions_by_deployment ON attributions (deployment);

CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    session TEXT NOT NULL,
    behaviour TEXT NOT NULL,
    severity INTEGER NOT NULL,
    score REAL NOT NULL,
    at INTEGER,
    stands INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX findings_by_session ON findings (session);
CREATE INDEX findings_by_sequence ON findings (sequence);

CREATE TABLE gaps (
    sequence INTEGER PRIMARY KEY,
    source INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX gaps_by_source ON gaps (source);

CREATE TABLE register (
    sequence INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX texts_by_session ON texts (session);

CREATE VIRTUAL TABLE words USING fts5 (
    text, content = 'texts', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2"
);
-- A deleted word is taken out of the tables at once, not when they are merged some day.
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER texts_in AFTER INSERT ON texts BEGIN
    INSERT INTO words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER texts_out AFTER DELETE ON texts BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
END;
