"""The public catalog: filters, orders, pages, words, counts, caching, and how often it asks the
database."""
import itertools
import json
import re
import urllib.parse
import uuid

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from client import faults, problem, until

SORTS = ("newest", "price", "-price", "title", "best_selling")
COLOURS = ("amber", "teal", "plum")


def word():
    """A word that no other test uses."""
    return "w" + uuid.uuid4().hex[:14].translate(str.maketrans("0123456789", "ghijklmnop"))


def prices(item, in_stock):
    """Of the variants that count."""
    return [v["price"]["amount"] for v in item["variants"] if v["stock"] or not in_stock]


class Shelf:
    """Products of one brand, and what a list of them must be."""

    def __init__(self, staff, n=18):
        self.brand, self.word, self.batch = word(), word(), word()
        self.items = []
        for i in range(n):
            cheap = 500 + (i * 37 % 7) * 400
            body = {
                "title": f"{'acegik'[i % 6]} {self.word} {i:02}",
                "description": f"Number {i}.",
                "brand": self.brand,
                "status": "active",
                "category_slugs": ["tents"] if i % 3 else ["knives", "storage"],
                "attributes": {"batch": self.batch, "colour": COLOURS[i % 3], "kind": str(i % 2)},
                "variants": [
                    {
                        "sku": f"{self.word}-{i}-{k}",
                        "options": {"Size": "SM"[k]},
                        "price": {"amount": cheap + k * 150, "currency": "EUR"},
                        "stock": 0 if i % 5 == 0 else 4 if i % 4 == 2 else k * 4,
                    }
                    for k in range(2)
                ],
            }
            made = staff.post("/v1/admin/products", body)
            assert made.status_code == 201, made.text
            self.items.append(body | {"id": made.json()["id"], "made": made.json()["created_at"]})

    @staticmethod
    def price(item):
        return min(v["price"]["amount"] for v in item["variants"])

    def ids(self, keep=lambda item: True, sort="newest", in_stock=False):
        kept = [i for i in self.items if keep(i)]
        key = {
            "newest": lambda i: (i["made"], i["id"]),
            "price": lambda i: (min(prices(i, in_stock)), i["id"]),
            "-price": lambda i: (min(prices(i, in_stock)), i["id"]),
            "title": lambda i: (i["title"], i["id"]),
            "best_selling": lambda i: i["id"],
        }[sort]
        kept.sort(key=key, reverse=sort in ("newest", "-price", "best_selling"))
        return [i["id"] for i in kept]


@pytest.fixture(scope="module")
def shelf(staff):
    return Shelf(staff)


def listed(api, expect=200, **query):
    answer = api.get("/v1/products?" + urllib.parse.urlencode(query, doseq=True))
    assert answer.status_code == expect, f"{query}: {answer.status_code} {answer.text}"
    return answer.json()


def ids(page):
    return [card["id"] for card in page["data"]]


def walk(api, **query):
    """Ids of all pages."""
    out, cursor = [], {}
    for _ in range(200):
        page = listed(api, **query, **cursor)
        assert len(page["data"]) <= query.get("limit", 20)
        out += ids(page)
        if page["next_cursor"] is None:
            return out
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the list does not end")


def trips(api, path):
    """Round trips to the database that a GET took that nobody asked before, from the log."""
    request = uuid.uuid4().hex
    path += f"{'&' if '?' in path else '?'}locale=en-x-{request[:8]}"
    answer = api.get(path, headers={"X-Request-Id": request})
    assert answer.status_code == 200, answer.text
    line = until(
        lambda: re.search(rf"req={request} .*msg=\"request\".* trips=(\d+)", api.stack.log()),
        what="the access log",
    )
    return int(line.group(1))


# ---- cards and products


