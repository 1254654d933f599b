"""The life of a plain staff noun, once for all of them: a row of samples each."""
import dataclasses
import json
import re
import uuid

import pytest

from client import faults, problem, unique_key, until
from staff_helpers import audit_rows, hire, if_match, key, new_role


def letters():
    """A slug of its own."""
    return f"c-{uuid.uuid4().hex[:12]}"


def tax_rate():
    return {"country": "SE", "class": letters(), "rate_ppm": 250000, "name": "Moms 25 %"}


def shipping_method():
    """Not active: nobody is offered it."""
    return {"name": f"Pigeon {letters()}", "active": False, "days_min": 1, "days_max": 3, "rates": [
        {"country": None, "price": {"amount": 990, "currency": "EUR"}, "free_from": None},
        {"country": "SE", "price": {"amount": 490, "currency": "EUR"},
         "free_from": {"amount": 5000, "currency": "EUR"}}]}


@dataclasses.dataclass
class Noun:
    name: str  # of its audit rows
    path: str
    new: callable  # members of a new one
    defaults: dict  # what it has besides
    change: dict
    bad: list  # (members laid over a new one, faults)
    clash: callable = None  # of two, members of the second that the first one has: None, nothing is unique
    clash_at: str = ""
    read: str = "catalog.read"
    write: str = "settings.write"


NOUNS = [
    Noun("tax_rate", "/v1/admin/tax-rates", tax_rate, {}, {"rate_ppm": 120000},
         [({"country": "XX"}, [("/country", "bad_format")]),
          ({"rate_ppm": 1000001}, [("/rate_ppm", "out_of_range")]),
          ({"rate_ppm": 1.5, "name": None}, [("/name", "wrong_type"), ("/rate_ppm", "wrong_type")]),
          ({"class": "Not A Slug"}, [("/class", "bad_format")]),
          ({"id": str(uuid.uuid4())}, [("/id", "unknown_member")])],
         lambda one: {"country": one["country"], "class": one["class"]}, "/class"),
    Noun("shipping_method", "/v1/admin/shipping-methods", shipping_method,
         {"position": 0}, {"position": 7, "days_max": 9},
         [({"days_min": 4}, [("/days_max", "out_of_range")]),
          ({"rates": []}, [("/rates", "too_few")]),
          ({"rates": [{"price": {"amount": -1, "currency": "EUR"}}]}, [("/rates/0/price/amount", "out_of_range")]),
          ({"rates": [{"price": {"amount": 1, "currency": "EUR"}}] * 2}, [("/rates/1/country", "repeated")]),
          ({"rates": [{"price": {"amount": 1, "currency": "EUR"}, "free_from": {"amount": 1, "currency": "USD"}}]},
           [("/rates/0/free_from/currency", "mismatch")]),
          ({"rates": [{"price": {"amount": 1, "currency": "ISK"}, "free_from": {"amount": 1, "currency": "ISK"}}]},
           [("/rates/0/price/currency", "wrong_currency")]),
          ({"version": 7}, [("/version", "unknown_member")])]),
]


@pytest.fixture(scope="module", params=NOUNS, ids=lambda noun: noun.name)
def noun(request):
    return request.param


@pytest.fixture(scope="module")
def clerk(api, staff, noun):
    """May do what the noun asks for, and nothing else."""
    return hire(api, staff, new_role(staff, noun.read, noun.write))


def make(clerk, noun, **members):
    made = clerk.post(noun.path, noun.new() | members)
    assert made.status_code == 201, made.text
    return made.json()


def told(db, noun, one):
    """(action, before, after) of the audit rows of one, oldest first."""
    rows = audit_rows(db, f"object_type = '{noun.name}' AND object_id = x'{key(one)}'")
    return [(r["action"], *(r[side] and json.loads(r[side]) for side in ("before_json", "after_json")))
            for r in rows]


