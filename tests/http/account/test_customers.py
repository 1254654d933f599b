"""Customers as staff see them: found, disabled, signed out; and what that does to the customer."""
import concurrent.futures
import json
import uuid

import pytest

from client import PASSWORD, faults, problem
from staff_helpers import audit_rows, hire, if_match, key
from shop import make_product, variant_ids

CUSTOMERS = "/v1/admin/customers"
UNKNOWN = "01920000-0000-7000-8000-000000000000"


def set_status(by, person, status, **how):
    return by.patch(f"{CUSTOMERS}/{person.id}", {"status": status}, **how)


def walk(staff, query):
    return [c["id"] for c in staff.all_of(f"{CUSTOMERS}?{query}")]


def test_one_customer(api, staff, customer):
    assert customer.patch("/v1/me", {"phone": "+49 30 1234"}).status_code == 200
    answer = staff.get(f"{CUSTOMERS}/{customer.id}")
    found = answer.json()
    assert found["email"] == customer.email and found["phone"] == "+49 30 1234"
    assert found["status"] == "active" and found["email_verified"] and found["orders_count"] == 0
    assert answer.headers["ETag"] == f'"{found["version"]}"'
    (variant,) = variant_ids(make_product(staff))
    for _ in range(2):
        customer.fill_cart(variant)
        assert customer.checkout().status_code == 201
    assert staff.get(f"{CUSTOMERS}/{customer.id}").json()["orders_count"] == 2
    assert "password" not in answer.text


def test_the_list_by_address_and_beginning(api, staff):
    mark = uuid.uuid4().hex[:8]
    people = [api.customer(name=f"{mark.upper()} Müller{i}") for i in range(3)]
    ids = [p.id for p in people][::-1]
    assert walk(staff, f"q={mark}&limit=2") == ids
    assert walk(staff, f"q={mark} m%C3%BCller1") == [people[1].id]
    assert walk(staff, f"q={people[0].email[:12]}&limit=1") == [people[0].id]
    assert walk(staff, f"email={people[2].email.upper()}") == [people[2].id]
    assert walk(staff, f"email={people[2].email[1:]}") == []
    assert walk(staff, f"q={mark}&status=disabled") == []
    assert set_status(staff, people[0], "disabled").status_code == 200
    assert walk(staff, f"q={mark}&status=disabled") == [people[0].id]
    assert walk(staff, f"q={mark}&status=active") == ids[:2]
    assert staff.get(f"{CUSTOMERS}?limit=3").json()["data"][0]["id"] == ids[0]


@pytest.mark.req("SQL-1")
@pytest.mark.parametrize("q", ("%25%25", "__", "||", "'; DROP TABLE account; --", "\\\\%25", "a%25"))
def test_no_pattern_finds_everybody(staff, q):
    assert walk(staff, f"q={q}") == []


@pytest.mark.parametrize("query, where", (
    ("q=a", [("q", "too_short")]), ("q=ab&email=a@example.com", [("q", "unknown_parameter")]),
    ("status=closing", [("status", "unknown_value")]), ("email=x", [("email", "too_short")]),
    ("limit=101", [("limit", "out_of_range")]), ("cursor=AAAA", [("cursor", "bad_format")]),
    ("sort=name", [("sort", "unknown_parameter")]),
))
def test_faulty_queries(staff, query, where):
    assert faults(staff.get(f"{CUSTOMERS}?{query}"))[0] == where[0]


@pytest.mark.req("JWT-13", "RT-6", "ENU-1")
def test_a_ban_bites_at_once(api, staff, customer, db):
    second = api.login(customer.email)
    version = staff.get(f"{CUSTOMERS}/{customer.id}").json()["version"]
    problem(set_status(staff, customer, "disabled", headers=if_match(version + 1)), 412,
            "version_conflict")
    assert customer.get("/v1/me").status_code == 200
    answer = set_status(staff, customer, "disabled", headers=if_match(version))
    assert answer.json()["status"] == "disabled" and answer.json()["version"] == version + 1
    for p in (customer, second):
        problem(p.get("/v1/me"), 401, "unauthorized")
        problem(p.get("/v1/cart"), 401, "unauthorized")
        problem(api.post("/v1/auth/refresh", {"refresh_token": p.refresh_token}), 401,
                "invalid_refresh_token")
    wrong, right = (
        problem(api.post("/v1/auth/login", {"email": customer.email, "password": p}), 401,
                "invalid_credentials") for p in ("not the password", PASSWORD))
    assert wrong | {"request_id": ""} == right | {"request_id": ""}
    assert set_status(staff, customer, "active").status_code == 200
    problem(customer.get("/v1/me"), 401, "unauthorized")
    assert api.login(customer.email).get("/v1/me").status_code == 200
    rows = audit_rows(db, f"object_id = UNHEX('{key(customer.id)}') AND action = 'customer.update'")
    assert [(r["actor"], json.loads(r["before_json"])["status"], json.loads(r["after_json"])["status"])
            for r in rows] == [(key(staff.id), "active", "disabled"),
                               (key(staff.id), "disabled", "active")]
    assert customer.email not in str(rows)


