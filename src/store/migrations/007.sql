-- The texts of pads after their meetings: kept until they stand in the community's archive, and every version that was put there without a
-- person's review, which keeps the trust of its pad.

CREATE TABLE archived (
    place       TEXT NOT NULL,
    date        TEXT NOT NULL,
    community   TEXT NOT NULL,
    series      TEXT NOT NULL,
    repository  TEXT NOT NULL,
    branch      TEXT NOT NULL,
    file        TEXT NOT NULL,
    review      INTEGER NOT NULL,
    message     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    bytes       BLOB NOT NULL,              -- empty once it is there
    kept        INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('kept', 'there', 'left')),
    failures    INTEGER NOT NULL DEFAULT 0,
    next        INTEGER NOT NULL,
    said        TEXT,
    PRIMARY KEY (place, date)
) STRICT;

CREATE TABLE archived_version (
    repository  TEXT NOT NULL,
    branch      TEXT NOT NULL,
    digest      TEXT NOT NULL,
    review      INTEGER NOT NULL,
    PRIMARY KEY (repository, branch, digest)
) STRICT, WITHOUT ROWID;
