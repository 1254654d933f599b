"""The audit log: what stands in it, who reads it, and that nobody rewrites it."""
import concurrent.futures
import time
import uuid

import pytest

import client
from client import PASSWORD, Api, faults, problem, unique_email, until
from staff_helpers import STAFF, audit_rows, hire, invite, key, new_role
from shop import make_product, variant_ids
from factor import enrol, half, second, wrong_code

pytestmark = pytest.mark.signed_up
LOG = "/v1/admin/audit-log"


def entries(by, query):
    return by.all_of(f"{LOG}?{query}")


# ---- what stands in it


def test_two_requests_of_one_name(api, staff, customer, stack):
    """S9: a client may name its requests as it likes; the log and the audit log tell them apart."""
    named = {"X-Request-Id": uuid.uuid4().hex}
    for _ in range(2):
        assert api.send("POST", "/v1/auth/login", headers=named,
                        json={"email": customer.email, "password": PASSWORD}).status_code == 200
    rows = [e for e in entries(staff, f"actor={customer.id}") if e["request_id"] == named["X-Request-Id"]]
    ours = {e["server_request_id"] for e in rows}
    assert len(rows) == len(ours) == 2 and None not in ours
    logged = until(lambda: [line for line in stack.log().splitlines() if named["X-Request-Id"] in line
                            and any(f"server_request_id={i}" in line for i in ours)][1:], what="both in the log")
    assert logged


@pytest.mark.req("AUD-1")
def test_a_life_in_the_log(api, staff, customer):
    """Signing up and in, failing to, signing out, buying, cancelling: with who and whence."""
    request = uuid.uuid4().hex
    api.elsewhere(78).post("/v1/auth/login", {"email": customer.email, "password": "wrong"})
    signed = api.send("POST", "/v1/auth/login", headers={"X-Request-Id": request},
                      json={"email": customer.email, "password": PASSWORD})
    token = signed.json()["access_token"]
    (variant,) = variant_ids(make_product(staff))
    customer.fill_cart(variant)
    order = customer.checkout().json()
    assert customer.post(f"/v1/orders/{order['id']}/cancel").status_code == 200
    assert api.post("/v1/auth/logout", token=token).status_code == 204
    assert customer.post("/v1/auth/logout?all=true").status_code == 204
    mine = entries(staff, f"actor={customer.id}")[::-1]
    assert [e["action"] for e in mine] == [
        "auth.sign_in", "auth.sign_in", "order.placed", "order.paid", "order.cancelled",
        "order.refunded", "auth.sign_out", "auth.sign_out_all"]
    assert mine[0]["after"] == {"route": "auth.verify"}
    assert mine[1]["after"] == {"route": "auth.login"} and mine[1]["request_id"] == request
    assert mine[1]["address"] == "127.0.0.1" and mine[1]["actor_email"] == customer.email
    placed, paid, cancelled, refunded = bought = mine[2:6]
    assert {(e["object_type"], e["object_id"]) for e in bought} == {("order", order["id"])}
    assert {e["address"] for e in bought} == {"127.0.0.1"}
    assert placed["request_id"] == paid["request_id"] != cancelled["request_id"] == refunded[
        "request_id"]
    assert placed["before"] is paid["before"] is None
    assert placed["after"] == paid["after"] == payment(order, "sandbox", "paid")
    assert cancelled["before"] == refunded["before"] == {
        "status": "placed", "payment_status": "paid"}
    assert cancelled["after"] == refunded["after"] == {
        "status": "cancelled", "payment_status": "refunded"}
    (failed,) = entries(staff, f"object={customer.id}&action=auth.refused")
    assert (failed["actor_id"], failed["after"]) == (None, {"route": "auth.login"})
    (made,) = entries(staff, f"object={customer.id}&action=customer.registered")
    assert (made["after"], made["address"]) == ({"route": "auth.verify"}, "127.0.0.1")


