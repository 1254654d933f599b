-- A named set of permissions; bits as in lib/base/perm.h.
CREATE TABLE role (
    name        VARCHAR(64) NOT NULL PRIMARY KEY,
    permissions BIGINT      NOT NULL,
    built_in    TINYINT     NOT NULL DEFAULT 0,
    version     BIGINT      NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