def test_a_card_is_what_the_contract_says(api, shelf):
    (card,) = listed(api, q=f"{shelf.word} {shelf.word}-7-1")["data"]
    item = shelf.items[7]
    assert card == {
        "id": item["id"],
        "slug": card["slug"],
        "title": item["title"],
        "brand": shelf.brand,
        "price": {"amount": shelf.price(item), "currency": "EUR"},
        "price_max": {"amount": shelf.price(item) + 150, "currency": "EUR"},
        "compare_at_price": None,
        "in_stock": True,
        "thumbnail": None,
        "rating": {"average": None, "count": 0},
    }


def test_a_product_by_slug_and_by_id(api, shelf):
    item = shelf.items[4]
    product = api.get(f"/v1/products/{item['id']}").json()
    assert api.get(f"/v1/products/{product['slug']}").json() == product
    assert product["description"] == "Number 4."
    assert product["options"] == [{"name": "Size", "values": ["S", "M"]}]
    assert product["attributes"] == item["attributes"]
    assert product["media"] == []
    assert [c["slug"] for c in product["categories"]] == ["tents"]
    assert [v["sku"] for v in product["variants"]] == [v["sku"] for v in item["variants"]]
    first, second = product["variants"]
    assert first["title"] == "S" and first["options"] == {"Size": "S"}
    assert (first["in_stock"], first["stock_hint"]) == (False, "out_of_stock")
    assert (second["in_stock"], second["stock_hint"]) == (True, "low")
    assert first["weight_grams"] is None and first["compare_at_price"] is None


def test_a_count_is_never_published(api, shelf):
    for path in (f"/v1/products/{shelf.items[1]['id']}", f"/v1/products?brand={shelf.brand}"):
        text = api.get(path).text
        for name in ("on_hand", "reserved", "available", '"stock"', "tax_class", "version"):
            assert name not in text


def test_related_products_share_a_category(api, shelf):
    related = api.get(f"/v1/products/{shelf.items[1]['id']}").json()["related"]
    assert 1 <= len(related) <= 4
    for card in related:
        assert card["id"] != shelf.items[1]["id"]
        others = api.get(f"/v1/products/{card['id']}").json()["categories"]
        assert "tents" in [c["slug"] for c in others]


@pytest.mark.parametrize(
    "ref",
    [
        "no-such-product", "01920000-0000-7000-8000-000000000000", "UPPER_case", "a'b",
        "%F0%9F%98%80",
    ],
)
def test_an_unknown_product(api, ref):
    problem(api.get(f"/v1/products/{ref}"), 404, "not_found")


def test_only_active_products_are_seen(api, staff):
    price = {"amount": 5, "currency": "EUR"}
    body = {"title": word(), "variants": [{"sku": word(), "price": price}]}
    made = staff.post("/v1/admin/products", body).json()
    path = f"/v1/products/{made['id']}"
    for status, seen in (("draft", False), ("active", True), ("archived", False)):
        answer = staff.patch(f"/v1/admin/products/{made['id']}", {"status": status})
        assert answer.status_code == 200
        assert api.get(path).status_code == (200 if seen else 404)
        assert (ids(listed(api, q=body["title"])) == [made["id"]]) == seen
        assert (ids(listed(api, q=body["variants"][0]["sku"])) == [made["id"]]) == seen


# ---- filters


@pytest.mark.parametrize("sort", SORTS)
def test_every_order(api, shelf, sort):
    assert ids(listed(api, brand=shelf.brand, sort=sort)) == shelf.ids(sort=sort)


def test_newest_is_the_default(api, shelf):
    assert ids(listed(api, brand=shelf.brand)) == shelf.ids()
    assert ids(listed(api, brand=shelf.brand, sort="relevance")) == shelf.ids()


def test_a_category_holds_its_descendants(api, shelf):
    tents = shelf.ids(lambda i: "tents" in i["category_slugs"])
    for slug in ("tents", "camping", "outdoor"):
        assert ids(listed(api, brand=shelf.brand, category=slug)) == tents
    assert ids(listed(api, brand=shelf.brand, category="sleeping")) == []
    assert listed(api, category="no-such-category") == {"data": [], "next_cursor": None}