def payment(order, provider, status):
    """Audit rows that a checkout leaves of its payment."""
    amount = order["total"]["amount"]
    return {"payment_id": order["payments"][0]["id"], "provider": provider, "status": status,
            "currency": "EUR", "amount": amount, "captured": amount if status == "paid" else 0}


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("provider, token, how, actions", (
    ("sandbox", "tok_ok", "paid", ["order.placed", "order.paid"]),
    ("sandbox", "tok_declined", "failed", ["payment.failed"]),
    ("manual", None, "pending", ["order.placed"]),
))
def test_a_checkout_in_the_log(api, staff, provider, token, how, actions):
    """Each event of an order, and nothing else of it, with whence and in which request; a replay adds
    none."""
    guest, request, idempotency = api.elsewhere(76).guest(), uuid.uuid4().hex, uuid.uuid4().hex
    guest.fill_cart(variant_ids(make_product(staff))[0])
    sent = {"payment": {"provider": provider} | ({"token": token} if token else {}),
            "email": unique_email()}
    done = guest.send("POST", "/v1/checkout", json=sent, key=idempotency,
                      headers={"X-Request-Id": request})
    again = guest.send("POST", "/v1/checkout", json=sent, key=idempotency)
    assert done.status_code == again.status_code == (402 if how == "failed" else 201), done.text
    (order,) = guest.get("/v1/orders").json()["data"]
    logged = entries(staff, f"object={order['id']}")[::-1]
    assert [e["action"] for e in logged] == actions == [e["type"] for e in order["events"]]
    for e in logged:
        assert (e["actor_id"], e["object_type"], e["before"]) == (guest.id, "order", None)
        assert (e["address"], e["request_id"]) == ("127.0.0.76", request)
        assert (e["after"], e["created_at"]) == (payment(order, provider, how), order["created_at"])
    for e in logged:
        assert e in entries(staff, f"action={e['action']}&actor={guest.id}")


@pytest.mark.req("AUD-1")
def test_wrong_second_factors(api, stack, staff, customer):
    app = enrol(stack, customer)
    far = api.elsewhere(79)
    token = half(far, customer)
    problem(second(far, token, wrong_code(app.secret)), 401, "invalid_mfa_code")
    (failed,) = entries(staff, f"object={customer.id}&action=auth.refused")
    assert (failed["actor_id"], failed["address"]) == (None, "127.0.0.79")
    assert failed["after"] == {"route": "auth.mfa"}
    assert second(far, token, app.code()).status_code == 200
    (entered, _) = entries(staff, f"actor={customer.id}&action=auth.sign_in")
    assert entered["after"] == {"route": "auth.mfa"}


@pytest.mark.req("AUD-1")
def test_refusals_of_staff_routes(api, staff, customer, guest):
    person = hire(api, staff, "warehouse")
    for who in (person, customer, guest):
        problem(who.get(STAFF), 403, "forbidden")
        problem(who.post(STAFF, {}), 403, "forbidden")
        mine = entries(staff, f"actor={who.id}&action=authorization.refused")
        assert [e["after"]["route"] for e in mine] == ["admin.staff.invite", "admin.staff.list"]
    recruiter = hire(api, staff, new_role(staff, "staff.manage"))
    sent = {"email": unique_email(), "name": "x", "roles": ["owner"]}
    problem(recruiter.post(STAFF, sent), 403, "forbidden")
    (mine,) = entries(staff, f"actor={recruiter.id}&action=authorization.refused")
    assert mine["after"]["route"] == "admin.staff.invite"


@pytest.mark.req("AUD-1")
def test_a_flood_of_refusals_is_bounded(api, staff, customer):
    """Of one account and one address some a minute are written; the rest stand in the request log.
    """
    def knock(_):
        problem(customer.clone().get(STAFF), 403, "forbidden")

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(knock, range(120)))
    regained = 20 * (time.monotonic() - began) / 60 + 1
    n = len(entries(staff, f"actor={customer.id}&action=authorization.refused"))
    assert 20 <= n <= 2 * (30 + regained), n


@pytest.mark.req("AUD-1", "ENU-1")
def test_failed_sign_ins_are_bounded_and_tell_nothing(new_stack, recorder):
    """Known address or not, one name makes as many entries, also behind a flood of other names."""
    stack = new_stack("refusals-of-one", workers=2, rate_login_per_account_ip_burst=1000,
                      rate_login_per_account_burst=1000)
    api = client.Api(stack, recorder)
    far, known, unknown = api.elsewhere(77), api.sign_up(), unique_email()
    count = {None: 0, key(known.id): 0}
    began = time.monotonic()
    for _ in range(40):
        wrong(far, unique_email())
    for _ in range(70):
        wrong(far, known.email)
        wrong(far, unknown)
    for row in audit_rows(stack.db(), "action = 'auth.refused'"):
        count[row["object"]] += 1
    minutes = (time.monotonic() - began) / 60
    regained = 20 * minutes + 1  # of each share: the client's and those of the two names
    assert sum(count.values()) <= 40 + 3 * (30 + regained), count
    assert abs(count[None] - 40 - count[key(known.id)]) <= 2 * regained, count
    assert min(count[None] - 40, count[key(known.id)]) >= 30


