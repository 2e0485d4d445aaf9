-- The checks once more, packed, from which an overview of hundreds of thousands is counted
-- in some milliseconds. It is made from the table checks and can be made anew from it.
-- What the bytes are stands in store/internal/checks/packed.go.

-- A blob for each 512 records, with 32 bytes for each check that started in them.
CREATE TABLE packed (
	chunk  INTEGER PRIMARY KEY, -- seq / 512
	checks BLOB NOT NULL CHECK (length(checks) % 32 = 0)
) STRICT;

-- The texts of packed checks: desks, operators, outcomes and so on.
CREATE TABLE packed_text (
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE
) STRICT;
