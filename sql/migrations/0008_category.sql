-- The category tree. path is the slugs from the root, '/outdoor/tents/', for breadcrumbs and order.
CREATE TABLE category (
    id        BINARY(16)   NOT NULL PRIMARY KEY,
    parent_id BINARY(16)   NULL,
    slug      VARCHAR(120) NOT NULL,
    title     VARCHAR(200) NOT NULL,
    position  INT          NOT NULL DEFAULT 0,
    path      VARCHAR(700) NOT NULL,
    version   BIGINT       NOT NULL DEFAULT 1,
    UNIQUE KEY category_slug (slug),
    KEY category_parent (parent_id, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
