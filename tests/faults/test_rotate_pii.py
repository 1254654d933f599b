"""Another key for the personal data at rest, while the store serves."""
import json
import pathlib
import signal
import subprocess
import uuid

import pytest
from client import ADDRESS, Api, program, tied, until
from factor import enrol
from load import Load, Session, counter, expect
from wire import Wire

import sealed

# The program that rotates waits as long as a request may take: for less, where none is under way.
NOTHING_UNDER_WAY = {"request_timeout_ms": 1000, "db_statement_timeout_ms": 900, "queue_age_max_ms": 900}
UNDER_LOAD = {"request_timeout_ms": 5000, "db_statement_timeout_ms": 4500, "queue_age_max_ms": 4500}
COLUMNS = {"account.phone": ("account", "phone", "id"), "address.sealed": ("address", "sealed", "id"),
           "mail.sealed": ("mail", "sealed", "id"), "totp.secret": ("totp", "secret", "account_id")}


class Shop:
    """A store with people in it, and its values at rest."""

    def __init__(self, stack, waits):
        self.stack, self.waits = stack, waits
        self.api = Api(self.stack)
        self.keys = pathlib.Path(self.stack.env["MERX_KEYS"])
        self.owner = self.stack.admin()

    def values(self):
        """(column, row, value) of all that is sealed, in hex."""
        return [(name, r["id"], r["value"]) for name, (table, column, row) in COLUMNS.items()
                for r in self.owner.rows(f"SELECT HEX({row}) AS id, HEX({column}) AS value"
                                         f" FROM {table} WHERE {column} IS NOT NULL")]

    def sealers(self):
        """The keys that the values were sealed with."""
        return {value[2:18].lower() for _, _, value in self.values()}

    def files(self):
        """Without what a killed writer left unfinished, a name that begins with a dot."""
        return sorted(p.name for p in self.keys.glob("[!.]*") if "pii" in p.name)

    def active(self):
        return (self.keys / "pii.active").read_text().strip()

    def rotate(self, check=True):
        return self.stack.merx("key", "rotate-pii", check=check, **self.waits)


@pytest.fixture
def shop(new_stack, request):
    name, how = uuid.uuid4().hex[:8], {"workers": 4, "slow_workers": 1}
    if "load" in request.node.name:
        return Shop(new_stack(name, **how, **UNDER_LOAD), UNDER_LOAD)
    return Shop(new_stack(name, **how), NOTHING_UNDER_WAY)


class Owner:
    """Writes a telephone number and an address and reads them back."""

    def __init__(self, person):
        self.person, self.phone = person, None

    def __call__(self, wire):
        wire.token = self.person.token
        if self.phone:
            me = json.loads(expect(wire.send("GET", "/v1/me"), 200))
            assert me["phone"] == self.phone, me
        self.phone = f"+49 {uuid.uuid4().int % 10**12:012d}"
        expect(wire.send("PATCH", "/v1/me", {"phone": self.phone}), 200)
        street = ADDRESS | {"line1": uuid.uuid4().hex}
        made = json.loads(expect(wire.send("POST", "/v1/me/addresses", street), 201))
        kept = json.loads(expect(wire.send("GET", f"/v1/me/addresses/{made['id']}"), 200))
        assert kept["line1"] == street["line1"]
        expect(wire.send("DELETE", f"/v1/me/addresses/{made['id']}"), 204)


def people(shop, n):
    """Customers with a number, an address and an authenticator app; their apps."""
    owners = [shop.api.customer() for _ in range(n)]
    apps = [enrol(shop.stack, owner) for owner in owners]
    for owner in owners:
        assert owner.patch("/v1/me", {"phone": "+49 30 1"}).status_code == 200
        assert owner.post("/v1/me/addresses", ADDRESS).status_code == 201
    return owners, apps


def fill(shop, n):
    """n more addresses, and a mail that nobody sends, sealed by a program that is not merx."""
    ring = sealed.Ring(shop.keys)
    for row in (uuid.uuid4().hex for _ in range(n)):
        text = ring.seal_address(row, name="Old", line1="Street").hex()
        shop.owner.rows("INSERT INTO address (id, account_id, country, sealed, created_at) VALUES"
                        f" (x'{row}', x'{row}', 'DE', x'{text}', UTC_TIMESTAMP(3))")
    return sealed.queue_mail(shop.stack, "later@example.com", "verify_code", {"code": "123456"},
                             next_at="'2100-01-01'")