@pytest.mark.req("JWT-13")
def test_no_session_slips_in_beside_a_ban(api, staff, db):
    """Signing in and refreshing race the ban: no session outlives it."""
    for _ in range(6):
        person = api.customer()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            logins = [pool.submit(lambda p=person: api.clone().post(
                "/v1/auth/login", {"email": p.email, "password": PASSWORD})) for _ in range(2)]
            refresh = pool.submit(lambda p=person: api.clone().post(
                "/v1/auth/refresh", {"refresh_token": p.refresh_token}))
            ban = pool.submit(lambda p=person: set_status(staff.clone(), p, "disabled"))
            answers = [f.result() for f in (*logins, refresh)]
            assert ban.result().status_code == 200
        assert db.value("SELECT COUNT(*) FROM session WHERE revoked_at IS NULL AND"
                        f" account_id = UNHEX('{key(person.id)}')") == "0"
        for a in answers:
            if a.status_code == 200:
                problem(api.get("/v1/me", token=a.json()["access_token"]), 401, "unauthorized")


@pytest.mark.req("SES-3")
def test_sessions_are_ended(api, staff, customer, db):
    second = api.login(customer.email)
    assert staff.delete(f"{CUSTOMERS}/{customer.id}/sessions").status_code == 204
    for p in (customer, second):
        problem(p.get("/v1/me"), 401, "unauthorized")
        problem(api.post("/v1/auth/refresh", {"refresh_token": p.refresh_token}), 401,
                "invalid_refresh_token")
    assert staff.delete(f"{CUSTOMERS}/{customer.id}/sessions").status_code == 204
    rows = audit_rows(db, f"object_id = UNHEX('{key(customer.id)}')"
                          " AND action = 'account.end_sessions'")
    assert [r["actor"] for r in rows] == [key(staff.id)] * 2 and rows[0]["request_id"]
    assert api.login(customer.email).get("/v1/me").status_code == 200


def test_reading_does_not_permit_writing(api, staff, customer):
    person = hire(api, staff, "warehouse")
    problem(person.get(CUSTOMERS), 403, "forbidden")
    support = hire(api, staff, "support")
    assert support.get(f"{CUSTOMERS}/{customer.id}").status_code == 200


@pytest.mark.req("AZ-2")
def test_staff_and_guests_are_no_customers(staff, guest):
    problems = [problem(staff.send(method, f"{CUSTOMERS}/{who}{tail}", json=body), 404, "not_found")
                for who in (staff.id, guest.id, UNKNOWN)
                for method, tail, body in (("GET", "", None), ("DELETE", "/sessions", None),
                                           ("PATCH", "", {"status": "disabled"}))]
    assert len({json.dumps(p | {"request_id": ""}) for p in problems}) == 1
    assert staff.get("/v1/me").status_code == 200


@pytest.mark.parametrize("body, where", (
    ({"status": "closed"}, [("/status", "unknown_value")]),
    ({"status": None}, [("/status", "wrong_type")]),
    ({"status": "active", "email": "a@example.com"}, [("/email", "unknown_member")]),
))
def test_faulty_changes(staff, customer, body, where):
    assert faults(staff.patch(f"{CUSTOMERS}/{customer.id}", body)) == where


# ---- metadata


