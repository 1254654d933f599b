"""The audit log: what stands in it, who reads it, and that nobody rewrites it."""
import concurrent.futures
import json
import subprocess
import uuid

import pytest

from client import PASSWORD, Api, faults, problem, unique_email
from crew import STAFF, audit_rows, hire, invite, key, new_role
from shop import make_product, variant_ids
from test_mfa import enrol, half, second, wrong_code

LOG = "/v1/admin/audit-log"


def entries(by, query):
    seen, cursor = [], ""
    while cursor is not None:
        page = by.get(f"{LOG}?{query}{cursor and '&cursor=' + cursor}")
        assert page.status_code == 200, page.text
        seen += page.json()["data"]
        cursor = page.json()["next_cursor"]
    return seen


# ---- what stands in it


@pytest.mark.req("AUD-1")
def test_a_life_in_the_log(api, staff, customer):
    """Signing in, failing to, signing out, buying, cancelling: one entry each, with who and whence."""
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
        "auth.sign_in", "auth.sign_in", "payment.create", "order.cancel", "auth.sign_out",
        "auth.sign_out_all"]
    assert mine[0]["after"] == {"route": "auth.verify"}
    assert mine[1]["after"] == {"route": "auth.login"} and mine[1]["request_id"] == request
    assert mine[1]["address"] == "127.0.0.1" and mine[1]["actor_email"] == customer.email
    paid = mine[2]["after"]
    assert paid == {"order_id": order["id"], "provider": "sandbox", "status": "paid",
                    "currency": "EUR", "amount": order["total"]["amount"],
                    "captured": order["total"]["amount"]}
    assert mine[3]["before"] == {"status": "placed", "payment_status": "paid"}
    assert mine[3]["after"] == {"status": "cancelled", "payment_status": "refunded"}
    (failed,) = entries(staff, f"object={customer.id}&action=auth.refused")
    assert (failed["actor_id"], failed["after"]) == (None, {"route": "auth.login"})


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

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(knock, range(120)))
    n = len(entries(staff, f"actor={customer.id}&action=authorization.refused"))
    assert 20 <= n <= 60, n


@pytest.mark.req("AUD-1", "ENU-1")
def test_failed_sign_ins_are_bounded_and_tell_nothing(api, staff, customer, db):
    """Known address or not, one address of a client makes as many entries."""
    far = api.elsewhere(77)
    for i in range(50):
        address = customer.email if i % 10 == 0 else unique_email()
        problem(far.post("/v1/auth/login", {"email": address, "password": "wrong"}), 401,
                "invalid_credentials")
    rows = [r for r in audit_rows(db, "action = 'auth.refused'") if r["address"] == "127.0.0.77"]
    assert 20 <= len(rows) <= 45 and {r["object"] for r in rows} == {None, key(customer.id)}
    assert "example.com" not in str(rows)


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
    ("action=", [("action", "too_short")]), ("cursor=x", [("cursor", "bad_format")]),
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
        (row,) = db.rows(f"EXPLAIN SELECT id FROM audit_log WHERE {where} ORDER BY id DESC LIMIT 20")
        assert row["key"] == index and "filesort" not in row["Extra"], row


# ---- nobody rewrites it


def as_program(stack, sql):
    """The statement on the program's own database account; what the server said."""
    password = (stack.run / "merx.password").read_text().strip()
    done = subprocess.run(
        ["mariadb", "--no-defaults", f"--socket={stack.env['MERX_DB_SOCKET']}", "--user=merx",
         f"--password={password}", "merx", "-e", sql],
        capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("sql", (
    "UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE TABLE audit_log",
    "DROP TABLE audit_log", "ALTER TABLE audit_log ADD COLUMN x INT",
    "REPLACE INTO audit_log SELECT * FROM audit_log LIMIT 1",
    "INSERT INTO audit_log SELECT * FROM audit_log LIMIT 1 ON DUPLICATE KEY UPDATE action = 'x'",
    "RENAME TABLE audit_log TO x", "CREATE TRIGGER t BEFORE INSERT ON audit_log FOR EACH ROW SET @x=1",
))
def test_the_program_cannot_rewrite_it(stack, db, sql):
    before = db.value("SELECT COUNT(*) FROM audit_log")
    status, said = as_program(stack, sql)
    assert status != 0 and "denied" in said, said
    assert db.value("SELECT COUNT(*) FROM audit_log") >= before


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
    person = invite(owner, "support")
    root = ["mariadb", "--no-defaults", f"--socket={stack.env['MERX_DB_SOCKET']}", "-e"]
    subprocess.run([*root, "REVOKE INSERT ON merx.audit_log FROM 'merx'@'localhost'"], check=True)
    db = stack.db()
    before = db.rows("SELECT HEX(id), status, version FROM account")
    sessions = db.value("SELECT COUNT(*) FROM session")
    for answer in (
        owner.delete(f"{STAFF}/{person['id']}"), owner.patch(f"{STAFF}/{person['id']}", {"name": "x"}),
        owner.post(STAFF, {"email": unique_email(), "name": "x", "roles": ["support"]}),
        lone.post("/v1/auth/login", {"email": owner.email, "password": owner.password}),
    ):
        assert answer.status_code >= 500, answer.text
    assert db.rows("SELECT HEX(id), status, version FROM account") == before
    assert db.value("SELECT COUNT(*) FROM session") == sessions
    problem(lone.guest().get(STAFF), 403, "forbidden")
    problem(lone.post("/v1/auth/login", {"email": owner.email, "password": "wrong"}), 401,
            "invalid_credentials")
