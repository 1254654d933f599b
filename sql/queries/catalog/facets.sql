-- Counts of what a list can be narrowed by.

-- part: catalog.judged
-- A product with how many filters it does not pass: brand, price, and each attribute by its name.
-- in: i64 n_attributes
p.id, p.brand, {{catalog.lowest}} AS low,
CASE WHEN {{catalog.brand}} THEN 0 ELSE 1 END AS brand_missed,
CASE WHEN {{catalog.price}} THEN 0 ELSE 1 END AS price_missed,
CASE WHEN :n_attributes = 0 THEN 0 ELSE :n_attributes - {{catalog.attributes_met}} END
    AS attributes_missed

-- part: catalog.unfiltered
-- The products that every count is taken over. The limit has the rows judged once, not at each
-- use of them.
-- in: i64 by_stock_or_option
AND {{catalog.among_ids}}
AND (:by_stock_or_option = 0 OR 1 = ({{catalog.variant}} LIMIT 1))
LIMIT 100000000

-- part: catalog.facet
-- A value and how many products have it, by all filters but its own. The price bands begin at 0, 10,
-- 25, 50, 100, 250 and 500 times :unit.
-- in: i64 unit
-- out: i64 kind, str name, str value, i64 count
k.kind, COALESCE(a.name, '') AS label,
CASE k.kind
  WHEN 0 THEN p.brand
  WHEN 1 THEN a.value
  ELSE CAST((p.low >= 10 * :unit) + (p.low >= 25 * :unit) + (p.low >= 50 * :unit)
            + (p.low >= 100 * :unit) + (p.low >= 250 * :unit) + (p.low >= 500 * :unit) AS CHAR)
END AS choice,
COUNT(*) AS hits

-- part: catalog.facet_kinds
-- in: str attributes
STRAIGHT_JOIN (SELECT 0 AS kind UNION ALL SELECT 1 UNION ALL SELECT 2) k
LEFT JOIN product_attribute a ON k.kind = 1 AND a.product_id = p.id
WHERE p.brand_missed + p.price_missed + p.attributes_missed =
      CASE k.kind
        WHEN 0 THEN p.brand_missed
        WHEN 1 THEN (LOCATE(CONCAT('\n', a.name, '\t'), :attributes) > 0)
                    - (LOCATE(CONCAT('\n', a.name, '\t', a.value, '\n'), :attributes) > 0)
        ELSE p.price_missed
      END
GROUP BY k.kind, label, choice
HAVING choice IS NOT NULL
ORDER BY k.kind, label, hits DESC, choice
LIMIT 1000

-- name: catalog.facets
-- doc: Counts over the whole catalog. kind 0: brand; 1: attribute; 2: price band by number.
SELECT {{catalog.facet}}
  FROM (SELECT {{catalog.judged}}
          FROM product p
         WHERE p.status = 1
           {{catalog.unfiltered}}) p
  {{catalog.facet_kinds}};

-- name: catalog.facets_in_category
-- doc: Counts over a category. kind 0: brand; 1: attribute; 2: price band by number.
-- in: id category
SELECT {{catalog.facet}}
  FROM (SELECT {{catalog.judged}}
          FROM product_category pc
          STRAIGHT_JOIN product p ON p.id = pc.product_id
         WHERE p.status = 1
           AND pc.category_id = :category
           {{catalog.unfiltered}}) p
  {{catalog.facet_kinds}};

-- name: catalog.facets_matching
-- doc: Counts over products that hold all words. kind 0: brand; 1: attribute; 2: price band by
-- doc: number.
-- in: str words
SELECT {{catalog.facet}}
  FROM (SELECT {{catalog.judged}}
          FROM product p
         WHERE p.status = 1
           AND MATCH (p.search_text) AGAINST (:words IN BOOLEAN MODE)
           AND {{catalog.below_category}}
           {{catalog.unfiltered}}) p
  {{catalog.facet_kinds}};
