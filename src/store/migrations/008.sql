-- More than one daemon on one store: who lives, who plans, and in whose hands a letter is.

CREATE TABLE daemon (
    name        TEXT PRIMARY KEY,
    run         INTEGER NOT NULL UNIQUE,    -- the number of its present run
    address     TEXT NOT NULL,              -- where it listens
    steady      INTEGER NOT NULL,           -- since when it was seen without a gap; like the next by the database's clock
    seen        INTEGER NOT NULL
) STRICT;

-- A row is held while a letter for this recipient is claimed.
CREATE TABLE queue (
    name        TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT INTO queue (name) SELECT DISTINCT queue FROM letter;

ALTER TABLE house ADD COLUMN runs INTEGER NOT NULL DEFAULT 0;    -- counts the runs of daemons
ALTER TABLE house ADD COLUMN lease INTEGER;                      -- the run that plans and publishes
ALTER TABLE house ADD COLUMN rounds INTEGER NOT NULL DEFAULT 0;  -- counts the recorded rounds
ALTER TABLE letter ADD COLUMN hand INTEGER;                      -- the run that has it in hand, or had it last
ALTER TABLE document ADD COLUMN round INTEGER NOT NULL DEFAULT 0; -- the round that changed it last
