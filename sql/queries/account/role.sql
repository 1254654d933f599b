-- Roles: named sets of permissions.

-- name: role.hold
-- doc: Every change of staff and roles holds this row first: they come one after another.
-- out: str name
SELECT name FROM role WHERE name = 'owner' FOR UPDATE;

-- row: role
-- out: str name, i64 permissions, bool built_in, i64 version, i64 holders
r.name, r.permissions, r.built_in, r.version,
       (SELECT COUNT(*) FROM account_role ar WHERE ar.role_name = r.name)

-- name: role.page
-- doc: Roles by name.
-- in: str? after, i64 limit
SELECT {{role}}
  FROM role r
 WHERE (:after IS NULL OR r.name > :after)
 ORDER BY r.name
 LIMIT :limit;

-- name: role.find
-- in: str name
SELECT {{role}} FROM role r WHERE r.name = :name;

-- name: role.named
-- doc: Those of the names in a JSON array that there are.
-- in: str names
-- out: str name, i64 permissions
SELECT r.name, r.permissions
  FROM JSON_TABLE(:names, '$[*]' COLUMNS (name VARCHAR(64) PATH '$')) j
  JOIN role r ON r.name = j.name;

-- name: role.held
-- doc: One row when the account holds the role.
-- in: id account, str name
-- out: i64 held
SELECT 1 FROM account_role WHERE account_id = :account AND role_name = :name;

-- name: role.insert
-- in: str name, i64 permissions
INSERT INTO role (name, permissions, built_in, version) VALUES (:name, :permissions, 0, 1);

-- name: role.update
-- in: str name, i64 permissions
UPDATE role SET permissions = :permissions, version = version + 1
 WHERE name = :name AND built_in = 0;

-- name: role.delete
-- in: str name
DELETE FROM role WHERE name = :name AND built_in = 0;