def test_some_variant_is_in_the_range(api, shelf):
    """A19"""
    for low, high in ((900, 1700), (1050, 1050), (1051, 1299)):
        got = listed(api, brand=shelf.brand, min_price=low, max_price=high, sort="price")
        assert ids(got) == shelf.ids(kept({"min_price": low, "max_price": high}), "price")
    assert ids(listed(api, brand=shelf.brand, min_price=1700, max_price=900)) == []


def test_in_stock(api, shelf):
    have = shelf.ids(lambda i: any(v["stock"] for v in i["variants"]))
    assert 0 < len(have) < len(shelf.items)
    assert ids(listed(api, brand=shelf.brand, in_stock="true")) == have
    assert ids(listed(api, brand=shelf.brand, in_stock="false")) == shelf.ids()


def test_attributes(api, shelf):
    teal = shelf.ids(lambda i: i["attributes"]["colour"] == "teal")
    assert ids(listed(api, **{"attr.batch": shelf.batch, "attr.colour": "teal"})) == teal
    two = listed(api, **{"attr.batch": shelf.batch, "attr.colour": ["teal", "plum"]})
    assert ids(two) == shelf.ids(lambda i: i["attributes"]["colour"] != "amber")
    assert ids(listed(api, **{"attr.batch": shelf.batch, "attr.colour": "no"})) == []
    assert ids(listed(api, **{"attr.no": shelf.batch})) == []


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "category": st.sampled_from(["tents", "camping", "outdoor", "knives", "kitchen", "home"]),
        "min_price": st.integers(400, 3100),
        "max_price": st.integers(400, 3100),
        "in_stock": st.just("true"),
        "attr.colour": st.lists(st.sampled_from(COLOURS), min_size=1, max_size=2, unique=True),
        "attr.kind": st.sampled_from("01"),
        "option.Size": st.lists(st.sampled_from("SML"), min_size=1, max_size=2, unique=True),
        "ids": st.sets(st.integers(0, 17), min_size=1),
        "sort": st.sampled_from(SORTS),
        "limit": st.integers(1, 7),
        "by": st.sampled_from(["brand", "word", "batch"]),
    },
)
ABOVE = {
    "tents": {"tents", "camping", "outdoor"},
    "knives": {"knives", "kitchen"},
    "storage": {"storage", "home"},
}


def sellable(filters, but=None):
    """Whether an item has a variant that passes, `but` for one kind of filter."""

    def passes(v):
        price = v["price"]["amount"]
        return (
            (not filters.get("in_stock") or v["stock"] > 0)
            and v["options"]["Size"] in filters.get("option.Size", "SM")
            and (but == "price" or filters.get("min_price", 0) <= price
                 and price <= filters.get("max_price", 10**9))
        )

    return lambda item: any(map(passes, item["variants"]))


def kept(filters, but=None):
    """Whether an item passes all filters, `but` for one."""

    def keep(item):
        categories = set().union(*(ABOVE[c] for c in item["category_slugs"]))
        a = item["attributes"]
        return (
            ("category" not in filters or filters["category"] in categories)
            and ("ids" not in filters or item["id"] in filters["ids"])
            and sellable(filters, but)(item)
            and (but == "colour" or a["colour"] in filters.get("attr.colour", COLOURS))
            and (but == "kind" or a["kind"] == filters.get("attr.kind", a["kind"]))
        )

    return keep


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(filters=FILTERS)
def test_any_filters_any_order_page_by_page(api, shelf, filters):
    """A19, A24"""
    query = dict(filters)
    by = query.pop("by", "brand")
    if "ids" in query:
        query["ids"] = filters["ids"] = [shelf.items[i]["id"] for i in sorted(query["ids"])]
        query["ids"] = ",".join(query["ids"])
    query |= {"brand": {"brand": shelf.brand}, "word": {"q": shelf.word},
              "batch": {"attr.batch": shelf.batch}}[by]
    sort = filters.get("sort", "newest")
    query["sort"] = sort
    want = shelf.ids(kept(filters), sort, "in_stock" in filters)
    assert walk(api, **query) == want
    page = listed(api, total="true", **query)
    assert page["total"] == len(want) and page["total_capped"] is False
    for card in page["data"]:
        item = next(i for i in shelf.items if i["id"] == card["id"])
        counted = prices(item, "in_stock" in filters)
        assert (card["price"]["amount"], card["price_max"]["amount"]) == (
            min(counted), max(counted))