@pytest.mark.req("AUD-1")
def test_a_flood_of_other_names_hides_no_try_of_staff(api, staff, db):
    """S8: the share of a client is burnt on invented addresses; then come tries of a staff account."""
    far = api.elsewhere(79)
    for _ in range(60):
        wrong(far, unique_email())
    for _ in range(3):
        answer = wrong(far, staff.email)
    tries = [r for r in audit_rows(db, "action = 'auth.refused'")
             if r["address"] == "127.0.0.79" and r["object"] == key(staff.id)]
    assert len(tries) == 3
    mark = answer.headers["X-Request-Id"]
    line = until(lambda: [at for at in api.stack.log().splitlines()
                          if f"req={mark} " in at and "route=auth.login" in at], what="the log")
    assert f"claimed={staff.id}" in line[0] and "actor=-" in line[0]


def wrong(api, email):
    answer = api.post("/v1/auth/login", {"email": email, "password": "wrong"})
    problem(answer, 401, "invalid_credentials")
    return answer


# ---- reading it


def test_filters(api, staff):
    a, b = invite(staff, "support"), invite(staff, "support")
    assert staff.patch(f"{STAFF}/{a['id']}", {"name": "x"}).status_code == 200
    assert staff.delete(f"{STAFF}/{b['id']}").status_code == 204
    of_a = entries(staff, f"object={a['id']}&limit=1")
    assert [e["action"] for e in of_a] == ["staff.update", "staff.invite"]
    assert of_a[1]["before"] is None and of_a[1]["after"]["roles"] == ["support"]
    assert {e["object_type"] for e in of_a} == {"account"}
    assert {e["actor_id"] for e in of_a} == {staff.id}
    assert [e["object_id"] for e in entries(staff, f"object={b['id']}&action=staff.close")] == [
        b["id"]]
    assert entries(staff, f"object={a['id']}&actor={a['id']}") == []
    newest = of_a[0]["created_at"]
    assert [e["id"] for e in entries(staff, f"object={a['id']}&from={newest}")] == [of_a[0]["id"]]
    assert [e["id"] for e in entries(staff, f"object={a['id']}&to={newest}")] == [of_a[1]["id"]]
    oldest = of_a[1]["created_at"]
    between = f"object={a['id']}&from={oldest}&to={newest}"
    assert [e["id"] for e in entries(staff, between)] == [of_a[1]["id"]]
    assert entries(staff, f"object={a['id']}&to=2020-01-01T00:00:00.000Z") == []
    assert entries(staff, f"object={a['id']}&from=2200-01-01T00:00:00.000Z") == []


def test_newest_first_by_cursor(staff, db):
    page = staff.get(f"{LOG}?limit=7").json()
    ids = [e["id"] for e in page["data"]]
    assert ids == sorted(ids, reverse=True) and len(ids) == 7
    then = staff.get(f"{LOG}?limit=7&cursor={page['next_cursor']}").json()["data"]
    assert then[0]["id"] < ids[-1]


@pytest.mark.parametrize("query, where", (
    ("actor=me", [("actor", "bad_format")]), ("from=yesterday", [("from", "bad_format")]),
    ("action=" + "x" * 65, [("action", "too_long")]), ("cursor=x", [("cursor", "bad_format")]),
    ("q=x", [("q", "unknown_parameter")]),
))
def test_faulty_queries(staff, query, where):
    found = faults(staff.get(f"{LOG}?{query}"))
    assert [name for name, _ in found] == [where[0][0]], found


def test_no_list_of_it_reads_the_whole_table(db):
    """Each filter has its index, and the order needs no sorting."""
    some = "UNHEX('01920000000070008000000000000000')"
    for where, index in (("actor_id = " + some, "audit_log_actor"),
                         ("object_id = " + some, "audit_log_object"),
                         ("action = 'staff.close'", "audit_log_action")):
        (row,) = db.plan(f"SELECT id FROM audit_log WHERE {where} ORDER BY id DESC LIMIT 20")
        assert row["key"] == index and "filesort" not in row["Extra"], row
    (row,) = db.plan("SELECT id FROM audit_log WHERE state = 0 AND next_at <= NOW(3)"
                     " ORDER BY next_at, id LIMIT 100")
    assert row["key"] == "audit_log_due" and "filesort" not in row["Extra"], row


# ---- nobody rewrites it

WRITTEN_ONCE = ("id", "actor_id", "action", "object_type", "object_id", "before_json", "after_json",
                "person_id", "address", "request_id", "server_request_id", "created_at")


