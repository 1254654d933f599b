"""Roles: what there is, who may make which, and that the built-in ones stay as they are."""
import concurrent.futures
import json
import uuid

import pytest

from client import faults, problem
from staff_helpers import ROLES, STAFF, all_permissions, audit_rows, hire, if_match, invite, new_role

BUILT_IN = ("manager", "owner", "support", "warehouse")


def name():
    return f"r-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def recruiter(api, staff):
    """May manage staff and read the catalog, nothing else."""
    return hire(api, staff, new_role(staff, "staff.manage", "catalog.read"))


def test_the_owner_may_everything_that_a_route_asks_for(api, staff):
    document = api.get("/v1/openapi.json").json()
    asked = {o["x-permission"] for item in document["paths"].values() for o in item.values()
             if "x-permission" in o}
    assert asked <= set(all_permissions(staff))


def test_the_list(staff):
    made = sorted(new_role(staff, "catalog.read") for _ in range(3))
    seen = staff.all_of(f"{ROLES}?limit=2")
    names = [r["name"] for r in seen]
    assert names == sorted(names) and set(made) | set(BUILT_IN) <= set(names)
    assert {r["name"] for r in seen if r["built_in"]} == set(BUILT_IN)
    assert faults(staff.get(f"{ROLES}?cursor=nonsense")) == [("cursor", "bad_format")]


def test_a_role_lives(staff, api, db):
    role = name()
    made = staff.post(ROLES, {"name": role, "permissions": ["orders.read", "catalog.read"]})
    assert made.status_code == 201, made.text
    assert made.headers["Location"].endswith(f"{ROLES}/{role}") and made.headers["ETag"] == '"1"'
    assert made.json() == {"name": role, "permissions": ["catalog.read", "orders.read"],
                           "built_in": False, "holders": 0, "version": 1}
    problem(staff.post(ROLES, {"name": role, "permissions": []}), 409, "conflict")
    problem(staff.patch(f"{ROLES}/{role}", {"permissions": []}, headers=if_match(2)), 412,
            "version_conflict")
    changed = staff.patch(f"{ROLES}/{role}", {"permissions": ["orders.read"]}, headers=if_match(1))
    assert changed.json() == made.json() | {"permissions": ["orders.read"], "version": 2}
    assert staff.get(f"{ROLES}/{role}").json() == changed.json()
    person = invite(staff, role)
    held = problem(staff.delete(f"{ROLES}/{role}"), 409, "conflict")
    assert held["detail"] == "The role is still assigned to staff (1); unassign it first."
    assert staff.get(f"{ROLES}/{role}").json()["holders"] == 1
    assert staff.delete(f"{STAFF}/{person['id']}").status_code == 204
    problem(staff.delete(f"{ROLES}/{role}", headers=if_match(1)), 412, "version_conflict")
    assert staff.delete(f"{ROLES}/{role}", headers=if_match(2)).status_code == 204
    problem(staff.get(f"{ROLES}/{role}"), 404, "not_found")
    rows = audit_rows(db, f"object_type = 'role' AND CONCAT_WS('', before_json, after_json)"
                          f" LIKE '%{role}%'")
    assert [r["action"] for r in rows] == ["role.create", "role.update", "role.delete"]
    before, after = (json.loads(rows[1][m]) for m in ("before_json", "after_json"))
    assert before["permissions"] == ["catalog.read", "orders.read"]
    assert after["permissions"] == ["orders.read"]


@pytest.mark.req("JWT-13")
def test_a_changed_role_bites_within_one_request(api, staff):
    role = new_role(staff, "catalog.read")
    person = hire(api, staff, role)
    assert person.get("/v1/admin/products").status_code == 200
    assert staff.patch(f"{ROLES}/{role}", {"permissions": ["audit.read"]}).status_code == 200
    problem(person.get("/v1/admin/products"), 403, "forbidden")
    assert person.get("/v1/admin/audit-log").status_code == 200


@pytest.mark.req("AZ-7")
@pytest.mark.parametrize("role", BUILT_IN)
def test_built_in_roles_stay(staff, role):
    before = staff.get(f"{ROLES}/{role}").json()
    problem(staff.patch(f"{ROLES}/{role}", {"permissions": ["catalog.read"]}), 403, "forbidden")
    problem(staff.delete(f"{ROLES}/{role}"), 403, "forbidden")
    problem(staff.post(ROLES, {"name": role, "permissions": []}), 409, "conflict")
    assert staff.get(f"{ROLES}/{role}").json() == before


@pytest.mark.parametrize("body, where", (
    ({"permissions": ["no.such"]}, [("/permissions/0", "unknown_value")]),
    ({"permissions": ["catalog.read", "Catalog.Read", ""]},
     [("/permissions/2", "too_short")]),
    ({"permissions": "catalog.read"}, [("/permissions", "wrong_type")]),
    ({"permissions": 16383}, [("/permissions", "wrong_type")]),
    ({"permissions": [], "built_in": True}, [("/built_in", "unknown_member")]),
    ({"permissions": [], "name": "Not A Slug"}, [("/name", "bad_format")]),
    ({"permissions": [], "name": "x" * 65}, [("/name", "too_long")]),
    ({}, [("/permissions", "required")]),
))
def test_faulty_roles(staff, body, where):
    assert faults(staff.post(ROLES, {"name": name()} | body)) == where