def counts(values):
    return {v: values.count(v) for v in set(values)}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(filters=FILTERS)
def test_counts_are_taken_without_their_own_filter(api, shelf, filters):
    """A24: a value that is chosen leaves the counts of its siblings."""
    query = {k: v for k, v in filters.items() if k not in ("by", "sort", "limit")}
    if "ids" in query:
        query["ids"] = filters["ids"] = [shelf.items[i]["id"] for i in sorted(query["ids"])]
    got = listed(api, q=shelf.word, facets="true", limit=1, **query)["facets"]
    attributes = {
        a["name"]: {v["value"]: v["count"] for v in a["values"]} for a in got["attributes"]}
    for name in ("colour", "kind", "batch"):
        items = [i for i in shelf.items if kept(filters, name)(i)]
        assert attributes.get(name, {}) == counts([i["attributes"][name] for i in items])
    items = [i for i in shelf.items if kept(filters, "price")(i)]
    lows = [min(prices(i, "in_stock" in filters)) for i in items]
    starts = [max(s for s in (0, 1000, 2500) if s <= low) for low in lows]
    assert {p["min"]["amount"]: p["count"] for p in got["prices"]} == counts(starts)


def test_options_are_of_one_variant(api, staff):
    """A24: a choice and a price that no variant has together find nothing."""
    brand = word()
    body = {"title": "T", "brand": brand, "status": "active", "variants": [
        {"sku": word(), "options": {"Size": s, 'Colour "1"': c}, "stock": n,
         "price": {"amount": p, "currency": "EUR"}}
        for s, c, p, n in (("S", "a:b", 100, 0), ("M", "red", 300, 1))]}
    made = staff.post("/v1/admin/products", body).json()["id"]
    for query, hit in (
        ({"option.Size": "S"}, True), ({"option.Size": ["S", "L"]}, True),
        ({"option.Size": "L"}, False), ({"option.Size": "S", "option": 'Colour "1":a:b'}, True),
        ({"option.Size": "S", 'option.Colour "1"': "red"}, False),
        ({"option": ["Size:M", 'Colour "1":red']}, True), ({"option.Nothing": "S"}, False),
        ({"option.Size": "S", "in_stock": "true"}, False),
        ({"option.Size": "M", "in_stock": "true"}, True),
        ({"option.Size": "S", "min_price": 200}, False),
        ({"option.Size": "S", "max_price": 100}, True),
        ({"min_price": 101, "max_price": 299}, False),
    ):
        got = listed(api, brand=brand, **query)
        assert ids(got) == [made] * hit, query
    assert listed(api, brand=brand, in_stock="true")["data"][0]["price"]["amount"] == 300


def test_several_brands(api, staff, shelf):
    """A24"""
    other = word()
    made = staff.post("/v1/admin/products", {
        "title": "T", "brand": other, "status": "active",
        "variants": [{"sku": word(), "price": {"amount": 5, "currency": "EUR"}}]}).json()
    both = listed(api, brand=[shelf.brand, other], facets="true", total="true", limit=50)
    assert ids(both) == [made["id"], *shelf.ids()]
    assert both["total"] == len(shelf.items) + 1
    brands = {b["value"]: b["count"] for b in both["facets"]["brands"]}
    assert brands[other] == 1 and brands[shelf.brand] == len(shelf.items)
    assert faults(api.get("/v1/products?" + "&".join(f"brand={i}" for i in range(21)))) == [
        ("brand", "too_many")]