def test_metadata_is_the_staffs_own(staff, customer):
    """The customer's app reads and writes public_metadata, and knows nothing of the other."""
    path = f"{CUSTOMERS}/{customer.id}"
    assert customer.get("/v1/me").json()["public_metadata"] == {}
    mine = customer.patch("/v1/me", {"public_metadata": {"theme": "dark", "sizes": [1, None, {"a": True}]}})
    assert mine.status_code == 200, mine.text
    both = {"metadata": {"vip": True}, "public_metadata": mine.json()["public_metadata"]}
    one = staff.patch(path, {"metadata": {"vip": True}}).json()
    assert {k: one[k] for k in both} == both and staff.get(path).json() == one
    assert one["status"] == "active" and customer.get("/v1/me").status_code == 200, "no ban"
    assert customer.get("/v1/me").json() == mine.json() and "metadata" not in mine.json()
    assert faults(customer.patch("/v1/me", {"metadata": {"vip": False}})) == [("/metadata", "unknown_member")]
    assert staff.patch(path, {"public_metadata": {"badge": "gold"}}).status_code == 200
    assert customer.get("/v1/me").json()["public_metadata"] == {"badge": "gold"}, "replaced as a whole"
    assert customer.patch("/v1/me", {"name": "Ada"}).json()["public_metadata"] == {"badge": "gold"}
    for empty in (None, {}):
        assert customer.patch("/v1/me", {"public_metadata": {"x": 1}}).status_code == 200
        assert customer.patch("/v1/me", {"public_metadata": empty}).json()["public_metadata"] == {}
    assert staff.patch(path, {"metadata": None}).json()["metadata"] == {}


@pytest.mark.parametrize("sent, fault", (
    ([], ("", "wrong_type")), ({str(i): i for i in range(51)}, ("", "too_many")), ({"a": 1.5}, ("/a", "wrong_type")),
    ({"a": "x" * 16384}, ("", "too_long")), ({"": 1}, ("/", "too_short")),
))
def test_faulty_metadata(staff, customer, sent, fault):
    where, code = fault
    for by, path, name in ((customer, "/v1/me", "public_metadata"),
                           (staff, f"{CUSTOMERS}/{customer.id}", "public_metadata"),
                           (staff, f"{CUSTOMERS}/{customer.id}", "metadata")):
        assert faults(by.patch(path, {name: sent})) == [(f"/{name}{where}", code)]


def test_metadata_and_versions(staff, customer):
    path = f"{CUSTOMERS}/{customer.id}"
    version = staff.get(path).json()["version"]
    assert customer.patch("/v1/me", {"public_metadata": {"a": 1}}).status_code == 200
    problem(staff.patch(path, {"metadata": {"b": 1}}, headers=if_match(version)), 412, "version_conflict")
    done = staff.patch(path, {"metadata": {"b": 1}}, headers=if_match(version + 1))
    assert done.headers["ETag"] == f'"{version + 2}"' and done.json()["public_metadata"] == {"a": 1}


def test_the_audit_log_names_metadata_alone(staff, customer, db):
    """Its content may be about the person: it goes with them, the log stays."""
    mark = uuid.uuid4().hex
    staff.patch(f"{CUSTOMERS}/{customer.id}", {"metadata": {"a": mark}, "status": "active"})
    staff.patch(f"{CUSTOMERS}/{customer.id}", {"metadata": {"a": mark}, "public_metadata": {"b": mark}})
    rows = audit_rows(db, f"object_id = UNHEX('{key(customer.id)}') AND action = 'customer.update'")
    assert [json.loads(r["after_json"])["changed"] for r in rows] == [["metadata"], ["public_metadata"]]
    assert mark not in str(rows)


def test_a_guests_metadata_comes_along(api):
    """At sign-up, and at sign-in where the account has none of its own."""
    guest, person = api.guest(), api.customer()
    assert guest.patch("/v1/me", {"public_metadata": {"theme": "dark"}}).status_code == 200
    login = {"email": person.email, "password": PASSWORD}
    answer = api.post("/v1/auth/login", login, token=guest.token)
    assert answer.json()["user"]["public_metadata"] == {"theme": "dark"}
    other = api.guest()
    assert other.patch("/v1/me", {"public_metadata": {"theme": "light"}}).status_code == 200
    answer = api.post("/v1/auth/login", login, token=other.token)
    assert answer.json()["user"]["public_metadata"] == {"theme": "dark"}
    new = api.guest()
    assert new.patch("/v1/me", {"public_metadata": {"theme": "blue"}}).status_code == 200
    person = api.sign_up(guest=new)
    assert person.get("/v1/me").json()["public_metadata"] == {"theme": "blue"}
