"""Staff: products and stock. Permitted writes, by whom, what they change, and what the ledger and
the audit log say afterwards."""
import concurrent.futures
import hashlib
import json
import re
import uuid

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from client import faults, problem, unique_email, unique_key
from shop import assert_ledger, make_product, stock_of, variant_ids

PRODUCTS = "/v1/admin/products"
ADJUST = "/v1/admin/stock/adjustments"
UNKNOWN = "01920000-0000-7000-8000-000000000000"


def eur(amount):
    return {"amount": amount, "currency": "EUR"}


def name():
    return uuid.uuid4().hex[:12]


def shirt(**more):
    """A product with two options and four variants."""
    sku = name()
    return {
        "title": f"Shirt {sku}",
        "description": "A shirt.\nWith a collar.",
        "brand": "Tailor",
        "status": "active",
        "category_slugs": ["outdoor-clothing"],
        "options": [
            {"name": "Size", "values": ["S", "M"]},
            {"name": "Colour", "values": ["Red", "Blue"]},
        ],
        "attributes": {"material": "Cotton", "fit/cut": "Wide"},
        "variants": [
            {
                "sku": f"{sku}-{s}{c[0]}",
                "options": {"Size": s, "Colour": c},
                "price": eur(2000 if s == "S" else 2500),
                "compare_at_price": eur(3000),
                "weight_grams": 180,
                "stock": 4,
            }
            for s in "SM"
            for c in ("Red", "Blue")
        ],
    } | more


def create(staff, body):
    made = staff.post(PRODUCTS, body)
    assert made.status_code == 201, made.text
    return made.json()


def change(staff, product, body, version=None):
    headers = {"If-Match": f'"{version}"'} if version is not None else {}
    return staff.patch(f"{PRODUCTS}/{product['id']}", body, headers=headers)