def test_attributes_of_clients_that_cannot_make_up_names(api, shelf):
    """O1"""
    teal = shelf.ids(lambda i: i["attributes"]["colour"] == "teal")
    for query in ({"attr": [f"batch:{shelf.batch}", "colour:teal"]},
                  {"attr": f"batch: {shelf.batch} ", "attr.colour": "teal"}):
        assert ids(listed(api, **query)) == teal
    two = listed(api, attr=[f"batch:{shelf.batch}", "colour:teal", "colour:plum"])
    assert ids(two) == shelf.ids(lambda i: i["attributes"]["colour"] != "amber")
    for name, value in (("attr", "colour"), ("attr", ":x"), ("option", "Size:")):
        answer = api.get("/v1/products?" + urllib.parse.urlencode({name: value}))
        assert faults(answer) == [(name, "bad_format")]
    for name in ("attr[colour]", "attr.[colour]", "attr.colour[0]", "option.Size[]"):
        answer = api.get("/v1/products?" + urllib.parse.urlencode({name: "x"}))
        assert [w for w, _ in faults(answer)] == [name]


def test_products_by_their_ids(api, shelf):
    wanted = [i["id"] for i in shelf.items]
    unknown = "01920000-0000-7000-8000-000000000000"
    query = ",".join([*wanted[:3], unknown, wanted[0].upper()])
    assert ids(listed(api, ids=query, sort="title")) == shelf.ids(
        lambda i: i["id"] in wanted[:3], "title")
    assert ids(listed(api, ids=wanted[:2])) == shelf.ids(lambda i: i["id"] in wanted[:2])
    many = [f"01920000-0000-7000-8000-{n:012}" for n in range(100 - len(wanted))] + wanted
    page = listed(api, ids=",".join(many))
    assert ids(page) == shelf.ids() and page["next_cursor"] is None
    assert faults(api.get(f"/v1/products?ids={','.join(many)},{unknown}")) == [("ids", "too_many")]
    assert faults(api.get("/v1/products?ids=x")) == [("ids", "bad_format")]
    assert listed(api, ids="", facets="true", total="true") | {"facets": None} == {
        "data": [], "next_cursor": None, "facets": None, "total": 0, "total_capped": False}
    assert ids(listed(api, ids=["", wanted[0]])) == [wanted[0]]


def test_no_total_unless_asked_for(api):
    assert "total" not in listed(api, limit=1)
    assert listed(api, category="no-such-category", total="true")["total"] == 0
    assert listed(api, q="...", total="true")["total"] == 0


# ---- pages


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_through_the_whole_catalog(api, shelf, sort):
    all_ids = walk(api, sort=sort, limit=100)
    assert len(set(all_ids)) == len(all_ids) >= len(shelf.items)
    assert walk(api, sort=sort, limit=9) == all_ids


def test_a_walk_by_relevance(api, shelf):
    all_ids = walk(api, q=shelf.word, limit=100)
    assert sorted(all_ids) == sorted(shelf.ids())
    assert walk(api, q=shelf.word, limit=4, sort="relevance") == all_ids


def test_a_cursor_survives_new_products(api, staff, shelf):
    first = listed(api, brand=shelf.brand, limit=5)
    body = {"title": "Later", "brand": shelf.brand, "status": "active",
            "variants": [{"sku": word(), "price": {"amount": 1, "currency": "EUR"}}]}
    later = staff.post("/v1/admin/products", body).json()
    second = listed(api, brand=shelf.brand, limit=100, cursor=first["next_cursor"])
    assert ids(first) + ids(second) == shelf.ids()
    assert staff.delete(f"/v1/admin/products/{later['id']}").status_code == 204


