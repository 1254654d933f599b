-- The tree of categories.

-- name: category.all
-- doc: The tree: parents before their children, siblings in their order.
-- out: id id, id? parent_id, str slug, str title, str? public_metadata
SELECT id, parent_id, slug, title, public_metadata
  FROM category
 ORDER BY CHAR_LENGTH(path) - CHAR_LENGTH(REPLACE(path, '/', '')), position, slug
 LIMIT 2000;

-- name: category.around
-- doc: A category (level 0) with those above it, the root lowest, and its children (level 1).
-- in: str slug
-- out: i64 level, id id, str slug, str title, i64 position, str? public_metadata
WITH RECURSIVE up AS (
    SELECT 0 AS level, id, parent_id, slug, title, position, public_metadata
      FROM category
     WHERE slug = :slug
    UNION ALL
    SELECT up.level - 1, c.id, c.parent_id, c.slug, c.title, c.position, c.public_metadata
      FROM up
      JOIN category c ON c.id = up.parent_id
     WHERE up.level > -16)
SELECT level, id, slug, title, position, public_metadata FROM up
UNION ALL
SELECT 1, c.id, c.slug, c.title, c.position, c.public_metadata
  FROM category s
  JOIN category c ON c.parent_id = s.id
 WHERE s.slug = :slug
 ORDER BY 1, 5, 3
 LIMIT 1000;

-- name: category.insert
-- doc: A category below the one with slug `parent`; nothing changes when that is not there.
-- in: id id, str? parent, str slug, str title, i64 position, str? metadata, str? public_metadata
INSERT INTO category (id, parent_id, slug, title, position, path, metadata, public_metadata)
SELECT :id, p.id, :slug, :title, :position, CONCAT(COALESCE(p.path, '/'), :slug, '/'),
       :metadata, :public_metadata
  FROM (SELECT 1 AS one) o
  LEFT JOIN category p ON p.slug = :parent
 WHERE :parent IS NULL OR p.id IS NOT NULL;
