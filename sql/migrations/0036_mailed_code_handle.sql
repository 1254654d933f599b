-- Each request for a code has a handle of its own, which its answer gives to whoever asked: handle_hash is
-- a SHA-256 of its 128 random bits, and a code is good with its handle alone. attempts counts the tries of
-- this row. A row of before has no handle and cannot be answered any more.
ALTER TABLE mailed_code
    ADD COLUMN handle_hash BINARY(32) NULL AFTER holder,
    ADD UNIQUE KEY mailed_code_handle (handle_hash);