def changed(staff, product, body):
    answer = change(staff, product, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def audit(db, object_id):
    """Rows of the audit log on an object, oldest first."""
    key = object_id.replace("-", "")
    return db.rows(
        "SELECT HEX(actor_id) AS actor, action, object_type, before_json, after_json, request_id"
        f" FROM audit_log WHERE object_id = UNHEX('{key}') ORDER BY id"
    )


@pytest.fixture(scope="session")
def colleague(stack, api):
    """colleague("warehouse"): somebody with that role."""
    known = {}

    def sign_in(role):
        if role not in known:
            address, password = unique_email(), "a-Long-enough-secret-7"
            stack.merx("demo", "--staff-email", address, "--staff-role", role,
                       demo_staff_password=password)
            known[role] = api.login(address, password)
        return known[role]

    return sign_in


# ---- create


def test_a_new_product(staff):
    body = shirt()
    made = staff.post(PRODUCTS, body)
    assert made.status_code == 201, made.text
    product = made.json()
    assert made.headers["Location"].endswith(f"{PRODUCTS}/{product['id']}")
    assert made.headers["ETag"] == '"1"' and made.headers["Cache-Control"] == "no-store"
    assert product["version"] == 1 and product["status"] == "active"
    assert product["tax_class"] == "standard"
    for member in ("title", "description", "brand", "options", "attributes"):
        assert product[member] == body[member]
    assert product["price"] == eur(2000) and product["price_max"] == eur(2500)
    assert product["compare_at_price"] == eur(3000) and product["in_stock"] is True
    assert [c["slug"] for c in product["categories"]] == ["outdoor-clothing"]
    assert [v["title"] for v in product["variants"]] == [
        "S / Red", "S / Blue", "M / Red", "M / Blue"]
    for variant, sent in zip(product["variants"], body["variants"]):
        for member in ("sku", "options", "price", "compare_at_price", "weight_grams", "stock"):
            assert variant[member] == sent[member]
        assert (variant["reserved"], variant["available"]) == (0, 4)
    assert staff.get(f"{PRODUCTS}/{product['id']}").json() == product


def test_the_least_that_makes_a_product(staff, api):
    title = f"Ärmel & Söhne {name()}"
    product = create(staff, {"title": title, "variants": [{"sku": name(), "price": eur(0)}]})
    assert product["status"] == "draft" and product["description"] == ""
    assert product["brand"] is None and product["options"] == [] and product["attributes"] == {}
    assert product["slug"] == "armel-sohne-" + title.split()[-1]
    assert product["variants"][0]["stock"] == 0 and product["variants"][0]["title"] == ""
    problem(api.get(f"/v1/products/{product['id']}"), 404, "not_found")


def test_a_made_slug_gives_way(staff):
    title = f"Twice {name()}"
    one, two = (
        create(staff, {"title": title, "variants": [{"sku": name(), "price": eur(1)}]})
        for _ in range(2)
    )
    assert one["slug"] != two["slug"] and two["slug"].startswith(one["slug"])


def test_a_title_without_letters_has_a_slug(staff):
    product = create(staff, {"title": "\u2605", "variants": [{"sku": name(), "price": eur(1)}]})
    assert re.match(r"product-[0-9a-f]{8}$", product["slug"])


def test_options_are_made_of_the_choices(staff):
    sku = name()
    variants = [
        {"sku": f"{sku}-{i}", "price": eur(1), "options": {"Size": s, "Wood": w}}
        for i, (s, w) in enumerate([("L", "Oak"), ("S", "Oak"), ("S", "Ash")])
    ]
    product = create(staff, {"title": "Stool", "variants": variants})
    assert product["options"] == [
        {"name": "Size", "values": ["L", "S"]}, {"name": "Wood", "values": ["Oak", "Ash"]}]


def test_media(staff):
    media = [{"url": "https://cdn.example/1.jpg", "alt": "Front", "width": 800, "height": 600},
             {"url": "/media/2.jpg"}]
    product = create(staff, shirt(media=media))
    assert product["thumbnail"] == media[0]["url"]
    assert product["media"] == [media[0], {"url": "/media/2.jpg", "alt": None, "width": None,
                                           "height": None}]
    assert changed(staff, product, {"media": []})["thumbnail"] is None
    bad = staff.post(PRODUCTS, shirt(media=[{"url": "javascript:alert(1)"}]))
    assert faults(bad) == [("/media/0/url", "bad_format")]


@pytest.mark.parametrize(
    "change_of, want",
    [
        ({"title": ""}, [("/title", None)]),
        ({"title": "x" * 201}, [("/title", None)]),
        ({"title": None}, [("/title", "wrong_type")]),
        ({"slug": "Not A Slug"}, [("/slug", "bad_format")]),
        ({"status": "sold"}, [("/status", None)]),
        ({"nonsense": 1}, [("/nonsense", "unknown_member")]),
        ({"variants": []}, [("/variants", None)]),
        ({"variants": [{"sku": "a b", "price": eur(1)}]}, [("/variants/0/sku", "bad_format")]),
        ({"options": [], "variants": [{"sku": "x1"}]}, [("/variants/0/price", "required")]),
        ({"options": [], "variants": [{"sku": "x1", "price": eur(-1)}]},
         [("/variants/0/price/amount", "out_of_range")]),
        ({"options": [], "variants": [{"sku": "x1", "price": {"amount": 1.5, "currency": "EUR"}}]},
         [("/variants/0/price/amount", "wrong_type")]),
        ({"options": [], "variants": [{"sku": "x1", "price": {"amount": 1, "currency": "USD"}}]},
         [("/variants/0/price/currency", "wrong_currency")]),
        ({"options": [], "variants": [{"sku": "x1", "price": eur(1)}] * 2},
         [("/variants/1/sku", "repeated")]),
        ({"options": [], "variants": [{"sku": "x1", "price": eur(1), "stock": -1}]},
         [("/variants/0/stock", "out_of_range")]),
        ({"options": [{"name": "Size", "values": []}]}, [("/options/0/values", None)]),
        ({"category_slugs": ["tents", "no-such"]}, [("/category_slugs/1", "unknown_value")]),
        ({"attributes": {"a~/" * 22: "x"}}, [("/attributes/" + "a~0~1" * 22, "too_long")]),
        ({"attributes": {"a": 1}}, [("/attributes/a", "wrong_type")]),
    ],
)
def test_a_faulty_product(staff, change_of, want):
    found = faults(staff.post(PRODUCTS, shirt() | change_of))
    assert [w for w, _ in found] == [w for w, _ in want], found
    assert all(code is None or code == f[1] for f, (_, code) in zip(found, want)), found


def test_another_currency_is_told_the_shop_s(staff, api):
    body = shirt()
    body["variants"][0]["price"]["currency"] = "USD"
    for answer in (staff.post(PRODUCTS, body), api.get("/v1/products?currency=USD")):
        (fault,) = problem(answer, 422, "validation_failed")["errors"]
        assert (fault["detail"], fault["params"]) == ("must be EUR", {"allowed": ["EUR"]})


def test_all_faults_at_once(staff):
    body = shirt(slug="Ö", status="?", brand="x" * 121)
    del body["title"]
    body["variants"][2]["price"] = 5
    assert [w for w, _ in faults(staff.post(PRODUCTS, body))] == [
        "/brand", "/slug", "/status", "/title", "/variants/2/price"]


def test_choices_must_fit_the_options(staff):
    body = shirt()
    body["variants"][0]["options"] = {"Size": "XL", "Colour": "Red"}
    body["variants"][1]["options"] = {"Size": "S"}
    body["variants"][2]["options"] = {"Size": "M", "Colour": "Blue", "Cut": "Wide"}
    assert faults(staff.post(PRODUCTS, body)) == [
        ("/variants/0/options", "unknown_value"),
        ("/variants/1/options", "required"),
        ("/variants/2/options", "unknown_value"),
        ("/variants/3/options", "repeated"),
    ]


def test_slugs_and_article_numbers_are_unique(staff, db):
    first = create(staff, shirt(slug=f"s-{name()}"))
    body = shirt(slug=first["slug"])
    body["variants"][1]["sku"] = first["variants"][3]["sku"]
    before = db.value("SELECT COUNT(*) FROM product")
    answer = problem(staff.post(PRODUCTS, body), 409, "conflict")
    assert sorted((f["pointer"], f["code"]) for f in answer["errors"]) == [
        ("/slug", "taken"), ("/variants/1/sku", "taken")]
    assert db.value("SELECT COUNT(*) FROM product") == before


def test_two_at_once_cannot_share_an_article_number(staff, db):
    body = {"title": "Race", "variants": [{"sku": name(), "price": eur(1)}]}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        people = [staff.clone() for _ in range(6)]
        codes = sorted(pool.map(lambda p: p.post(PRODUCTS, body).status_code, people))
    assert codes == [201] + [409] * 5
    sku = body["variants"][0]["sku"]
    assert db.value(f"SELECT COUNT(*) FROM variant WHERE sku = '{sku}'") == "1"


def test_a_key_makes_one_product(staff):
    body, key = shirt(), unique_key()
    first = staff.post(PRODUCTS, body, key=key)
    again = staff.post(PRODUCTS, body, key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true" and again.json() == first.json()


# ---- change


def test_only_what_is_sent_changes(staff):
    product = create(staff, shirt())
    for body in (
        {"title": "Other"}, {"description": ""}, {"brand": None}, {"brand": "Else"},
        {"status": "draft"}, {"tax_class": "reduced"}, {"attributes": {"b": "2", "a": "1"}},
        {"slug": f"s-{name()}"},
    ):
        after = changed(staff, product, body)
        want = product | body | {"version": product["version"] + 1,
                                 "updated_at": after["updated_at"]}
        assert after == want
        product = after


def test_categories_are_replaced(staff, api):
    product = create(staff, shirt(category_slugs=["tents", "hiking"]))
    after = changed(staff, product, {"category_slugs": ["knives"]})
    assert [c["slug"] for c in after["categories"]] == ["knives"]
    word = product["title"].split()[-1]
    for slug, n in (("kitchen", 1), ("outdoor", 0), ("tents", 0)):
        found = api.get(f"/v1/products?q={word}&category={slug}").json()["data"]
        assert len(found) == n
    assert changed(staff, product, {"category_slugs": []})["categories"] == []


def test_attributes_are_replaced(staff, api):
    batch = name()
    product = create(staff, shirt(attributes={"batch": batch, "old": "1"}))
    changed(staff, product, {"attributes": {"batch": batch, "new": "2"}})
    found = lambda query: len(api.get(f"/v1/products?{query}").json()["data"])
    assert found(f"attr.batch={batch}&attr.new=2") == 1
    assert found(f"attr.batch={batch}&attr.old=1") == 0


def test_text_has_one_normal_form(staff, api):
    """A10: what differs by blanks at its ends, or by how accents are written, is one."""
    batch = name()
    for text in ("Ro\u0301t", " R\u00f3t", "R\u00f3t\u00a0"):
        create(staff, shirt(title=f" {text.strip()} {batch}\u3000", brand=text,
                            attributes={"batch": batch, f"{text} ": text}))
    page = api.get(f"/v1/products?attr.batch={batch}&attr.R%C3%B3t=%20Ro%CC%81t&facets=true").json()
    assert [p["title"] for p in page["data"]] == [f"R\u00f3t {batch}"] * 3
    assert page["facets"]["brands"] == [{"value": "R\u00f3t", "count": 3}]
    assert page["facets"]["attributes"] == [
        {"name": "R\u00f3t", "values": [{"value": "R\u00f3t", "count": 3}]},
        {"name": "batch", "values": [{"value": batch, "count": 3}]}]
    twice = staff.post(PRODUCTS, shirt(attributes={"a": "1", "a ": "2"}))
    assert faults(twice) == [("/attributes/a ", "repeated")]


def test_words_follow_every_change(staff, api):
    product = create(staff, shirt())
    old = product["title"].split()[-1]
    found = lambda q: [c["id"] for c in api.get(f"/v1/products?q={q}").json()["data"]]
    words = [name() for _ in range(5)]
    changed(staff, product, {"title": words[0], "brand": words[1], "description": words[2],
                             "attributes": {"x": words[3]}})
    changed(staff, product, {"variants": [{"sku": words[4], "price": eur(1),
                                           "options": {"Size": "S", "Colour": "Red"}}]})
    for word in words:
        assert found(word) == [product["id"]]
    assert found(old) == []


def test_variants_go_by_article_number(staff, api, db):
    product = create(staff, shirt())
    a, b, c, d = product["variants"]
    new = name()
    after = changed(staff, product, {"variants": [
        {"sku": new, "options": {"Size": "L", "Colour": "Red"}, "price": eur(2700), "stock": 1},
        {"sku": c["sku"], "price": eur(2600), "compare_at_price": None},
        {"sku": a["sku"], "weight_grams": None, "title": "The small one"},
    ]})
    assert [v["sku"] for v in after["variants"]] == [new, c["sku"], a["sku"]]
    assert after["options"][0]["values"] == ["S", "M", "L"]
    assert after["variants"][1] == c | {"price": eur(2600), "compare_at_price": None}
    assert after["variants"][2] == a | {"weight_grams": None, "title": "The small one"}
    assert after["price"] == eur(2000) and after["price_max"] == eur(2700)
    public = api.get(f"/v1/products/{product['id']}").json()
    assert [v["sku"] for v in public["variants"]] == [new, c["sku"], a["sku"]]
    again = changed(staff, product, {"variants": [{"sku": b["sku"]}, {"sku": d["sku"]}]})
    assert [v["id"] for v in again["variants"]] == [b["id"], d["id"]]
    assert [v["title"] for v in again["variants"]] == ["S / Blue", "M / Blue"]
    for variant in [*product["variants"], after["variants"][0]]:
        assert_ledger(db, variant["id"])


def test_options_change_with_their_variants(staff):
    product = create(staff, shirt())
    few = {"options": [{"name": "Size", "values": ["S", "M"]}]}
    answer = change(staff, product, few)
    assert {w for w, _ in faults(answer)} == {"/options"}
    more = {"options": [{"name": "Size", "values": ["XS", "S", "M"]}, product["options"][1]]}
    assert changed(staff, product, more)["options"] == more["options"]
    both = few | {"variants": [
        {"sku": v["sku"], "options": {"Size": s}} for v, s in zip(product["variants"], "SM")]}
    after = changed(staff, product, both)
    assert after["options"] == few["options"]
    assert [v["options"] for v in after["variants"]] == [{"Size": "S"}, {"Size": "M"}]
    assert [v["title"] for v in after["variants"]] == ["S", "M"]


def test_a_new_variant_needs_a_price(staff):
    product = create(staff, shirt())
    answer = change(staff, product, {"variants": [
        {"sku": name(), "options": {"Size": "S", "Colour": "Red"}}]})
    assert faults(answer) == [("/variants/0/price", "required")]


def test_a_change_cannot_take_what_others_have(staff):
    one, two = create(staff, shirt()), create(staff, shirt())
    problem(change(staff, two, {"slug": one["slug"]}), 409, "conflict")
    answer = change(staff, two, {"variants": [
        {"sku": one["variants"][0]["sku"], "price": eur(1),
         "options": {"Size": "S", "Colour": "Red"}}]})
    assert problem(answer, 409, "conflict")["errors"][0]["pointer"] == "/variants/0/sku"
    assert changed(staff, one, {"slug": one["slug"]})["slug"] == one["slug"]
    assert staff.get(f"{PRODUCTS}/{two['id']}").json() == two


@pytest.mark.parametrize("tag", ['"2"', '"01"', '"x"', "7"])
def test_a_stale_version(staff, tag):
    product = create(staff, shirt())
    answer = staff.patch(f"{PRODUCTS}/{product['id']}", {"title": "No"}, headers={"If-Match": tag})
    assert problem(answer, 412, "version_conflict")["params"] == {"version": 1}
    answer = staff.delete(f"{PRODUCTS}/{product['id']}", headers={"If-Match": tag})
    problem(answer, 412, "version_conflict")
    assert staff.get(f"{PRODUCTS}/{product['id']}").json() == product


def test_the_right_version(staff):
    product = create(staff, shirt())
    answer = change(staff, product, {"title": "One"}, 1)
    assert answer.status_code == 200 and answer.headers["ETag"] == '"2"'
    assert change(staff, product, {"title": "Two"}, 2).json()["version"] == 3
    answer = staff.patch(f"{PRODUCTS}/{product['id']}", {"title": "Any"}, headers={"If-Match": "*"})
    assert answer.json()["version"] == 4


@pytest.mark.parametrize("tag", ['W/"1"', '"9", "1"', 'W/"7" , W/"1"'])
def test_weak_tags_and_lists_name_versions(staff, tag):
    """A7"""
    product = create(staff, shirt())
    answer = staff.patch(f"{PRODUCTS}/{product['id']}", {"title": "Saved"},
                         headers={"If-Match": tag})
    assert answer.status_code == 200 and answer.headers["ETag"] == '"2"'
    problem(staff.delete(f"{PRODUCTS}/{product['id']}", headers={"If-Match": tag}),
            412, "version_conflict")


def test_a_version_is_no_reason_to_send_nothing(staff):
    """J5: the stock changes without the version."""
    product = create(staff, shirt())
    path = f"{PRODUCTS}/{product['id']}"
    variant = product["variants"][0]["id"]
    assert staff.post(ADJUST, {"variant_id": variant, "delta": 3, "reason": "count"}).ok
    answer = staff.get(path, headers={"If-None-Match": '"1"'})
    assert answer.status_code == 200 and answer.headers["ETag"] == '"1"'
    assert answer.json()["variants"][0]["stock"] == 7


def test_one_of_many_changes_of_a_version_wins(staff, db):
    product = create(staff, shirt())
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        people = [staff.clone() for _ in range(6)]
        codes = sorted(pool.map(
            lambda p: change(p, product, {"description": name()}, 1).status_code, people))
    assert codes == [200] + [412] * 5
    assert len(audit(db, product["id"])) == 2


def test_unknown_products(staff):
    for answer in (
        staff.get(f"{PRODUCTS}/{UNKNOWN}"), staff.patch(f"{PRODUCTS}/{UNKNOWN}", {"title": "x"}),
        staff.delete(f"{PRODUCTS}/{UNKNOWN}"), staff.get(f"{PRODUCTS}/nonsense"),
    ):
        problem(answer, 404, "not_found")


def test_archive(staff, api, db):
    product = create(staff, shirt())
    answer = staff.delete(f"{PRODUCTS}/{product['id']}", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.content) == (204, b"")
    problem(api.get(f"/v1/products/{product['slug']}"), 404, "not_found")
    left = staff.get(f"{PRODUCTS}/{product['id']}").json()
    assert left["status"] == "archived" and left["version"] == 2
    assert staff.delete(f"{PRODUCTS}/{product['id']}").status_code == 204
    assert [row["action"] for row in audit(db, product["id"])] == [
        "product.create", "product.archive"]


# ---- list


def test_the_staff_list(staff):
    word = name()
    made = [create(staff, shirt(title=f"{word} {s}", status=s))
            for s in ("draft", "active", "archived", "active")]
    page = staff.get(f"{PRODUCTS}?q={word}").json()
    assert [p["id"] for p in page["data"]] == [p["id"] for p in made[::-1]]
    assert page["data"][0]["status"] == "active" and page["data"][0]["version"] == 1
    page = staff.get(f"{PRODUCTS}?q={word}&status=active&limit=1").json()
    rest = staff.get(f"{PRODUCTS}?q={word}&status=active&cursor={page['next_cursor']}").json()
    assert [p["id"] for p in page["data"] + rest["data"]] == [made[3]["id"], made[1]["id"]]
    assert rest["next_cursor"] is None
    newest = staff.get(f"{PRODUCTS}?limit=2").json()
    assert [p["id"] for p in newest["data"]] == [made[3]["id"], made[2]["id"]]
    assert faults(staff.get(f"{PRODUCTS}?status=x&limit=0")) == [
        ("limit", "out_of_range"), ("status", faults(staff.get(f"{PRODUCTS}?status=x"))[0][1])]


def test_a_walk_through_all_products(staff):
    def walk(limit):
        found, cursor = [], ""
        while True:
            page = staff.get(f"{PRODUCTS}?limit={limit}{cursor}").json()
            found += [p["id"] for p in page["data"]]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    everything = walk(100)
    assert walk(17) == everything == sorted(set(everything), reverse=True)


def test_a_former_price_is_not_below_the_price(staff):
    """Of a new variant, and of one whose price alone is changed."""
    sent = {"sku": f"S-{unique_key()}"[:40], "price": eur(100), "compare_at_price": eur(99)}
    body = {"title": "Cheap", "variants": [sent]}
    assert faults(staff.post("/v1/admin/products", body)) == [("/variants/0/compare_at_price", "out_of_range")]
    made = staff.post("/v1/admin/products", body | {"variants": [sent | {"compare_at_price": eur(100)}]}).json()
    path, dearer = f"/v1/admin/products/{made['id']}", {"id": made["variants"][0]["id"], "price": eur(101)}
    assert faults(staff.patch(path, {"variants": [dearer]})) == [("/variants/0/compare_at_price", "out_of_range")]
    assert staff.patch(path, {"variants": [dearer | {"compare_at_price": None}]}).status_code == 200


# ---- stock


def test_an_adjustment(staff, db):
    product = make_product(staff, stock=10)
    (variant,) = variant_ids(product)
    moved = staff.post(ADJUST, {"variant_id": variant, "delta": -3, "reason": "broken"})
    assert moved.status_code == 201
    assert moved.json() == {"variant_id": variant, "sku": product["variants"][0]["sku"],
                            "on_hand": 7, "reserved": 0, "available": 7, "version": 2}
    counted = staff.post(ADJUST, {"variant_id": variant, "set_to": 42, "reason": "counted"})
    assert counted.json()["on_hand"] == 42
    assert_ledger(db, variant)
    key = variant.replace("-", "")
    assert [tuple(r.values()) for r in db.rows(
        "SELECT kind, on_hand, reserved, reason FROM stock_move"
        f" WHERE variant_id = UNHEX('{key}') ORDER BY created_at, kind, cause_id")] == [
            ("0", "10", "0", "opening"), ("1", "-3", "0", "broken"), ("1", "35", "0", "counted")]
    last = audit(db, variant)[-1]
    assert last["action"] == "stock.adjust" and last["actor"].lower() == staff.id.replace("-", "")
    assert json.loads(last["before_json"])["on_hand"] == 7
    assert json.loads(last["after_json"]) == {"on_hand": 42, "reserved": 0, "reason": "counted"}


@pytest.mark.parametrize(
    "body, want",
    [
        ({"reason": "x"}, [("/delta", "required")]),
        ({"delta": 1, "set_to": 1, "reason": "x"}, [("/delta", "unknown_member")]),
        ({"delta": 1}, [("/reason", "required")]),
        ({"delta": 1, "reason": ""}, [("/reason", "out_of_range")]),
        ({"set_to": -1, "reason": "x"}, [("/set_to", "out_of_range")]),
        ({"delta": 1.5, "reason": "x"}, [("/delta", "wrong_type")]),
        ({"delta": 2000000000, "reason": "x"}, [("/delta", "out_of_range")]),
    ],
)
def test_a_faulty_adjustment(staff, body, want):
    (variant,) = variant_ids(make_product(staff))
    found = faults(staff.post(ADJUST, {"variant_id": variant} | body))
    assert [w for w, _ in found] == [w for w, _ in want], found


def test_an_adjustment_of_nothing(staff):
    answer = staff.post(ADJUST, {"variant_id": UNKNOWN, "delta": 1, "reason": "x"})
    assert faults(answer) == [("/variant_id", "unknown_value")]
    answer = staff.post(ADJUST, {"variant_id": "nonsense", "delta": 1, "reason": "x"})
    assert [w for w, _ in faults(answer)] == ["/variant_id"]


@pytest.mark.parametrize("change", [{"delta": 0}, {"set_to": 4}], ids=repr)
def test_an_adjustment_that_changes_nothing_writes_nothing(staff, db, change):
    (variant,) = variant_ids(make_product(staff, stock=4))
    answer = staff.post(ADJUST, {"variant_id": variant, "reason": "x"} | change)
    assert answer.status_code == 201
    assert (answer.json()["on_hand"], answer.json()["version"], answer.headers["ETag"]) == (4, 1, '"1"')
    assert stock_of(db, variant)["on_hand"] == 4 and not audit(db, variant)
    assert_ledger(db, variant)


def test_an_adjustment_of_a_version(staff, db):
    """A count of what somebody else has changed meanwhile."""
    (variant,) = variant_ids(make_product(staff, stock=4))
    counted = {"variant_id": variant, "set_to": 9, "reason": "counted"}
    assert staff.post(ADJUST, {"variant_id": variant, "delta": 1, "reason": "x"}).json()["version"] == 2
    stale = problem(staff.post(ADJUST, counted, headers={"If-Match": '"1"'}), 412, "version_conflict")
    assert stale["params"] == {"version": 2} and stock_of(db, variant)["on_hand"] == 5
    done = staff.post(ADJUST, counted, headers={"If-Match": '"2"'})
    assert (done.status_code, done.json()["on_hand"], done.headers["ETag"]) == (201, 9, '"3"')
    assert_ledger(db, variant)


def test_never_below_zero(staff, db):
    (variant,) = variant_ids(make_product(staff, stock=2))
    answer = staff.post(ADJUST, {"variant_id": variant, "delta": -3, "reason": "x"})
    body = problem(answer, 409, "conflict")
    sku = body["params"]["sku"]
    assert body["params"] == {"sku": sku, "on_hand": 2, "reserved": 0}
    assert body["detail"] == (f"{sku} has 2 units on hand, of which 0 are reserved; the level cannot"
                              " become -1.")
    assert stock_of(db, variant)["on_hand"] == 2
    assert_ledger(db, variant)


def test_never_below_what_is_promised(staff, customer, db):
    product = make_product(staff, stock=5)
    (variant,) = variant_ids(product)
    customer.fill_cart(variant, 3)
    assert customer.checkout().status_code == 201
    for body in ({"set_to": 2}, {"delta": -3}):
        answer = staff.post(ADJUST, {"variant_id": variant, "reason": "x"} | body)
        problem(answer, 409, "conflict")
    assert staff.post(ADJUST, {"variant_id": variant, "set_to": 3, "reason": "x"}).json()[
        "available"] == 0
    assert stock_of(db, variant)["reserved"] == 3
    assert_ledger(db, variant)


def test_adjustments_at_once_add_up(staff, db):
    (variant,) = variant_ids(make_product(staff, stock=0))
    body = {"variant_id": variant, "delta": 1, "reason": "found"}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        people = [staff.clone() for _ in range(8)]
        codes = list(pool.map(lambda i: people[i % 8].post(ADJUST, body).status_code, range(40)))
    assert codes == [201] * 40
    assert stock_of(db, variant)["on_hand"] == 40
    assert_ledger(db, variant)
    assert len(audit(db, variant)) == 40


def test_a_key_adjusts_once(staff, db):
    (variant,) = variant_ids(make_product(staff, stock=1))
    body, key = {"variant_id": variant, "delta": 5, "reason": "found"}, unique_key()
    for _ in range(3):
        assert staff.post(ADJUST, body, key=key).json()["on_hand"] == 6
    assert stock_of(db, variant)["on_hand"] == 6
    problem(staff.post(ADJUST, body | {"delta": 6}, key=key), 422, "idempotency_key_reused")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(st.sampled_from(["delta", "set_to"]),
                                st.integers(-6, 12)), max_size=8))