def test_long_titles_have_cursors(api, staff):
    brand = word()
    for i in range(4):
        body = {"title": "\U0001f3d5" * 199 + str(i), "brand": brand, "status": "active",
                "variants": [{"sku": word(), "price": {"amount": 1, "currency": "EUR"}}]}
        assert staff.post("/v1/admin/products", body).status_code == 201
    whole = ids(listed(api, brand=brand, sort="title"))
    assert len(whole) == 4 and walk(api, brand=brand, sort="title", limit=1) == whole


@pytest.mark.parametrize(
    "query, where, code",
    [
        ({"limit": 0}, "limit", "out_of_range"),
        ({"limit": 101}, "limit", "out_of_range"),
        ({"sort": "cheap"}, "sort", None),
        ({"min_price": -1}, "min_price", "out_of_range"),
        ({"in_stock": "maybe"}, "in_stock", "wrong_type"),
        ({"colour": "red"}, "colour", "unknown_parameter"),
        ({"cursor": "AAAA"}, "cursor", "bad_format"),
        ({"cursor": "!"}, "cursor", None),
        ({"currency": "USD"}, "currency", "unknown_value"),
        ({"currency": "XXQ"}, "currency", None),
        ({"total": ["true", "true"]}, "total", "repeated"),
        ({"attr.": "x"}, "attr.", None),
    ],
)
@pytest.mark.req("INP-5", "SQL-1")
def test_a_bad_parameter(api, query, where, code):
    answer = api.get("/v1/products?" + urllib.parse.urlencode(query, doseq=True))
    found = faults(answer)
    assert [w for w, _ in found] == [where]
    assert code is None or found[0][1] == code


def test_all_faults_at_once(api):
    answer = api.get("/v1/products?limit=0&sort=x&nonsense=1&max_price=a")
    assert [w for w, _ in faults(answer)] == ["limit", "max_price", "nonsense", "sort"]


def test_a_cursor_belongs_to_its_order(api):
    cursor = listed(api, sort="price", limit=1)["next_cursor"]
    answer = api.get(f"/v1/products?sort=title&cursor={cursor}")
    assert faults(answer) == [("cursor", "bad_format")]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(cursor=st.text(alphabet="ABCDEFGHQZabcdwxyz0189_-", min_size=1, max_size=120))
@pytest.mark.req("SQL-1")
def test_no_cursor_does_harm(api, cursor):
    for sort in SORTS:
        answer = api.get(f"/v1/products?sort={sort}&limit=1&cursor={cursor}")
        assert answer.status_code in (200, 422), answer.text


def test_view_parameters(api, shelf):
    assert listed(api, brand=shelf.brand, currency="EUR", locale="de-AT")["data"]
    path = f"/v1/products/{shelf.items[0]['id']}"
    assert api.get(path + "?currency=EUR&locale=en").status_code == 200
    assert faults(api.get(path + "?locale=zz-invalid-xx")) == [("locale", "bad_format")]
    assert faults(api.get(path + "?currency=USD")) == [("currency", "unknown_value")]


# ---- words


@pytest.fixture(scope="module")
def book(staff):
    """A product with words of every kind."""
    name = word()
    body = {
        "title": f"Größe {name}",
        "description": "The TV of 5 inches, who would not want it? Crème brûlée; state-of-the-art.",
        "brand": f"{name}brand",
        "status": "active",
        "variants": [{"sku": f"{name}.XL-9", "price": {"amount": 9, "currency": "EUR"}}],
    }
    made = staff.post("/v1/admin/products", body)
    assert made.status_code == 201, made.text
    return name, made.json()["id"]


