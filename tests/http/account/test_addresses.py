"""The address book."""
import threading

import pytest

import sealed
from client import ADDRESS, PASSWORD, faults, problem, unique_email

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
        "/city", "/country", "/line1", "/name", "/zip",
    ]


@pytest.mark.parametrize(
    "member, value",
    (
        ("name", ""), ("name", "x" * 201), ("name", "a\nb"), ("name", None), ("name", 1),
        ("line1", "a\tb"), ("postal_code", "x" * 21), ("country", "DEU"), ("country", "Germany"),
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


# ---- by country


@pytest.mark.parametrize("country, city", (("HK", "Hong Kong"), ("AE", "Dubai"), ("PA", "Panama"), ("IE", "Dublin")))
def test_a11_no_postal_code_where_there_is_none(customer, country, city):
    address = {"name": "Ada", "line1": "1 Queen's Road", "city": city, "country": country}
    for sent in (address, address | {"postal_code": None}):
        made = customer.post("/v1/me/addresses", sent)
        assert made.status_code == 201, made.text
        assert made.json()["postal_code"] is None
    cart = customer.put("/v1/cart/shipping-address", address)
    assert cart.status_code == 200 and cart.json()["shipping_address"]["postal_code"] is None


@pytest.mark.parametrize("country, missing", (
    ("DE", ["/postal_code"]), ("US", ["/postal_code", "/region"]), ("CA", ["/postal_code", "/region"]),
    ("AU", ["/postal_code", "/region"]), ("HK", [])))
def test_a11_what_a_country_needs(customer, country, missing):
    address = {"name": "Ada", "line1": "1 High Street", "city": "Springfield", "country": country}
    for answer in (customer.post("/v1/me/addresses", address),
                   customer.put("/v1/cart/shipping-address", address)):
        found = [] if answer.status_code < 300 else faults(answer)
        assert found == [(m, "required") for m in missing]
        assert not missing or {e["detail"] for e in answer.json()["errors"]} == {
            f"is required where country is {country}"}
    whole = address | {"postal_code": "12345", "region": "Illinois"}
    assert customer.post("/v1/me/addresses", whole).status_code == 201


def test_a11_forms_are_told(api):
    answer = api.get("/v1/countries")
    assert answer.status_code == 200 and "public" in answer.headers["Cache-Control"]
    rows = {c["code"]: c for c in answer.json()["data"]}
    assert len(rows) == 249 and list(rows) == sorted(rows)
    assert rows["DE"] == {"code": "DE", "name": "Germany", "postal_code": "required", "region": "none"}
    assert (rows["HK"]["postal_code"], rows["AE"]["postal_code"], rows["IE"]["postal_code"]) == (
        "none", "none", "optional")
    assert {c for c, row in rows.items() if row["region"] == "required"} >= {"US", "CA", "AU"}


# ---- as people and their devices write it


def test_a21_phones_with_marks(customer):
    made = add(customer, phone="\u202a+49\u00a030\u2011123456\u202c")
    assert made["phone"] == "+49 30-123456"
    (found,) = faults(customer.post("/v1/me/addresses", ADDRESS | {"phone": "call me"}))
    assert found == ("/phone", "bad_format")
    assert customer.patch("/v1/me", {"phone": "\u00a0+49\u00a030 1\u00a0"}).json()["phone"] == "+49 30 1"


def test_a21_names_with_isolates(customer):
    assert add(customer, name="\u2068Ada Lovelace\u2069")["name"] == "Ada Lovelace"
    assert customer.patch("/v1/me", {"name": "\u2066\u202bAda\u202c\u2069"}).json()["name"] == "Ada"
    refused = customer.patch("/v1/me", {"name": "Ada \u202egnik"})
    assert faults(refused) == [("/name", "bad_format")]


def test_a21_a_country_by_its_name(customer):
    answer = customer.post("/v1/me/addresses", ADDRESS | {"country": "Germany"})
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/country", "bad_format")
    assert "DE" in fault["detail"] and "ISO 3166-1" in fault["detail"]
    assert add(customer, country="de")["country"] == "DE"


@pytest.mark.parametrize("sent, kept", (("en_US", "en-US"), ("DE", "de"), ("zh-hant_tw", "zh-Hant-TW")))
def test_a21_locales_of_platforms(customer, sent, kept):
    assert customer.patch("/v1/me", {"locale": sent}).json()["locale"] == kept


def test_a21_a_mailbox_at_a_domain_of_any_script(api, mailbox):
    """One mailbox: the form that mail servers take is compared, kept and written to."""
    local = unique_email().partition("@")[0]
    spellings = [f"{local}@b\u00fccher.example", f"{local.upper()}@BU\u0308CHER.example",
                 f"{local}@xn--bcher-kva.example"]
    sent = {"email": spellings[0], "password": PASSWORD, "name": "Ada"}
    asked = api.post("/v1/auth/register", sent)
    assert asked.status_code == 202, asked.text
    proof = {"email": spellings[1], "code": mailbox.code(spellings[2])} | {
        k: v for k, v in asked.json().items() if k == "handle"}
    assert api.post("/v1/auth/verify", proof).json()["user"]["email"] == spellings[2]
    for spelling in spellings:
        assert api.login(spelling).user["email"] == spellings[2]
    (found,) = faults(api.post("/v1/auth/login", {"email": "b\u00fccher@example.com", "password": "x"}))
    assert found == ("/email", "bad_format")