def test_a_life(clerk, db, noun):
    sent = noun.new()
    made = clerk.post(noun.path, sent)
    assert made.status_code == 201, made.text
    one = made.json()
    path = f"{noun.path}/{one['id']}"
    assert made.headers["Location"].endswith(path) and made.headers["ETag"] == '"1"'
    assert one == sent | noun.defaults | {
        "id": one["id"], "version": 1, "created_at": one["created_at"], "updated_at": one["created_at"]} | {
            k: one[k] for k in ("rates",) if k in one}
    got = clerk.get(path)
    assert (got.json(), got.headers["ETag"]) == (one, '"1"')

    problem(clerk.patch(path, noun.change, headers=if_match(2)), 412, "version_conflict")
    assert clerk.get(path).json() == one
    changed = clerk.patch(path, noun.change, headers={"If-Match": 'W/"1"'})
    assert changed.status_code == 200, changed.text
    two = changed.json()
    assert two == one | noun.change | {"version": 2, "updated_at": two["updated_at"]}
    assert two["updated_at"] > one["updated_at"] and changed.headers["ETag"] == '"2"'
    assert clerk.get(path).json() == two
    problem(clerk.patch(path, noun.change, headers=if_match(1)), 412, "version_conflict")
    again = clerk.patch(path, noun.change, headers={"If-Match": '"7", , "2",'})
    assert again.json() == two, "what changes nothing is no new version"

    problem(clerk.delete(path, headers=if_match(1)), 412, "version_conflict")
    assert clerk.delete(path, headers=if_match(2)).status_code == 204
    for gone in (clerk.get(path), clerk.patch(path, noun.change), clerk.delete(path)):
        problem(gone, 404, "not_found")
    assert told(db, noun, one["id"]) == [(f"{noun.name}.create", None, one),
                                         (f"{noun.name}.update", one, two), (f"{noun.name}.delete", two, None)]


def test_faults(clerk, noun):
    one = make(clerk, noun)
    for members, where in noun.bad:
        assert faults(clerk.post(noun.path, noun.new() | members)) == where
        assert faults(clerk.patch(f"{noun.path}/{one['id']}", members)) == where, members
    missing = faults(clerk.post(noun.path, {}))
    assert missing and {code for _, code in missing} == {"required"}
    problem(clerk.post(noun.path), 415, "unsupported_media_type")
    problem(clerk.patch(f"{noun.path}/{one['id']}"), 415, "unsupported_media_type")
    problem(clerk.get(f"{noun.path}/nonsense"), 404, "not_found")
    assert clerk.get(f"{noun.path}/{one['id']}").json() == one


def test_pages(clerk, noun):
    made = [make(clerk, noun)["id"] for _ in range(5)]
    seen = [one["id"] for one in clerk.all_of(f"{noun.path}?limit=2")]
    assert seen == sorted(seen, reverse=True) and len(seen) == len(set(seen))
    assert [one for one in seen if one in made] == made[::-1]
    first = clerk.get(f"{noun.path}?limit=1").json()["data"][0]
    assert first == clerk.get(f"{noun.path}/{first['id']}").json(), "a list shows all of each"


def test_what_another_one_has(clerk, noun):
    if not noun.clash:
        pytest.skip("nothing of it is unique")
    one, two = make(clerk, noun), make(clerk, noun)
    answers = (clerk.post(noun.path, noun.new() | noun.clash(one)),
               clerk.patch(f"{noun.path}/{two['id']}", noun.clash(one)))
    for answer in answers:
        assert problem(answer, 409, "conflict")["errors"][0]["pointer"] == noun.clash_at
    assert clerk.get(f"{noun.path}/{two['id']}").json() == two


def test_who_may(api, staff, guest, noun):
    one = make(staff, noun)
    path = f"{noun.path}/{one['id']}"
    reader = hire(api, staff, new_role(staff, noun.read))
    other = hire(api, staff, new_role(staff, "audit.read"))
    assert reader.get(path).json() == one and reader.get(noun.path).status_code == 200
    for who, status in ((reader, 403), (other, 403), (guest, 403), (api, 401)):
        for answer in (who.post(noun.path, noun.new()), who.patch(path, noun.change), who.delete(path),
                       who.post(f"{noun.path}/batch", {"delete": [one["id"]]})):
            assert answer.status_code == status
    for who, status in ((other, 403), (guest, 403), (api, 401)):
        assert {who.get(path).status_code, who.get(noun.path).status_code} == {status}
    assert staff.get(path).json() == one


