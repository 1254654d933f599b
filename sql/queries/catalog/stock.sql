-- Counters of what is on hand and what is promised, and their ledger.

-- name: stock.page
-- doc: Counters by variant, in the order of their ids.
-- in: id? variant, str? sku, id? after, i64 limit
-- out: id variant_id, str sku, i64 on_hand, i64 reserved, i64 version
SELECT s.variant_id, v.sku, s.on_hand, s.reserved, s.version
  FROM stock s
  JOIN variant v ON v.id = s.variant_id
 WHERE (:variant IS NULL OR s.variant_id = :variant)
   AND (:sku IS NULL OR v.sku = :sku)
   AND (:after IS NULL OR s.variant_id > :after)
 ORDER BY s.variant_id
 LIMIT :limit;

-- name: stock.lock
-- doc: Hold the counters of the variants in a JSON array of hexadecimal ids, in its order.
-- in: str variants
-- out: id variant_id, str sku, i64 on_hand, i64 reserved, i64 version
SELECT s.variant_id, (SELECT v.sku FROM variant v WHERE v.id = s.variant_id), s.on_hand, s.reserved,
       s.version
  FROM (SELECT UNHEX(t.id) AS id
          FROM JSON_TABLE(:variants, '$[*]' COLUMNS (id CHAR(32) PATH '$')) t) j
  STRAIGHT_JOIN stock s ON s.variant_id = j.id
   FOR UPDATE;

-- name: stock.open
-- doc: Counters of new variants, from a JSON array of {id, on_hand}.
-- in: str variants, time now
INSERT INTO stock (variant_id, on_hand, reserved, updated_at)
SELECT UNHEX(j.id), j.on_hand, 0, :now
  FROM JSON_TABLE(:variants, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           on_hand BIGINT PATH '$.on_hand')) j;

-- name: stock.open_moves
-- doc: The first ledger row of new variants.
-- in: str variants, id? actor, time now
INSERT INTO stock_move (variant_id, cause_id, kind, on_hand, reserved, reason, actor_id, created_at)
SELECT UNHEX(j.id), UNHEX(j.id), 0, j.on_hand, 0, 'opening', :actor, :now
  FROM JSON_TABLE(:variants, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           on_hand BIGINT PATH '$.on_hand')) j;

-- name: stock.move
-- doc: Add to counters held by stock.lock, from a JSON array of {id, delta}.
-- in: str moves, time now
UPDATE stock s
  JOIN JSON_TABLE(:moves, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           delta BIGINT PATH '$.delta')) j ON s.variant_id = UNHEX(j.id)
   SET s.on_hand = s.on_hand + j.delta, s.version = s.version + 1, s.updated_at = :now;

-- name: stock.adjust_moves
-- doc: One ledger row an adjusted variant.
-- in: str moves, id cause, str reason, id? actor, time now
INSERT INTO stock_move (variant_id, cause_id, kind, on_hand, reserved, reason, actor_id, created_at)
SELECT UNHEX(j.id), :cause, 1, j.delta, 0, :reason, :actor, :now
  FROM JSON_TABLE(:moves, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           delta BIGINT PATH '$.delta')) j;
