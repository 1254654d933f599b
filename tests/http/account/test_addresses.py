"""The address book."""
import threading

import pytest

import sealed
from client import ADDRESS, faults, problem

WHOLE = ADDRESS | {
    "company": "Analytical Engines Ltd", "line2": "2nd floor", "region": "Berlin",
    "phone": "+49 30 123456",
}
UNKNOWN = "01890000-0000-7000-8000-000000000000"


def add(person, **more):
    answer = person.post("/v1/me/addresses", ADDRESS | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def book(person, **query):
    asked = "&".join(f"{k}={v}" for k, v in query.items())
    answer = person.get(f"/v1/me/addresses?{asked}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def defaults(person):
    return [a["id"] for a in book(person, limit=100)["data"] if a["is_default"]]


def test_an_empty_book(customer):
    assert book(customer) == {"data": [], "next_cursor": None}


def test_add_and_get(customer):
    answer = customer.post("/v1/me/addresses", WHOLE)
    assert answer.status_code == 201
    made = answer.json()
    assert {k: made[k] for k in WHOLE} == WHOLE
    assert set(made) == set(WHOLE) | {"id", "is_default", "created_at"}
    assert answer.headers["Location"].endswith(f"/v1/me/addresses/{made['id']}")
    assert customer.get(f"/v1/me/addresses/{made['id']}").json() == made
    assert book(customer)["data"] == [made]


def test_what_is_optional(customer):
    made = add(customer, company=None)
    assert [made[k] for k in ("company", "line2", "region", "phone")] == [None] * 4


def test_a_guest_has_a_book(guest):
    assert add(guest)["is_default"] is True


def test_any_language(customer):
    made = add(customer, name="Жанна О’Нил", line1="東京都千代田区 1-1", city="Łódź")
    assert customer.get(f"/v1/me/addresses/{made['id']}").json() == made


def test_one_default_only(customer):
    first, second = add(customer), add(customer)
    assert first["is_default"] is True and second["is_default"] is False
    third = add(customer, is_default=True)
    assert third["is_default"] is True and defaults(customer) == [third["id"]]
    path = f"/v1/me/addresses/{second['id']}"
    assert customer.put(path, ADDRESS | {"is_default": True}).json()["is_default"] is True
    assert defaults(customer) == [second["id"]]
    assert customer.put(path, ADDRESS).json()["is_default"] is True
    assert customer.put(path, ADDRESS | {"is_default": False}).json()["is_default"] is False


def test_the_newest_follows_a_default_that_is_removed(customer):
    made = [add(customer) for _ in range(3)]
    assert customer.delete(f"/v1/me/addresses/{made[0]['id']}").status_code == 204
    assert defaults(customer) == [made[2]["id"]]
    assert customer.delete(f"/v1/me/addresses/{made[1]['id']}").status_code == 204
    assert defaults(customer) == [made[2]["id"]]


def test_parallel_firsts_make_one_default(customer):
    barrier = threading.Barrier(8)
    people = [customer.clone() for _ in range(8)]

    def run(person):
        barrier.wait()
        add(person, is_default=True)

    threads = [threading.Thread(target=run, args=(p,)) for p in people]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(book(customer)["data"]) == 8 and len(defaults(customer)) == 1


def test_put_replaces_all_members(customer):
    made = customer.post("/v1/me/addresses", WHOLE).json()
    answer = customer.put(f"/v1/me/addresses/{made['id']}", ADDRESS | {"city": "Potsdam"})
    assert answer.status_code == 200
    now = answer.json()
    assert now["city"] == "Potsdam" and now["company"] is None and now["id"] == made["id"]
    assert now["created_at"] == made["created_at"]
    assert book(customer)["data"] == [now]


def test_an_edit_writes_a_new_row(customer, db, stack):
    made = add(customer)
    account = customer.id.replace("-", "")
    customer.put(f"/v1/me/addresses/{made['id']}", ADDRESS | {"city": "Potsdam"})
    rows = db.rows("SELECT HEX(id) AS id, HEX(sealed) AS sealed FROM address"
                   f" WHERE account_id = UNHEX('{account}') ORDER BY id")
    ring = sealed.Ring(stack.env["MERX_KEYS"])
    assert [ring.address(r["id"], r["sealed"])["city"] for r in rows] == ["Berlin", "Potsdam"]


def test_remove(customer):
    made = add(customer)
    path = f"/v1/me/addresses/{made['id']}"
    assert customer.delete(path).status_code == 204
    problem(customer.get(path), 404, "not_found")
    problem(customer.delete(path), 404, "not_found")
    problem(customer.put(path, ADDRESS), 404, "not_found")
    assert book(customer)["data"] == []


def test_pages(customer):
    made = [add(customer, name=f"Number {i}") for i in range(7)]
    newest_first = [a["id"] for a in reversed(made)]
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = book(customer, limit=3, **({"cursor": cursor} if cursor else {}))
        found += [a["id"] for a in page["data"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert found == newest_first and pages == 3
    assert book(customer, limit=7)["next_cursor"] is None


@pytest.mark.parametrize("query", ("limit=0", "limit=101", "limit=x", "cursor=x", "cursor=%21"))
def test_bad_pages(customer, query):
    (found,) = faults(customer.get(f"/v1/me/addresses?{query}"))
    assert found[0] == query.split("=")[0]


def test_unknown_parameters(customer):
    found = faults(customer.get("/v1/me/addresses?page=2"))
    assert found == [("page", "unknown_parameter")]


def test_another_persons_entry_is_not_there(customer, guest):
    theirs = add(customer)
    path = f"/v1/me/addresses/{theirs['id']}"
    for answer, unknown in (
        (guest.get(path), guest.get(f"/v1/me/addresses/{UNKNOWN}")),
        (guest.put(path, ADDRESS), guest.put(f"/v1/me/addresses/{UNKNOWN}", ADDRESS)),
        (guest.delete(path), guest.delete(f"/v1/me/addresses/{UNKNOWN}")),
    ):
        one, other = problem(answer, 404, "not_found"), problem(unknown, 404, "not_found")
        del one["request_id"], other["request_id"]
        assert one == other
    assert customer.get(path).json() == theirs


@pytest.mark.parametrize("entry", ("1", "x", UNKNOWN.upper().replace("0189", "018A"), "%27"))
def test_what_is_no_id(customer, entry):
    problem(customer.get(f"/v1/me/addresses/{entry}"), 404, "not_found")


def test_needs_a_token(api):
    for answer in (api.get("/v1/me/addresses"), api.post("/v1/me/addresses", ADDRESS)):
        problem(answer, 401, "unauthorized")


def test_every_fault_is_told(customer):
    found = faults(customer.post("/v1/me/addresses", {"country": "XX", "zip": "1"}))
    assert [p for p, _ in found] == [
        "/city", "/country", "/line1", "/name", "/postal_code", "/zip",
    ]


@pytest.mark.parametrize(
    "member, value",
    (
        ("name", ""), ("name", "x" * 201), ("name", "a\nb"), ("name", None), ("name", 1),
        ("line1", "a\tb"), ("postal_code", "x" * 21), ("country", "DEU"), ("country", "de"),
        ("country", "ZZ"), ("phone", "none"), ("is_default", "yes"), ("is_default", 1),
        ("id", UNKNOWN), ("account_id", UNKNOWN), ("created_at", "2026-01-02T03:04:05.678Z"),
    ),
)
def test_bad_members(customer, member, value):
    found = faults(customer.post("/v1/me/addresses", ADDRESS | {member: value}))
    assert [p for p, _ in found] == [f"/{member}"]


def test_a_full_book(customer):
    for _ in range(100):
        add(customer)
    problem(customer.post("/v1/me/addresses", ADDRESS), 409, "conflict")
    assert len(book(customer, limit=100)["data"]) == 100


def test_markup_comes_back_as_it_was(customer):
    odd = "<img src=x onerror=alert(1)> '; DROP TABLE address; -- \" \\ {code}"
    made = add(customer, name=odd)
    assert made["name"] == odd


def test_the_same_key_adds_once(customer):
    answers = [customer.post("/v1/me/addresses", ADDRESS, key="book-1") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(book(customer)["data"]) == 1
