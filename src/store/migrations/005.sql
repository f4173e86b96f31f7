-- Places beyond this machine that are fetched: when each last answered well, and what is wrong since when.

CREATE TABLE source (
    name        TEXT PRIMARY KEY,
    brought     INTEGER,
    failing     INTEGER,
    failures    INTEGER NOT NULL DEFAULT 0,
    code        TEXT,
    said        TEXT
) STRICT, WITHOUT ROWID;
