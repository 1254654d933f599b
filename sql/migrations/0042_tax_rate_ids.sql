-- Ids of the rates that there are, in the form of UUIDv7.
UPDATE tax_rate
   SET id = UNHEX(CONCAT('0193000000007', SUBSTR(SHA2(CONCAT(country, ' ', class), 256), 1, 3),
                         '8', SUBSTR(SHA2(CONCAT(country, ' ', class), 256), 4, 15)))
 WHERE id IS NULL;
