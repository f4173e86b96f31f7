-- What is remembered of a series on behalf of each chat that hears of it, as the table `series` does for its list.

CREATE TABLE chat (
    series      TEXT NOT NULL,
    chat        TEXT NOT NULL,              -- its name inside the community
    first_seen  INTEGER NOT NULL,
    told        TEXT NOT NULL,              -- a JSON object of words
    pending     TEXT,
    since       INTEGER,
    PRIMARY KEY (series, chat)
) STRICT, WITHOUT ROWID;