def as_program(stack, sql):
    """The statement on the program's own database account; what the server said."""
    done = stack.sql_as("merx", sql)
    return done.returncode, done.stderr


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("sql", (
    *(f"UPDATE audit_log SET {column} = {column}" for column in WRITTEN_ONCE),
    "UPDATE audit_log SET state = 1", "UPDATE outbox SET id = RANDOM_BYTES(16)",
    "UPDATE outbox, audit_log l SET l.address = NULL WHERE l.id = outbox.id", "DELETE FROM outbox",
    "INSERT INTO outbox SELECT * FROM outbox LIMIT 1 ON DUPLICATE KEY UPDATE state = 1",
    "DROP VIEW outbox", "CREATE OR REPLACE VIEW outbox AS SELECT * FROM audit_log",
    "DELETE FROM audit_log", "TRUNCATE TABLE audit_log",
    "DROP TABLE audit_log", "ALTER TABLE audit_log ADD COLUMN x INT",
    "REPLACE INTO audit_log SELECT * FROM audit_log LIMIT 1",
    "INSERT INTO audit_log SELECT * FROM audit_log LIMIT 1 ON DUPLICATE KEY UPDATE action = 'x'",
    "RENAME TABLE audit_log TO x", "CREATE TRIGGER t BEFORE INSERT ON audit_log FOR EACH ROW SET @x=1",
))
def test_the_program_cannot_rewrite_it(stack, db, sql):
    before = db.value("SELECT COUNT(*) FROM audit_log")
    columns = db.rows("SELECT column_name AS c FROM information_schema.columns WHERE table_schema ="
                      " DATABASE() AND table_name = 'audit_log'")
    assert {r["c"] for r in columns} - {"state", "next_at"} == set(WRITTEN_ONCE)
    status, said = as_program(stack, sql)
    assert status != 0 and "denied" in said, said
    assert db.value("SELECT COUNT(*) FROM audit_log") >= before


@pytest.mark.req("AUD-1")
def test_an_event_stays_an_event(stack, customer):
    """The program may tick off a delivery, and nothing else: the history of an order does not lose it."""
    status, said = as_program(stack, "UPDATE outbox SET state = NULL")
    assert status != 0 and "CHECK OPTION" in said, said
    assert as_program(stack, "UPDATE outbox SET state = 1 WHERE state = 1") == (0, "")


@pytest.mark.req("SQL-1")
@pytest.mark.parametrize("sql", (
    "CREATE TABLE x (a INT)", "DROP TABLE account", "CREATE DATABASE x", "SELECT * FROM mysql.user",
    "SELECT 1 INTO OUTFILE '/tmp/merx-outfile'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE mail", "SET GLOBAL general_log = 1",
    "GRANT ALL ON merx.* TO 'merx'@'localhost'", "DELETE FROM account", "DELETE FROM orders",
    "UPDATE stock_move SET reason = 'x'", "DELETE FROM stock_move", "SHUTDOWN",
))
def test_what_the_programs_account_may_not(stack, sql):
    status, said = as_program(stack, sql)
    assert status != 0 and "denied" in said, (sql, said)


@pytest.mark.req("AUD-1")
def test_the_entry_comes_with_the_change_or_not_at_all(new_stack):
    """Without the right to write the log nothing that must stand in it happens."""
    lone = Api(new_stack("unwritten", workers=2))
    owner, stack = lone.staff(), lone.stack
    person, guest = invite(owner, "support"), lone.guest()
    guest.fill_cart(variant_ids(make_product(owner))[0])
    stack.admin().run("REVOKE INSERT ON merx.audit_log FROM 'merx'@'localhost'")
    db = stack.db()
    before = db.rows("SELECT HEX(id), status, version FROM account")
    sessions = db.value("SELECT COUNT(*) FROM session")
    ledger = db.value("SELECT COUNT(*) FROM stock_move")
    for answer in (
        owner.delete(f"{STAFF}/{person['id']}"), owner.patch(f"{STAFF}/{person['id']}", {"name": "x"}),
        owner.post(STAFF, {"email": unique_email(), "name": "x", "roles": ["support"]}),
        lone.post("/v1/auth/login", {"email": owner.email, "password": owner.password}),
        guest.checkout(), guest.checkout("tok_declined"),
    ):
        assert answer.status_code >= 500, answer.text
    assert db.rows("SELECT HEX(id), status, version FROM account") == before
    assert db.value("SELECT COUNT(*) FROM session") == sessions
    assert db.value("SELECT COUNT(*) FROM orders") == db.value("SELECT COUNT(*) FROM payment") == "0"
    assert db.value("SELECT COUNT(*) FROM stock_move") == ledger
    problem(lone.guest().get(STAFF), 403, "forbidden")
    problem(lone.post("/v1/auth/login", {"email": owner.email, "password": "wrong"}), 401,
            "invalid_credentials")