def test_ledger_and_counters_agree_whatever_happens(staff, db, steps):
    product = make_product(staff, stock=4)
    (variant,) = variant_ids(product)
    level = 4
    for how, n in steps:
        body = {"variant_id": variant, how: n if how == "delta" else abs(n), "reason": "x"}
        after = level + n if how == "delta" else abs(n)
        answer = staff.post(ADJUST, body)
        assert answer.status_code == (201 if after >= 0 else 409)
        level = after if after >= 0 else level
    assert assert_ledger(db, variant)["on_hand"] == level


def test_the_stock_list(staff):
    product = make_product(staff, stock=3, variants=2)
    first = product["variants"][0]
    want = {"variant_id": first["id"], "sku": first["sku"], "on_hand": 3, "reserved": 0,
            "available": 3, "version": 1}
    for query in (f"variant_id={first['id']}", f"sku={first['sku']}"):
        assert staff.get(f"/v1/admin/stock?{query}").json() == {"data": [want],
                                                                "next_cursor": None}
    for query in (f"variant_id={UNKNOWN}", f"sku={name()}",
                  f"sku={first['sku']}&variant_id={product['variants'][1]['id']}"):
        assert staff.get(f"/v1/admin/stock?{query}").json()["data"] == []
    assert [w for w, _ in faults(staff.get("/v1/admin/stock?variant_id=x&limit=0"))] == [
        "limit", "variant_id"]


