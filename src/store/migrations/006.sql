-- Which run published last, for those that keep their state elsewhere between two; and whether this store is a copy to look at.

ALTER TABLE house ADD COLUMN generation INTEGER NOT NULL DEFAULT 0; -- counts the runs that published something
ALTER TABLE house ADD COLUMN run TEXT;           -- the name of the last one
ALTER TABLE house ADD COLUMN copy_of TEXT;       -- the backup it was made from; nothing is handed over from a copy
