"""No room for mail, and no room for the database: what can be done is done, the rest is refused or waits,
says so, and comes right by itself when there is room again."""
import subprocess

import client
import invariants
import pytest
from client import Api, problem, unique_email, unique_key, until
from load import NginxErrors, status
from metrics import parse, through_nginx, value
from shop import assert_ledger, make_product, variant_ids
from small_disk import mounted

MIB = 1 << 20
NO_ROOM = 'why="No space left on device"'


def variant_of(stack):
    return variant_ids(make_product(Api(stack).staff(), stock=1000))[0]


def lines(stack, *words):
    return [line for line in stack.log().splitlines() if all(word in line for word in words)]


# ---- mail


@pytest.fixture
def mail_disk(place):
    with mounted(place / "full-mail.disk", MIB) as disk:
        yield disk


def order(stack, variant):
    """The address that its mail goes to."""
    guest, address = Api(stack).guest(), unique_email()
    guest.fill_cart(variant)
    placed = guest.checkout(email=address)
    assert placed.status_code == 201, placed.text
    return address


def waiting(stack):
    return value(parse(through_nginx(stack).text), "merx_job_due", job_name="mail")


def test_mail(mail_disk, new_stack):
    """Orders are placed all the same, and each mail is delivered once."""
    stack = new_stack("full-mail", workers=2, mail=mail_disk.place, job_interval_ms=20)
    variant, mailbox = variant_of(stack), stack.mailbox()
    mailbox.wait(order(stack, variant))
    mail_disk.fill()
    addresses = [order(stack, variant) for _ in range(3)]
    until(lambda: lines(stack, "mail cannot be handed over now", NO_ROOM), what="it says so")
    until(lambda: waiting(stack) == 3, what="all wait")
    until(lambda: not list(mail_disk.place.glob(".*")), what="nothing half is left")
    assert lines(stack, "level=warn", 'msg="job failed, will be retried" job=mail')
    assert stack.merx("jobs", "list").stdout == "", "it costs no mail a try"
    assert not lines(stack, "job works again")
    mail_disk.make_room()
    until(lambda: lines(stack, "job works again", "job=mail"), what="it says so")
    for address in addresses:
        mailbox.wait(address)
    until(lambda: waiting(stack) == 0, what="none waits")
    assert [len(mailbox.all(a)) for a in addresses] == [1, 1, 1]
    assert len(list(mail_disk.place.iterdir())) == 4


# ---- database


@pytest.fixture
def database_disk(place):
    """For the stack full-database. Files take all the room that they claim, as they do on most disks."""
    run = place / "full-database"
    client.plant(run)
    kept = (run / "db").rename(run / "db.kept")
    size = sum(path.stat().st_size for path in kept.rglob("*"))
    with mounted(run / "db", size + 64 * MIB) as disk:
        subprocess.run(["cp", "-a", "--sparse=never", f"{kept}/.", disk.place], check=True)
        yield disk


class Buyer:
    """A guest who is about to pay, with a key for that."""

    def __init__(self, stack, variant):
        self.guest, self.key = Api(stack).guest(), unique_key()
        self.guest.fill_cart(variant)

    def pay(self):
        """Is it done? If not, it was refused as it should be."""
        answer = self.guest.checkout(key=self.key)
        if answer.status_code != 201:
            refused(answer)
        return answer.status_code == 201

    def orders(self):
        """Reading goes on."""
        answer = self.guest.get("/v1/orders")
        assert answer.status_code == 200, answer.text
        return len(answer.json()["data"])


def refused(answer):
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    return True


def test_database(database_disk, new_stack):
    stack = new_stack("full-database", workers=2, catalog_cache_ms=0, job_interval_ms=20)
    db, errors, since = stack.db(), NginxErrors(stack), invariants.now(stack.db())
    variant, pids = variant_of(stack), {w["pid"] for w in status(stack)["workers"]}
    buyers = [Buyer(stack, variant) for _ in range(30)]
    words = {str(i): "w" * 400 for i in range(15)}
    database_disk.fill()
    paid = [b for b in buyers if b.pay()]
    until(lambda: [b for b in buyers if (a := b.guest.patch("/v1/cart", {"metadata": words})).status_code != 200
                   and refused(a)], what="no room in a page that there is")
    unpaid = [b for b in buyers if b not in paid]
    assert unpaid and all(b.orders() == 0 for b in unpaid) and all(b.orders() == 1 for b in paid)
    for path in ("/v1/products?limit=2", "/v1/healthz", "/v1/readyz"):
        assert Api(stack).get(path).status_code == 200
    assert db.value("SELECT COUNT(*) FROM orders") == str(len(paid))
    invariants.check(db, since)
    assert lines(stack, "level=error", 'msg="database error"', "errno=1114")
    assert value(parse(through_nginx(stack).text), "merx_db_errors_total", code="refused") >= len(unpaid)
    database_disk.make_room()
    for b in buyers:
        until(b.pay, what="the same order with the same key")
        assert b.orders() == 1
    client.delivered(db, since)
    invariants.check(db, since)
    assert assert_ledger(db, variant)["reserved"] == len(buyers)
    now = status(stack)
    assert (now["died"], now["killed"]) == (0, 0) and {w["pid"] for w in now["workers"]} >= pids
    assert not errors.timed_out()