def test_a_refusal_names_the_permission(api, staff, customer):
    clerk = hire(api, staff, new_role(staff, "stock.write"))
    body = problem(clerk.get("/v1/admin/stock"), 403, "forbidden")
    assert body["detail"] == "You do not have the permission catalog.read."
    assert body["params"] == {"permission": "catalog.read"}
    body = problem(customer.get("/v1/admin/stock"), 403, "forbidden")
    assert body["detail"] == "Only staff can do this." and "params" not in body


def test_an_unknown_permission_names_those_that_there_are(staff):
    (fault,) = staff.post(ROLES, {"name": name(), "permissions": ["stock.read"]}).json()["errors"]
    owner = staff.get(f"{ROLES}/owner").json()
    assert fault["params"] == {"allowed": owner["permissions"]}


@pytest.mark.req("AZ-7")
def test_nobody_makes_a_role_that_exceeds_them(staff, recruiter):
    mine = {"staff.manage", "catalog.read"}
    role = new_role(recruiter, "catalog.read")
    above = new_role(staff, "catalog.read", "refunds.write")
    for permission in all_permissions(staff):
        want = (201, 200) if permission in mine else (403, 403)
        made = recruiter.post(ROLES, {"name": name(), "permissions": [permission]})
        grown = recruiter.patch(f"{ROLES}/{role}", {"permissions": ["catalog.read", permission]})
        assert (made.status_code, grown.status_code) == want, permission
    assert staff.get(f"{ROLES}/{role}").json()["permissions"] == ["catalog.read", "staff.manage"]
    for answer in (recruiter.patch(f"{ROLES}/{above}", {"permissions": ["catalog.read"]}),
                   recruiter.delete(f"{ROLES}/{above}")):
        problem(answer, 403, "forbidden")


@pytest.mark.req("AZ-7")
def test_nobody_changes_a_role_of_their_own(api, staff):
    role, other = new_role(staff, "staff.manage"), new_role(staff, "catalog.read")
    person = hire(api, staff, role, other)
    for r in (role, other):
        problem(person.patch(f"{ROLES}/{r}", {"permissions": ["staff.manage", "catalog.read"]}),
                403, "forbidden")
        problem(person.delete(f"{ROLES}/{r}"), 403, "forbidden")


@pytest.mark.req("AZ-7")
def test_a_role_does_not_grow_while_it_is_given(api, staff):
    """The recruiter gives a role while the owner lets it grow: whichever comes first, the recruiter
    has not given more than they hold at that moment, and rules hold one after another."""
    recruiter = hire(api, staff, new_role(staff, "staff.manage", "catalog.read"))
    for _ in range(6):
        role = new_role(staff, "catalog.read")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            gave = pool.submit(
                lambda r=role: recruiter.clone().post(
                    STAFF, {"email": f"{uuid.uuid4().hex}@example.com", "name": "x", "roles": [r]}))
            grew = pool.submit(
                lambda r=role: staff.clone().patch(
                    f"{ROLES}/{r}", {"permissions": ["catalog.read", "audit.read"]}))
            assert grew.result().status_code == 200
            assert gave.result().status_code in (201, 403)


@pytest.mark.req("AZ-7")
def test_a_role_is_not_removed_while_it_is_given(api, staff, db):
    for _ in range(6):
        role = new_role(staff, "catalog.read")
        sent = {"email": f"{uuid.uuid4().hex}@example.com", "name": "x", "roles": [role]}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            gave = pool.submit(lambda s=sent: staff.clone().post(STAFF, s))
            gone = pool.submit(lambda r=role: staff.clone().delete(f"{ROLES}/{r}"))
            pair = gave.result().status_code, gone.result().status_code
        assert pair in ((201, 409), (422, 204)), pair
    assert db.value("SELECT COUNT(*) FROM account_role a LEFT JOIN role r ON r.name = a.role_name"
                    " WHERE r.name IS NULL") == "0"


def test_what_a_demoted_caller_began_is_refused(api, staff):
    """The permission of the gate counts no longer when it was taken meanwhile: read again behind the
    lock, in the transaction itself."""
    answers = []
    for _ in range(5):
        person = hire(api, staff, new_role(staff, "staff.manage", "catalog.read"))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            made = pool.submit(lambda p=person: p.clone().post(
                ROLES, {"name": name(), "permissions": ["catalog.read"]}))
            taken = pool.submit(lambda p=person: staff.clone().patch(
                f"{STAFF}/{p.id}", {"roles": ["warehouse"]}))
            assert taken.result().status_code == 200
            answers.append(made.result().status_code)
        problem(person.post(ROLES, {"name": name(), "permissions": []}), 403, "forbidden")
    assert set(answers) <= {201, 403}
