"""`merx jobs` is killed again and again while it works: what it does is done once, and all of it; and
it works in batches."""
import signal
import subprocess

import client
import invariants
import pytest
import sealed
from client import program, tied, until
from shop import make_product, variant_ids

MANY = 3000  # more than are done between two looks at the database
ORDERS = 500
KILLS = 12


@pytest.fixture(scope="module")
def lone(module_stack):
    stack = module_stack("killed", workers=2)
    stop_its_jobs(stack)
    return stack


def stop_its_jobs(stack):
    """Each test runs its own."""
    subprocess.run(["kill", str(stack.pid("jobs"))], check=True)
    until(lambda: "jobs ended" in stack.log(), what="the end of the stack's jobs")


class Runner:
    def __init__(self, stack, job_interval_ms=20):
        self.process = subprocess.Popen(tied(program(), "jobs"),
                                        env=stack.environment(job_interval_ms=job_interval_ms))

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(client.PATIENCE_S) in (0, -signal.SIGKILL, -signal.SIGTERM)


def copies(stack, order, n, waiting=False):
    """n orders like this one, with its lines, payment, reservation and events that are due (or, when
    `waiting`, those that were)."""
    db, bare = stack.admin(), order.replace("-", "")
    new = "UNHEX(CONCAT(LEFT(HEX({}), 12), '7', LPAD(HEX(seq), 19, '0')))"
    tables = {
        "orders": {"id": new.format("id"), "number": f"CONCAT('{order[9:13]}-', seq)", "cart_id": new.format("id")},
        "order_item": {"order_id": new.format("order_id"), "id": new.format("id")},
        "payment": {"id": new.format("id"), "order_id": new.format("order_id")},
        "stock_move": {"cause_id": new.format("cause_id")},
        "audit_log": {"id": new.format("id"), "object_id": new.format("object_id")},
    }
    key = {"orders": "id", "stock_move": "cause_id", "audit_log": "object_id"}
    for table, changed in tables.items():
        columns = [r["c"] for r in db.rows(
            "SELECT column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE()"
            f" AND table_name = '{table}' ORDER BY ordinal_position")]
        values = ", ".join(changed.get(c, c) for c in columns)
        if waiting and table == "audit_log":
            values = values.replace(" state,", " 0,")
            only = " AND action = 'order.placed'"
        else:
            only = " AND state = 0" if table == "audit_log" else ""
        db.rows(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table},"
                f" {client.numbers(n)} WHERE {key.get(table, 'order_id')} = x'{bare}'{only}")
    db.rows("UPDATE stock s JOIN (SELECT variant_id, SUM(reserved) AS reserved FROM stock_move"
            " GROUP BY variant_id) m ON m.variant_id = s.variant_id SET s.reserved = m.reserved")


def count(stack, sql):
    return int(stack.db().value(f"SELECT COUNT(*) FROM {sql}"))


# Everything that jobs have to do here.
LEFT = ("(SELECT 1 FROM audit_log WHERE state = 0 UNION ALL SELECT 1 FROM mail WHERE state = 0"
        " UNION ALL SELECT 1 FROM orders WHERE status = 0 AND expires_at < '2001-01-01') todo")


def killed_until_done(stack, left):
    """Kill the runner whenever it has got somewhere, then let one finish."""
    for _ in range(KILLS):
        before = left()
        if before == 0:
            break
        with Runner(stack) as process:
            until(lambda: left() < before, what="some progress")
            process.kill()
        sealed.end_leases(stack)
    with Runner(stack):
        until(lambda: left() == 0, what="the rest")


def test_orders_expire_once(lone):
    api = client.Api(lone)
    variant = variant_ids(make_product(api.staff(), stock=MANY + 1))[0]
    guest = api.guest()
    guest.fill_cart(variant)
    order = guest.checkout("tok_declined").json()["order_id"]
    copies(lone, order, MANY)
    lone.admin().rows("UPDATE orders SET expires_at = '2000-01-01' WHERE status = 0")
    killed_until_done(lone, lambda: count(lone, "orders WHERE status = 0"))
    invariants.check(lone.db(), "2000-01-01")
    assert count(lone, "stock_move WHERE kind = 3") == MANY + 1
    assert count(lone, "audit_log WHERE action = 'order.expired'") == MANY + 1
    assert count(lone, f"stock WHERE variant_id = x'{variant.replace('-', '')}' AND reserved = 0") == 1


def test_events_become_one_mail_each(lone):
    api = client.Api(lone)
    variant = variant_ids(make_product(api.staff(), stock=ORDERS + 1))[0]
    person = api.demo_customer()
    person.fill_cart(variant)
    order = person.checkout().json()["id"]
    copies(lone, order, ORDERS)
    mails = count(lone, "mail WHERE template = 'order_placed'")
    files = len(lone.mailbox().all(person.email))
    killed_until_done(lone, lambda: count(lone, "audit_log WHERE state = 0")
                      + count(lone, "mail WHERE state = 0"))
    assert count(lone, "mail WHERE template = 'order_placed'") == mails + ORDERS + 1
    assert len(lone.mailbox().all(person.email)) == files + ORDERS + 1
    texts = [m.text for m in lone.mailbox().all(person.email)]
    assert len(set(texts)) == len(texts), "two mails of one order"


def statements(stack):
    found = stack.admin().rows("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")
    return int(found[0]["Value"])


@pytest.mark.parametrize("token", ("tok_ok", "tok_declined"))
def test_jobs_work_in_batches(lone, token):
    """J9: less than a statement an order, where there were six and seven."""
    api = client.Api(lone)
    variant = variant_ids(make_product(api.staff(), stock=ORDERS + 1))[0]
    person = api.demo_customer()
    person.fill_cart(variant)
    answer = person.checkout(token).json()
    with Runner(lone):
        until(lambda: count(lone, LEFT) == 0, what="what was left before")
    copies(lone, answer.get("id") or answer["order_id"], ORDERS, waiting=True)
    lone.admin().rows("UPDATE orders SET expires_at = '2000-01-01' WHERE status = 0")
    due = count(lone, LEFT)
    before = statements(lone)
    with Runner(lone, job_interval_ms=1000):  # looking for more, when all is done, costs statements too
        until(lambda: count(lone, LEFT) == 0, what="the end of it")
        used = statements(lone) - before
    assert due >= ORDERS and used < ORDERS, (due, used)
