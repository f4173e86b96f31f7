-- Instants are whole microseconds since 1970 in UTC. Wall times and dates are text as people write them.

CREATE TABLE house (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    link_key    BLOB NOT NULL,              -- signs the links of decisions; 32 bytes of the operating system
    born        INTEGER,                    -- the first round
    last_round  INTEGER,
    decided     INTEGER NOT NULL DEFAULT 0, -- counts what people decided
    planned     INTEGER NOT NULL DEFAULT 0  -- the count that the last recorded round had seen
) STRICT;

CREATE TABLE decision (
    id          TEXT PRIMARY KEY,
    series      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    by_whom     TEXT NOT NULL CHECK (by_whom IN ('command', 'organiser', 'policy', 'schedule')),
    by_name     TEXT,                       -- user, address, or file
    by_line     INTEGER,
    reason      TEXT,
    tell        TEXT NOT NULL CHECK (tell IN ('list', 'silently')),
    proposal    TEXT,
    amended     INTEGER
) STRICT;

CREATE TABLE verdict (
    decision    TEXT NOT NULL REFERENCES decision (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    wall        TEXT NOT NULL,
    what        TEXT NOT NULL CHECK (what IN ('cancel', 'move', 'extra', 'restore')),
    moved_to    TEXT,
    seconds     INTEGER,                    -- length of an extra meeting
    PRIMARY KEY (decision, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE proposal (
    id          TEXT PRIMARY KEY,
    series      TEXT NOT NULL,
    what        TEXT NOT NULL CHECK (what IN ('cancel', 'move', 'extra', 'cadence', 'end')),
    walls       TEXT NOT NULL,              -- separated by spaces; for a move from and to
    quote       TEXT NOT NULL,
    file        TEXT NOT NULL,
    line        INTEGER NOT NULL,
    url         TEXT,
    note_date   TEXT,
    reason      TEXT,
    announcer   TEXT,
    certain     INTEGER NOT NULL,
    trusted     INTEGER NOT NULL,
    round       INTEGER NOT NULL,
    state       TEXT NOT NULL,
    opened      INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    decided_by  TEXT
) STRICT;

CREATE TABLE letter (
    number      INTEGER PRIMARY KEY,        -- the order in which letters were written
    key         TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    community   TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    sender      TEXT NOT NULL,
    recipients  TEXT NOT NULL,              -- one a line
    queue       TEXT NOT NULL,              -- the recipients in lower case: one letter at a time
    subject     TEXT NOT NULL,
    series      TEXT,
    about       TEXT,
    why         TEXT NOT NULL,
    written     INTEGER NOT NULL,
    not_before  INTEGER NOT NULL,
    useful_until INTEGER NOT NULL,
    fate        TEXT NOT NULL,
    since       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    doubts      INTEGER NOT NULL DEFAULT 0, -- how often nobody knew whether the server took it
    dot         INTEGER NOT NULL DEFAULT 0, -- 1 from just before the last dot of the attempt in hand
    deferred_until INTEGER,
    said        TEXT,                       -- the server's last words, or our sentence about them
    bytes       BLOB NOT NULL
) STRICT;

CREATE INDEX letter_pending ON letter (queue, number) WHERE fate IN ('waiting', 'handing-over', 'deferred', 'held');
CREATE INDEX letter_in_hand ON letter (queue) WHERE fate = 'handing-over';
CREATE INDEX letter_end ON letter (useful_until) WHERE fate IN ('waiting', 'handing-over', 'deferred', 'held');
CREATE INDEX letter_written ON letter (written);
CREATE INDEX letter_useful ON letter (useful_until);

CREATE TABLE letter_meeting (
    letter      INTEGER NOT NULL REFERENCES letter (number) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    meeting     TEXT NOT NULL,
    start       INTEGER NOT NULL,           -- as it was told
    PRIMARY KEY (letter, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE letter_covers (
    letter      INTEGER NOT NULL REFERENCES letter (number) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    key         TEXT NOT NULL,
    PRIMARY KEY (letter, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE revision (
    name        TEXT PRIMARY KEY,
    sequence    INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    fingerprint TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rule (
    series      TEXT NOT NULL,
    position    INTEGER NOT NULL,
    uid         TEXT NOT NULL,
    anchor      TEXT NOT NULL,
    from_date   TEXT NOT NULL,
    until_date  TEXT,
    rrule       TEXT NOT NULL,
    time        TEXT NOT NULL,
    zone        TEXT NOT NULL,
    seconds     INTEGER NOT NULL,
    PRIMARY KEY (series, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
    id          TEXT PRIMARY KEY,
    first_seen  INTEGER NOT NULL,
    told        TEXT NOT NULL,              -- what its list was last told of it: a JSON object of words
    pending     TEXT,                       -- the same, seen and not told yet
    since       INTEGER                     -- when that was first seen
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    id          TEXT PRIMARY KEY,
    verdict     TEXT NOT NULL CHECK (verdict IN ('done', 'dropped', 'released')),
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE told_remark (
    community   TEXT NOT NULL,
    hash        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (community, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE text (
    room        TEXT NOT NULL CHECK (room IN ('config', 'notes')),
    path        TEXT NOT NULL,
    settled     INTEGER NOT NULL,
    digest      TEXT NOT NULL,
    first_seen  INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    PRIMARY KEY (room, path, settled)
) STRICT;

CREATE TABLE document (
    path        TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    etag        TEXT NOT NULL,
    modified    INTEGER NOT NULL,
    bytes       BLOB NOT NULL
) STRICT;
