-- A letter's bytes stand beside its fate: each step on its road writes a few words, not the letter again.

CREATE TABLE letter_bytes (
    letter      INTEGER PRIMARY KEY REFERENCES letter (number) ON DELETE CASCADE,
    bytes       BLOB NOT NULL
) STRICT;

INSERT INTO letter_bytes (letter, bytes) SELECT number, bytes FROM letter;
ALTER TABLE letter DROP COLUMN bytes;
