-- Since when the lease is in the hands it is in, and how often it was taken.

ALTER TABLE house ADD COLUMN leased INTEGER;                        -- by the database's clock
ALTER TABLE house ADD COLUMN takeovers INTEGER NOT NULL DEFAULT 0;