def test_a_key_makes_one(clerk, noun):
    headers, sent = {"Idempotency-Key": unique_key()}, noun.new()
    first, second = (clerk.post(noun.path, sent, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json() and second.headers["Idempotency-Replayed"] == "true"


def test_many_at_once(clerk, db, noun):
    old, gone = make(clerk, noun), make(clerk, noun)
    sent = {"create": [noun.new(), noun.new()], "update": [noun.change | {"id": old["id"], "version": 1}],
            "delete": [gone["id"]]}
    answer = clerk.post(f"{noun.path}/batch", sent)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    for one in done["create"] + done["update"]:
        assert clerk.get(f"{noun.path}/{one['id']}").json() == one
    assert done["update"][0] == old | noun.change | {"version": 2, "updated_at": done["update"][0]["updated_at"]}
    assert len(done["create"]) == 2 and done["delete"] == [gone["id"]]
    problem(clerk.get(f"{noun.path}/{gone['id']}"), 404, "not_found")
    assert [row[0].split(".")[1] for one in (done["create"][0], old, gone) for row in told(db, noun, one["id"])] == [
        "create", "create", "update", "create", "delete"]


def test_only_the_entries_at_fault_are_told(clerk, noun):
    for members, wanted in noun.bad:
        answer = clerk.post(f"{noun.path}/batch", {"create": [noun.new() | members, noun.new()]})
        assert faults(answer) == sorted((f"/create/0{pointer}", code) for pointer, code in wanted), members


def test_many_rows_of_the_audit_log(clerk, db, noun):
    """More than a statement takes: each entry has its own, in the order of the request."""
    answer = clerk.post(f"{noun.path}/batch", {"create": [noun.new() for _ in range(40)]})
    assert answer.status_code == 200, answer.text
    made = answer.json()["create"]
    (since,) = audit_rows(db, f"object_id = x'{key(made[0]['id'])}'")
    rows = audit_rows(db, f"action = '{noun.name}.create' AND request_id = '{since['request_id']}'")
    assert [json.loads(r["after_json"]) for r in rows] == made


def test_many_rows_of_the_audit_log_are_a_statement(api, staff):
    """Of 16 new rates each is one more statement, the audit log none."""
    def trips(n):
        request = uuid.uuid4().hex
        answer = staff.post("/v1/admin/tax-rates/batch", {"create": [tax_rate() for _ in range(n)]},
                            headers={"X-Request-Id": request})
        assert answer.status_code == 200, answer.text
        line = until(lambda: re.search(rf"req={request} .*msg=\"request\".* trips=(\d+)", api.stack.log()),
                     what="the request log")
        return int(line.group(1))

    assert trips(16) - trips(1) == 15


def test_all_of_many_or_none(clerk, db, noun):
    old = make(clerk, noun)
    count = f"SELECT COUNT(*) FROM {noun.name}"
    before, unknown = db.value(count), str(uuid.uuid4())
    members, (where, *_) = noun.bad[0]
    batch = f"{noun.path}/batch"
    for sent, want in (
            ({"create": [noun.new(), noun.new() | members]}, (f"/create/1{where[0]}", where[1])),
            ({"create": [noun.new()], "update": [{"id": old["id"]} | members]}, (f"/update/0{where[0]}", where[1])),
            ({"create": [noun.new()], "update": [{"id": unknown}]}, ("/update/0", "not_found")),
            ({"create": [noun.new()], "delete": [old["id"], unknown]}, ("/delete/1", "not_found")),
            ({"create": [noun.new()], "delete": ["x"]}, ("/delete/0", "not_found")),
            ({"create": [noun.new()], "update": [noun.change]}, ("/update/0/id", "required")),
            ({}, ("", "too_few")), ({"delete": [unknown] * 101}, ("/delete", "too_many")),
            ({"create": [noun.new()], "delete": [unknown] * 100}, ("", "too_many"))):
        assert want in faults(clerk.post(batch, sent)), sent
    stale = clerk.post(batch, {"create": [noun.new()], "update": [noun.change | {"id": old["id"], "version": 7}]})
    cut = problem(clerk.post(batch, {"create": [noun.new() | {"nothing": 1}] * 30}), 422, "validation_failed")
    assert len(cut["errors"]) == 20 and cut["errors_total"] == 30
    (fault,) = problem(stale, 412, "version_conflict")["errors"]
    assert (fault["pointer"], fault["params"]) == ("/update/0", {"version": old["version"]})
    if noun.clash:
        many = {"create": [noun.new(), noun.new() | noun.clash(old)], "update": [{"id": unknown}]}
        assert [where for where, _ in faults(clerk.post(batch, many))] == [f"/create/1{noun.clash_at}", "/update/0"]
        taken = clerk.post(batch, {"create": [noun.new(), noun.new() | noun.clash(old)]})
        assert problem(taken, 409, "conflict")["errors"][0]["pointer"] == f"/create/1{noun.clash_at}"
        swapped = clerk.post(batch, {"create": [noun.new() | noun.clash(old)], "delete": [old["id"]]})
        assert swapped.status_code == 200, swapped.text
    else:
        assert clerk.get(f"{noun.path}/{old['id']}").json() == old
    assert db.value(count) == before