@pytest.mark.parametrize(
    "words",
    [
        "", "tv", "TV", "5", "5 inches", "the tv", "größe", "GRÖSSE", "grosse", "grö", "creme",
        "brulee", "state-of-the-art", "of the", "who it", "xl", "xl-9", "inch", "t", "the",
        "+tv -inches", '"tv of"', "tv*", "(tv", "@5", "~inches <tv >5", "tv.", "'tv'", "%tv_",
    ],
)
def test_words_are_found(api, book, words):
    name, product = book
    assert ids(listed(api, q=f"{name} {words}".strip())) == [product]


@pytest.mark.parametrize("words", ["radio", "5 radio", "brandtv", "ninches"])
def test_all_words_must_occur(api, book, words):
    assert ids(listed(api, q=f"{book[0]} {words}")) == []


def test_brand_and_sku_are_words(api, book):
    name, product = book
    for q in (f"{name}brand", f"{name}.XL-9", name[:9]):
        assert product in ids(listed(api, q=q, limit=100))


@pytest.mark.parametrize("q", ["...", "-", "+*", "\u2014", "\U0001f600", "()", "@@@"])
def test_no_word_finds_nothing(api, q):
    assert listed(api, q=q, facets="true")["data"] == []


def test_a_title_counts_for_more(api, staff):
    name = word()
    made = []
    for title, text in ((f"Other {word()}", name), (f"{name} lamp", "Nothing.")):
        body = {"title": title, "description": text, "status": "active",
                "variants": [{"sku": word(), "price": {"amount": 1, "currency": "EUR"}}]}
        made.append(staff.post("/v1/admin/products", body).json()["id"])
    assert ids(listed(api, q=name)) == made[::-1]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(q=st.text(min_size=1, max_size=60))
@pytest.mark.req("SQL-1")
def test_no_words_do_harm(api, q):
    answer = api.get("/v1/products?limit=1&" + urllib.parse.urlencode(
        {"q": q.encode("utf-8", "ignore")}))
    assert answer.status_code in (200, 400, 422), answer.text


# ---- counts


def counted(api, **query):
    return listed(api, facets="true", **query)["facets"]


def test_counts_are_those_of_the_whole_list(api, shelf):
    got = counted(api, brand=shelf.brand, limit=1, max_price=2400)
    items = [i for i in shelf.items if shelf.price(i) <= 2400]
    assert {"value": shelf.brand, "count": len(items)} in got["brands"]
    attributes = {
        a["name"]: {v["value"]: v["count"] for v in a["values"]} for a in got["attributes"]
    }
    for name in ("batch", "colour", "kind"):
        assert attributes[name] == counts([i["attributes"][name] for i in items])
    bands = [((p["min"]["amount"], p["max"]["amount"]), p["count"]) for p in got["prices"]]
    want = counts([{0: (0, 1000), 1000: (1000, 2500), 2500: (2500, 5000)}[
        max(s for s in (0, 1000, 2500) if s <= shelf.price(i))] for i in shelf.items])
    assert bands == sorted(want.items())


def test_every_way_of_finding_has_counts(api, shelf):
    def of_own(got):
        return [b["count"] for b in got["brands"] if b["value"] == shelf.brand]

    n = len(shelf.items)
    for query in ({"brand": shelf.brand}, {"q": shelf.word}, {"attr.batch": shelf.batch},
                  {"ids": [i["id"] for i in shelf.items]}):
        assert of_own(counted(api, **query)) == [n]
    tents = len(shelf.ids(lambda i: "tents" in i["category_slugs"]))
    for query in ({"brand": shelf.brand}, {"q": shelf.word}):
        assert of_own(counted(api, category="camping", **query)) == [tents]
    assert counted(api, category="no-such-category") == {
        "brands": [], "attributes": [], "prices": []}


def test_no_counts_unless_asked_for(api):
    assert "facets" not in listed(api, limit=1)
    assert "facets" not in listed(api, limit=1, facets="false")


# ---- categories


def flat(nodes):
    return list(itertools.chain.from_iterable([n, *flat(n["children"])] for n in nodes))