def test_a_walk_through_the_stock(staff, db):
    found, cursor = [], ""
    while True:
        page = staff.get(f"/v1/admin/stock?limit=100{cursor}").json()
        found += [s["variant_id"] for s in page["data"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == sorted(set(found))
    assert len(found) == int(db.value("SELECT COUNT(*) FROM stock"))


def test_stock_that_runs_low_is_told(staff, api):
    product = make_product(staff, stock=6)
    (variant,) = variant_ids(product)
    hint = lambda: api.get(f"/v1/products/{product['id']}").json()["variants"][0]["stock_hint"]
    for level, want in ((6, "in_stock"), (5, "low"), (1, "low"), (0, "out_of_stock")):
        staff.post(ADJUST, {"variant_id": variant, "set_to": level, "reason": "x"})
        assert hint() == want


# ---- audit


@pytest.mark.req("AUD-1")
def test_every_write_is_in_the_audit_log(staff, db):
    product = create(staff, shirt())
    request = uuid.uuid4().hex
    after = staff.patch(f"{PRODUCTS}/{product['id']}", {"title": "After", "brand": None},
                        headers={"X-Request-Id": request})
    assert after.status_code == 200
    created, updated = audit(db, product["id"])
    assert (created["action"], updated["action"]) == ("product.create", "product.update")
    assert created["before_json"] is None and updated["request_id"] == request
    assert {r["actor"].lower() for r in (created, updated)} == {staff.id.replace("-", "")}
    before, after = json.loads(updated["before_json"]), json.loads(updated["after_json"])
    assert before == {"title": product["title"], "brand": "Tailor", "version": 1}
    assert after == {"title": "After", "brand": None, "version": 2}
    first = json.loads(created["after_json"])
    assert [v["sku"] for v in first["variants"]] == [v["sku"] for v in product["variants"]]
    assert first["variants"][0]["stock"] == 4 and first["category_slugs"] == ["outdoor-clothing"]


@pytest.mark.req("AUD-1")
def test_the_audit_log_has_what_changed(staff, db):
    """Of variants, too: those that changed, came or went, and of each what did."""
    product = create(staff, shirt())
    a, b, c, d = product["variants"]
    new = name()
    changed(staff, product, {"variants": [
        {"id": a["id"]}, {"id": b["id"], "price": eur(1), "metadata": {"x": 1}}, {"id": c["id"]},
        {"sku": new, "price": eur(3), "options": d["options"]}]})
    row = audit(db, product["id"])[-1]
    before, after = json.loads(row["before_json"]), json.loads(row["after_json"])
    assert before.keys() == after.keys() == {"variants", "version"}
    was, gone = before["variants"]
    assert was == {"id": b["id"], "price": b["price"]["amount"], "metadata": {}}
    assert gone["id"] == d["id"] and gone["sku"] == d["sku"] and len(gone) == 11
    now, made = after["variants"]
    assert now == {"id": b["id"], "price": 1, "metadata": {"x": 1}}
    assert made["sku"] == new and len(made) == 11


@pytest.mark.req("AUD-1")
def test_an_audit_row_of_a_large_product_is_small(staff, db):
    """A change of little, and one of more than a row has room for."""
    product = make_product(staff, variants=24)
    filled = [{"id": v["id"], "metadata": {"a": "x" * 16000}} for v in product["variants"]]
    for i in range(0, len(filled), 3):
        assert changed(staff, product, {"variants": [
            sent if i <= k < i + 3 else {"id": sent["id"]} for k, sent in enumerate(filled)]})
    changed(staff, product, {"title": "Small"})
    changed(staff, product, {"variants": [{"id": v["id"], "metadata": None} for v in product["variants"]]})
    *_, small, large = audit(db, product["id"])
    assert json.loads(small["after_json"]) == {"title": "Small", "version": 10}
    assert len(large["before_json"]) < 128 << 10 and len(large["after_json"]) < 8 << 10
    values = [v["metadata"] for v in json.loads(large["before_json"])["variants"]]
    text = json.dumps(filled[0]["metadata"], separators=(",", ":"))
    digest = {"bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert len(values) == 24 and values[0] == filled[0]["metadata"] and values[-1] == digest


@pytest.mark.req("AUD-1")
def test_what_failed_is_not_in_the_audit_log(staff, db):
    product = make_product(staff)
    before = db.value("SELECT COUNT(*) FROM audit_log")
    assert change(staff, product, {"title": None}).status_code == 422
    assert change(staff, product, {"title": "x"}, 9).status_code == 412
    assert change(staff, product, {"category_slugs": ["no-such"]}).status_code == 422
    (variant,) = variant_ids(product)
    answer = staff.post(ADJUST, {"variant_id": variant, "delta": -99, "reason": "x"})
    assert answer.status_code == 409
    assert db.value("SELECT COUNT(*) FROM audit_log") == before


# ---- who may


CALLS = {
    "catalog.read": [("GET", PRODUCTS, None), ("GET", f"{PRODUCTS}/{UNKNOWN}", None),
                     ("GET", "/v1/admin/stock", None)],
    "catalog.write": [("POST", PRODUCTS, {}), ("PATCH", f"{PRODUCTS}/{UNKNOWN}", {}),
                      ("DELETE", f"{PRODUCTS}/{UNKNOWN}", None)],
    "stock.write": [("POST", ADJUST, {})],
}
MAY = {
    "owner": {"catalog.read", "catalog.write", "stock.write"},
    "manager": {"catalog.read", "catalog.write", "stock.write"},
    "support": {"catalog.read"},
    "warehouse": {"catalog.read", "stock.write"},
}


@pytest.mark.parametrize("role", MAY)
@pytest.mark.req("AZ-1")
def test_a_role_opens_its_routes_only(colleague, role):
    person = colleague(role)
    for permission, calls in CALLS.items():
        for method, path, body in calls:
            answer = person.send(method, path, json=body)
            if permission in MAY[role]:
                assert answer.status_code in (200, 404, 422), answer.text
            else:
                problem(answer, 403, "forbidden")


@pytest.mark.parametrize("who", ["guest", "customer"])
@pytest.mark.req("AZ-1")
def test_others_may_not(request, who):
    person = request.getfixturevalue(who)
    for calls in CALLS.values():
        for method, path, body in calls:
            problem(person.send(method, path, json=body), 403, "forbidden")


@pytest.mark.req("AZ-1")
def test_nobody_may_without_a_token(api):
    for calls in CALLS.values():
        for method, path, body in calls:
            answer = api.send(method, path, json=body)
            problem(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_warehouse_staff_adjust_stock(colleague, staff, db):
    (variant,) = variant_ids(make_product(staff, stock=1))
    person = colleague("warehouse")
    moved = person.post(ADJUST, {"variant_id": variant, "delta": 1, "reason": "found"})
    assert moved.status_code == 201
    assert audit(db, variant)[-1]["actor"].lower() == person.id.replace("-", "")


# ---- the demo store


def test_the_demo_store_can_be_loaded_again(stack, db):
    tables = ("product", "category", "shipping_rate", "tax_rate", "stock_move")
    count = " UNION ALL ".join(f"SELECT COUNT(*) AS n FROM {t}" for t in tables)
    before = db.rows(count)
    assert stack.merx("demo").returncode == 0
    assert db.rows(count) == before


def test_the_demo_store_reports_a_missing_password(stack):
    done = stack.merx("demo", "--staff-email", unique_email(), check=False)
    assert done.returncode == 1 and "MERX_DEMO_STAFF_PASSWORD" in done.stderr
    assert stack.merx("demo", "--nonsense", check=False).returncode == 2
