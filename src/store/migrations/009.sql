-- What stands in a bucket, as far as this memory put it there.

CREATE TABLE object (
    place       TEXT NOT NULL,      -- the address of the bucket, with the prefix
    name        TEXT NOT NULL,
    digest      TEXT,               -- of its bytes and of what is said of them; nothing while it is not known which stand there
    etag        TEXT,               -- as the bucket gave it
    size        INTEGER NOT NULL,
    PRIMARY KEY (place, name)
) STRICT, WITHOUT ROWID;