def test_the_tree(api):
    body = api.get("/v1/categories").json()
    assert [n["slug"] for n in body["data"]] == ["outdoor", "kitchen", "home", "office"]
    assert body["next_cursor"] is None
    nodes = {n["slug"]: n for n in flat(body["data"])}
    assert len(nodes) >= 15
    below = [c["slug"] for c in nodes["camping"]["children"]]
    assert below == ["tents", "sleeping", "camp-kitchen"]
    assert nodes["tents"]["title"] == "Tents" and nodes["tents"]["children"] == []


def test_one_category(api):
    camping = api.get("/v1/categories/camping").json()
    assert [c["slug"] for c in camping["breadcrumb"]] == ["outdoor"]
    assert [c["slug"] for c in camping["children"]] == ["tents", "sleeping", "camp-kitchen"]
    tents = api.get("/v1/categories/tents").json()
    assert [c["slug"] for c in tents["breadcrumb"]] == ["outdoor", "camping"]
    assert tents["children"] == []
    assert api.get("/v1/categories/outdoor").json()["breadcrumb"] == []
    problem(api.get("/v1/categories/no-such-category"), 404, "not_found")


# ---- caching


@pytest.mark.parametrize("path", ["/v1/categories", "/v1/categories/tents", "/v1/products?limit=2",
                                  "/v1/products/varde-28-daypack"])
def test_the_catalog_can_be_cached(api, path):
    plain = {"Accept-Encoding": "identity"}  # the tag of a compressed answer is weak
    answer = api.get(path, headers=plain)
    assert answer.status_code == 200
    assert re.match(r"public, max-age=\d+, stale-while-revalidate=\d+$",
                    answer.headers["Cache-Control"])
    tag = answer.headers["ETag"]
    assert re.match(r'"[^"]+"$', tag)
    again = api.get(path, headers=plain | {"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert api.get(path, headers=plain | {"If-None-Match": '"other"'}).status_code == 200
    assert api.head(path, headers=plain).headers["ETag"] == tag


def test_a_change_gives_another_tag(api, staff, shelf):
    item = shelf.items[2]
    path = f"/v1/products/{item['id']}"
    tag = api.get(path).headers["ETag"]
    changed = staff.patch(f"/v1/admin/products/{item['id']}", {"description": word()})
    assert changed.status_code == 200
    answer = api.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 200 and answer.headers["ETag"] != tag


# ---- budgets


@pytest.mark.parametrize(
    "query, most",
    [
        ("limit=100", 1),
        ("sort=price&in_stock=true&min_price=100", 1),
        ("q=wool", 1),
        ("category=outdoor&sort=title", 2),
        ("attr.material=Wool", 2),
        ("q=wool&category=home", 2),
        ("category=outdoor&facets=true", 3),
        ("sort=price&in_stock=true&option.Size=M&brand=a&brand=b&total=true", 2),
        ("ids=01920000-0000-7000-8000-000000000000", 1),
    ],
)
def test_round_trips_of_a_list(api, query, most):
    assert 1 <= trips(api, f"/v1/products?{query}") <= most


def test_round_trips_of_a_product_and_the_tree(api):
    assert 1 <= trips(api, "/v1/products/varde-28-daypack") <= 3
    assert 1 <= trips(api, "/v1/categories") <= 1
    assert 1 <= trips(api, "/v1/categories/tents") <= 1


def test_the_demo_store_is_whole(api):
    cards = []
    page = listed(api, limit=100, sort="title")
    while True:
        cards += page["data"]
        if page["next_cursor"] is None:
            break
        page = listed(api, limit=100, sort="title", cursor=page["next_cursor"])
    demo = [c for c in cards if c["slug"] in ("varde-28-daypack", "house-espresso-whole-beans")]
    assert len(demo) == 2 and len(cards) >= 60
    assert json.dumps(cards).count('"compare_at_price": {') >= 5