@pytest.mark.req("PII-1", "MFA-8")
def test_rotation_under_load(shop):
    owners, apps = people(shop, 4)
    mail = fill(shop, 450)
    old = shop.active()
    before = shop.values()
    assert shop.sealers() == {old} and {name for name, _, _ in before} == set(COLUMNS)
    acts = [(Wire(shop.stack), Owner(owner)) for owner in owners]
    with Load(acts) as load:
        load.more(20)
        done = shop.rotate()
        load.more(20)
    assert not load.failed, load.failed[:3]
    new = shop.active()
    assert new != old and shop.sealers() == {new}, (new, shop.sealers())
    assert f"personal data is now encrypted with {new}" in done.stdout and done.stderr == ""
    assert shop.files() == sorted([f"{new}.pii", f"{old}.pii.retired", "pii.active"])
    ring = sealed.Ring(shop.keys)
    assert b"later@example.com" in [
        ring.open("mail.sealed", mail, v).split(b"\n")[0]
        for name, row, v in shop.values() if name == "mail.sealed" and row.lower() == mail]
    for owner, app in zip(owners, apps):
        half = shop.api.post("/v1/auth/login", {"email": owner.email, "password": owner.password})
        code = {"mfa_token": half.json()["mfa_token"], "method": "totp", "code": app.code()}
        assert shop.api.post("/v1/auth/mfa", code).status_code == 200
    shop.stack.merx("key", "prune")
    assert shop.files() == sorted([f"{new}.pii", "pii.active"])
    assert owners[0].get("/v1/me/addresses").status_code == 200


@pytest.mark.req("PII-1")
@pytest.mark.parametrize("row", (None, 0, 150, 299))
def test_a_rotation_that_is_killed_goes_on(shop, row):
    """Killed as soon as the new key is there, or when it waits for one of the rows."""
    people(shop, 1)
    fill(shop, 300)
    old = shop.active()
    lock = Session(shop.stack)
    if row is not None:
        rows = sorted(held for name, held, _ in shop.values() if name == "address.sealed")
        lock.run(f"BEGIN; SELECT 1 FROM address WHERE id = x'{rows[row]}' FOR UPDATE")
    waits = counter(shop.stack, "lock_row_lock_waits")
    running = subprocess.Popen(tied(program(), "key", "rotate-pii"), env=shop.stack.environment(**shop.waits),
                               stdout=subprocess.DEVNULL)
    until(lambda: len(shop.files()) > 2, what="the new key")
    if row is not None:
        until(lambda: counter(shop.stack, "lock_row_lock_waits") > waits, what="it waits")
    running.send_signal(signal.SIGKILL)
    running.wait()
    lock.__exit__()
    ring = sealed.Ring(shop.keys)
    assert None not in [ring.open(name, row, value) for name, row, value in shop.values()]
    pending = set(shop.files()) - {f"{old}.pii", "pii.active"}
    shop.rotate()
    assert f"{shop.active()}.pii" in pending and shop.sealers() == {shop.active()}
    assert f"{old}.pii.retired" in shop.files() and len(shop.files()) == 3


DEATH = """
#include <signal.h>
int renameat(int a, const char *b, int c, const char *d) { (void)a, (void)b, (void)c, (void)d; return raise(SIGKILL); }
int linkat(int a, const char *b, int c, const char *d, int e) { (void)e; return renameat(a, b, c, d); }
"""


@pytest.mark.req("PII-1")
@pytest.mark.parametrize("call", ("linkat", "renameat"))
def test_what_is_not_finished_goes(shop, place, call):
    """Killed between a file's last byte and its name: the key that nobody uses does not stay."""
    library = place / "death.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-"], input=DEATH, text=True, check=True)
    if call == "renameat":
        shop.stack.merx("key", "new", "PII")
    killed = subprocess.run(tied(program(), "key", "rotate-pii"), check=False,
                            env=shop.stack.environment() | {"LD_PRELOAD": str(library)})
    assert killed.returncode == -signal.SIGKILL
    assert [p.name for p in shop.keys.glob(".*")], "nothing was left"
    shop.rotate()
    assert [p.name for p in shop.keys.glob(".*")] == []
    assert len(shop.files()) == 3


@pytest.mark.req("PII-1")
def test_a_value_that_does_not_open_keeps_all_keys(shop):
    (owner,), _ = people(shop, 1)
    old = shop.active()
    damaged = uuid.uuid4().hex
    value = sealed.Ring(shop.keys).seal("address.sealed", uuid.uuid4().hex, b"of another row").hex()
    shop.owner.rows("INSERT INTO address (id, account_id, country, sealed, created_at) VALUES"
                    f" (x'{damaged}', x'{damaged}', 'DE', x'{value}', UTC_TIMESTAMP(3))")
    done = shop.rotate(check=False)
    assert done.returncode == 1 and "1 values cannot be decrypted" in done.stderr
    assert f"{old}.pii" in shop.files()
    assert [v for _, row, v in shop.values() if row.lower() == damaged] == [value.upper()]
    assert owner.get("/v1/me").status_code == 200
    shop.owner.rows(f"DELETE FROM address WHERE id = x'{damaged}'")
    shop.rotate()
    assert f"{old}.pii.retired" in shop.files()


@pytest.mark.req("PII-1")
def test_a_key_that_was_made_before_is_the_next_one(shop):
    people(shop, 1)
    old, made = shop.active(), shop.stack.merx("key", "new", "PII").stdout.strip()
    listed = [line.split() for line in shop.stack.merx("key", "list").stdout.splitlines()]
    assert {row[0]: row[2] for row in listed if row[1] == "PII"} == {
        old: "active", made: "published"}
    assert shop.stack.merx("key", "activate", made, check=False).returncode == 1
    assert shop.sealers() == {old}
    shop.rotate()
    assert shop.active() == made and shop.sealers() == {made}
