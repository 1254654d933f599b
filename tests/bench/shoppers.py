"""Guests with filled carts, for the checkouts. Guests and their tokens come from the API; the carts
are written straight into the tables, two lines of two variants each, with address and shipping."""

import pathlib

import sealed

LIVES = {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "Berlin",
         "postal_code": "10115"}

SCHEMA = """
CREATE DATABASE {bench} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE {bench}.variant (n BIGINT PRIMARY KEY, id BINARY(16), price BIGINT);
CREATE TABLE {bench}.guest (n BIGINT PRIMARY KEY, account BINARY(16) UNIQUE, address BINARY(16));
UPDATE stock SET on_hand = 1000000000;
INSERT INTO {bench}.variant
SELECT ROW_NUMBER() OVER (ORDER BY v.id) - 1, v.id, v.price
  FROM variant v
  JOIN product p ON p.id = v.product_id AND p.status = 1
 WHERE v.active = 1 AND v.currency = 'EUR';
"""

NEW_GUESTS = """
INSERT INTO {bench}.guest
SELECT (SELECT COUNT(*) FROM {bench}.guest) + ROW_NUMBER() OVER (ORDER BY a.id) - 1, a.id,
       UNHEX(CONCAT(LEFT(HEX(a.id), 16), 'A', RIGHT(HEX(a.id), 15)))
  FROM account a
 WHERE a.kind = 0 AND NOT EXISTS (SELECT 1 FROM {bench}.guest g WHERE g.account = a.id);
"""

WITHOUT_ADDRESS = """
SELECT HEX(g.address), HEX(g.account)
  FROM {bench}.guest g
 WHERE NOT EXISTS (SELECT 1 FROM address a WHERE a.id = g.address)
"""

REFILL = """
SET time_zone = '+00:00', @ms = LPAD(HEX(FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)), 12, '0');
SELECT COUNT(*), (SELECT id FROM shipping_method WHERE active = 1 ORDER BY position LIMIT 1)
  INTO @variants, @method FROM {bench}.variant;
DELETE i FROM cart_item i JOIN cart c ON c.id = i.cart_id WHERE c.is_open = 1;
DELETE FROM cart WHERE is_open = 1;
START TRANSACTION;
INSERT INTO cart (id, account_id, is_open, currency, shipping_address_id, shipping_method_id,
                  version, created_at, updated_at)
SELECT UNHEX(CONCAT(@ms, '70008000', LPAD(HEX(n), 12, '0'))), account, 1, 'EUR', address, @method,
       3, NOW(3), NOW(3)
  FROM {bench}.guest;
INSERT INTO cart_item (cart_id, id, variant_id, quantity, unit_price, created_at)
SELECT UNHEX(CONCAT(@ms, '70008000', LPAD(HEX(g.n), 12, '0'))),
       UNHEX(CONCAT(@ms, '7001800', l.line, LPAD(HEX(g.n), 12, '0'))), v.id, l.line + 1, v.price,
       NOW(3)
  FROM {bench}.guest g
  JOIN (SELECT 0 AS line UNION ALL SELECT 1) l
  JOIN {bench}.variant v ON v.n = (2 * g.n + l.line) % @variants;
COMMIT;
"""


class Shoppers:
    """Guests of a server's store, their tokens in a file, and their carts."""

    def __init__(self, rig, target, directory):
        self.rig, self.target, self.store = rig, target, target.store
        self.bench = f"bench_{self.store.database}"
        self.new = directory / f"{self.bench}.guests"
        self.tokens = directory / f"{self.bench}.tokens"
        self.count = 0
        self.keys = 0
        self.tokens.unlink(missing_ok=True)
        self.sql(SCHEMA)

    def sql(self, text):
        return self.store.sql(text.format(bench=self.bench))

    def provide(self, n):
        """At least n guests."""
        found = self.tokens.read_text().splitlines() if self.tokens.exists() else []
        while len(found) < n:
            report = self.rig.load(self.target, "/v1/auth/guest", 1, "guests", self.new)
            assert report["refused"] == 0 and report["created"] > 0, report
            for thread in ("1", "2"):
                found += pathlib.Path(f"{self.new}.{thread}").read_text().splitlines()
        self.tokens.write_text("".join(f"{token}\n" for token in found))
        self.count = len(found)
        self.sql(NEW_GUESTS)
        self.give_addresses()

    def give_addresses(self):
        """Each guest an address of their own, sealed as merx would."""
        ring = sealed.Ring(self.store.keys)
        found = self.sql(WITHOUT_ADDRESS)
        for at in range(0, len(found), 1000):
            rows = ", ".join(
                f"(x'{row}', x'{account}', 'DE', x'{ring.seal_address(row, **LIVES).hex()}', NOW(3))"
                for row, account in found[at:at + 1000])
            self.store.sql(f"INSERT INTO address (id, account_id, country, sealed, created_at) VALUES {rows}")

    def some_token(self):
        with self.tokens.open() as lines:
            return next(lines).strip()

    def refill(self):
        """An open cart for every guest, the same each time."""
        self.sql(REFILL)

    def new_key(self):
        self.keys += 1
        return f"bench-{self.keys}"

    def introduce(self, target):
        """Let a server check every token once."""
        seconds, seen = 1, 0
        while seen < 1.2 * self.count:  # the two threads of wrk are not equally fast
            report = self.rig.load(target, "/v1/me", seconds, "each", self.tokens)
            assert report["status"] == 0, report
            seconds, seen = 2 * seconds, report["requests"]

    def orders(self):
        return int(self.sql("SELECT COUNT(*) FROM orders")[0][0])

    def run(self, target, seconds):
        """Checkouts for so long; every answer must be an order, and every order be written."""
        self.refill()
        before = self.orders()
        report = self.rig.load(
            target, "/v1/checkout", seconds, "checkout", self.tokens, self.new_key()
        )
        report["orders"] = self.orders() - before
        return report
