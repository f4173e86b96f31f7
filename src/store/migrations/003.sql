-- What is expected of a letter after its handover, what was seen of it, and what is remembered of each list.

ALTER TABLE letter ADD COLUMN list TEXT;         -- the list that should get it, in lower case; null for organisers and rehearsals
ALTER TABLE letter ADD COLUMN archive TEXT;      -- where it will stand
ALTER TABLE letter ADD COLUMN mailbox INTEGER NOT NULL DEFAULT 0; -- 1: a mailbox waits for it
ALTER TABLE letter ADD COLUMN in_doubt TEXT;     -- again, ask, wait; null: as its kind does
ALTER TABLE letter ADD COLUMN arrived INTEGER;
ALTER TABLE letter ADD COLUMN arrived_by TEXT;   -- archive, mailbox, person
ALTER TABLE letter ADD COLUMN looks INTEGER NOT NULL DEFAULT 0;  -- how often it was looked for since it came to its fate
ALTER TABLE letter ADD COLUMN missing INTEGER NOT NULL DEFAULT 0; -- how often of these it was not there
ALTER TABLE letter ADD COLUMN absent INTEGER NOT NULL DEFAULT 0;  -- how often of these that was clear
ALTER TABLE letter ADD COLUMN looked INTEGER;
ALTER TABLE letter ADD COLUMN look_said TEXT;

CREATE INDEX letter_expected ON letter (since) WHERE arrived IS NULL AND list IS NOT NULL AND fate IN ('sent', 'doubt', 'handing-over', 'deferred');
CREATE INDEX letter_trouble ON letter (since) WHERE fate IN ('doubt', 'refused');

CREATE TABLE list (
    community   TEXT NOT NULL,
    email       TEXT NOT NULL,              -- in lower case
    first       INTEGER NOT NULL,           -- when the first letter to it was accepted
    last        INTEGER NOT NULL,
    last_key    TEXT NOT NULL,
    arrived     INTEGER,                    -- when one was last seen to arrive
    arrived_by  TEXT,
    mailbox     INTEGER,                    -- when the mailbox last showed one
    PRIMARY KEY (community, email)
) STRICT, WITHOUT ROWID;

CREATE TABLE hello (
    community   TEXT NOT NULL,
    list        TEXT NOT NULL,              -- in lower case
    mark        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    by_name     TEXT NOT NULL,
    PRIMARY KEY (community, list, mark)
) STRICT, WITHOUT ROWID;
