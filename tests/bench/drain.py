"""How fast `merx jobs` drains what shoppers left, with nothing else running: orders whose events are
due (each ends as a mail in a file), and unpaid orders that expire (two lines each).

    tests/bench/drain.py [ORDERS]     4000 unless given; prints one line of JSON

Each is measured from an idle start of the runner to the moment when the database has none left."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))

import client  # noqa: E402

NUMBERS = "JSON_TABLE(CONCAT('[0', REPEAT(',0', {n} - 1), ']'), '$[*]' COLUMNS (n FOR ORDINALITY)) t"

# Ids of a kind and a number; the millisecond counts up with it, as for rows written one by one.
ID = "UNHEX(CONCAT('0198{kind}', LPAD(HEX(n), 7, '0'), '70008000', LPAD(HEX(n), 12, '0')))"

ORDERS = """
SET SESSION max_recursive_iterations = 10000000;
INSERT INTO orders (id, number, account_id, cart_id, status, payment_status, currency, subtotal,
                    discount_total, shipping_total, tax_total, total, placed_at, expires_at,
                    created_at, updated_at)
SELECT {id}, CONCAT('{kind}', n), a.id, {id}, {status}, {paid}, 'EUR', 1299, 0, 0, 0, 1299,
       UTC_TIMESTAMP(3), {expires}, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
  FROM {numbers} JOIN (SELECT id FROM account WHERE kind = 1 LIMIT 1) a;
"""

EVENTS = """
INSERT INTO audit_log (id, actor_id, action, object_type, object_id, state, next_at, created_at)
SELECT UNHEX(CONCAT(HEX(LEFT({id}, 6)), '7{mark}008000', LPAD(HEX(n), 12, '0'))), NULL, '{action}',
       'order', {id}, {state}, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
  FROM {numbers};
"""

ITEMS = """
INSERT INTO order_item (order_id, line, id, variant_id, product_id, product_slug, sku, title,
                        quantity, unit_price, line_total, tax_ppm, tax)
SELECT {id}, l.line, {id}, v.id, v.product_id, '', v.sku, '', 1, 0, 0, 0, 0
  FROM {numbers}
  JOIN (SELECT 0 AS line UNION ALL SELECT 1) l
  JOIN (SELECT ROW_NUMBER() OVER (ORDER BY id) - 1 AS i, id, product_id, sku FROM variant) v
    ON v.i = (2 * n + l.line) % {variants};
UPDATE stock SET on_hand = 1000000000, reserved = 100000000;
"""


COUNTED = {"statements": "Com_stmt_execute", "commits": "Com_commit", "fsyncs": "Innodb_data_fsyncs"}


class Runner:
    """`merx jobs` of a stack, when it is wanted."""

    def __init__(self, stack):
        self.stack = stack
        os.kill(stack.pid("jobs"), signal.SIGTERM)

    def counters(self):
        """Counters of the database, and its processor time."""
        found = {r["Variable_name"]: int(r["Value"]) for r in self.stack.admin().rows(
            "SHOW GLOBAL STATUS WHERE Variable_name IN ('" + "', '".join(COUNTED.values()) + "')")}
        ticks = (pathlib.Path("/proc") / str(self.stack.pid("db")) / "stat").read_text()
        ticks = ticks.rpartition(")")[2].split()[11:13]
        return {k: found[v] for k, v in COUNTED.items()} | {
            "database_ms": sum(map(int, ticks)) * 1000 / os.sysconf("SC_CLK_TCK")}

    def drain(self, left, orders):
        """Until the query says 0: what that took, for each of the orders."""
        before = self.counters()
        runner = subprocess.Popen(client.tied(client.program(), "jobs"),
                                  env=self.stack.environment(job_interval_ms=20))
        began = time.monotonic()
        try:
            while self.stack.admin().value(left) != "0":
                assert runner.poll() is None, "the runner ended"
                time.sleep(0.05)
            took = time.monotonic() - began
            after = self.counters()
        finally:
            runner.terminate()
            _, _, usage = os.wait4(runner.pid, 0)
        spent = {k: round((after[k] - before[k]) / orders, 3) for k in before}
        spent["jobs_ms"] = round((usage.ru_utime + usage.ru_stime) * 1000 / orders, 3)
        return {"orders_per_s": round(orders / took), "seconds": round(took, 2), "an_order": spent}


def sql(stack, text, **values):
    for statement in text.format(**values).split(";"):
        if statement.strip():
            stack.admin().rows(statement)


def main(n):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="merx-drain."))
    stack = client.Stack(directory / "run", workers=1)
    try:
        stack.start()
        runner, admin = Runner(stack), stack.admin()
        numbers = NUMBERS.format(n=n)
        variants = admin.value("SELECT COUNT(*) FROM variant")
        unwanted = os.environ.get("DRAIN_PAID_STATE", "1")
        for kind, status, paid, expires in (("a", 1, 3, "NULL"), ("b", 0, 0, "'2000-01-01'")):
            made = {"numbers": numbers, "kind": kind, "id": ID.format(kind=kind)}
            sql(stack, ORDERS, status=status, paid=paid, expires=expires, **made)
            if kind == "a":
                for mark, action, state in (("0", "order.placed", "0"), ("1", "order.paid", unwanted)):
                    sql(stack, EVENTS, mark=mark, action=action, state=state, **made)
                left = ("SELECT (SELECT COUNT(*) FROM audit_log WHERE state = 0)"
                        " + (SELECT COUNT(*) FROM mail WHERE state = 0)")
            else:
                sql(stack, ITEMS, variants=variants, **made)
                left = ("SELECT (SELECT COUNT(*) FROM audit_log WHERE state = 0)"
                        " + (SELECT COUNT(*) FROM orders WHERE status = 0)")
            print(json.dumps({"what": {"a": "events and mail", "b": "expiry"}[kind], "orders": n}
                             | runner.drain(left, n)))
    finally:
        stack.stop()
        shutil.rmtree(directory)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
