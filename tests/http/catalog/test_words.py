"""Words are found as people type them, in an order that others do not move, and in stores that an
older release has filled."""
import unicodedata
import urllib.parse
import uuid

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from client import until

PRODUCTS = "/v1/admin/products"


def word():
    """A word that no other test uses."""
    return "w" + uuid.uuid4().hex[:14].translate(str.maketrans("0123456789", "ghijklmnop"))


def make(staff, title, **more):
    body = {"title": title, "status": "active", "variants": [
        {"sku": word(), "price": {"amount": 100, "currency": "EUR"}, "stock": 1}]} | more
    made = staff.post(PRODUCTS, body)
    assert made.status_code == 201, made.text
    return made.json()


def listed(api, **query):
    answer = api.get("/v1/products?" + urllib.parse.urlencode(query, doseq=True))
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(api, q, **query):
    return [p["id"] for p in listed(api, q=q, **query)["data"]]


SPELLINGS = [
    ("Cafe\u0301 noir", ["caf\u00e9", "cafe\u0301", "CAFE", "cafe noir"], "cafe-noir"),
    ("\u00d8rsted b\u00e6nk", ["orsted", "\u00d8RSTED", "baenk"], "orsted-baenk"),
    ("\u0141\u00f3d\u017a b\u0142awatek", ["lodz", "\u0142\u00f3d\u017a", "blawatek"], "lodz-blawatek"),
    ("Gro\u00dfe Stra\u00dfe", ["STRASSE", "stra\u1e9ee", "grosse"], "grosse-strasse"),
    ("\u0110\u1ed3ng h\u1ed3", ["dong ho", "\u0111\u1ed3ng"], "dong-ho"),
    ("C\u0153ur \ufb01n", ["coeur", "fin"], "coeur-fin"),
    ("\u0130stanbul \u0131\u015f\u0131k", ["istanbul", "isik", "ISTANBUL"], "istanbul-isik"),
    ("\uff33\uff2f\uff2e\uff39 \uff18\uff2b", ["sony", "8k", "\uff53ony"], "sony-8k"),
    ("\u65e5\u672c\u8a9e\u306e\u672c", ["\u65e5\u672c", "\u672c\u8a9e", "\u8a9e\u306e\u672c", "\u672c"], None),
    ("\u0e01\u0e35\u0e2c\u0e32\u0e44\u0e17\u0e22", ["\u0e44\u0e17\u0e22", "\u0e01\u0e35\u0e2c\u0e32"], None),
    ("\ud55c\uad6d\uc5b4", ["\uad6d\uc5b4", "\ud55c\uad6d"], None),
    ("\u0391\u03b8\u03ae\u03bd\u03b1\u03c2", ["\u03b1\u03b8\u03b7\u03bd\u03b1\u03c3", "\u0391\u0398\u0397\u039d\u0391\u03a3"], None),
]


@pytest.mark.parametrize("title, typed, slug", SPELLINGS)
def test_every_spelling_finds(api, staff, title, typed, slug):
    """A9"""
    own = word()
    product = make(staff, f"{title} {own}")
    assert product["title"] == unicodedata.normalize("NFC", f"{title} {own}")
    assert product["slug"] == (f"{slug}-{own}" if slug else own)
    for q in typed:
        assert found(api, f"{own} {q}") == [product["id"]], q
        admin = staff.get(f"{PRODUCTS}?" + urllib.parse.urlencode({"q": f"{q} {own}"})).json()
        assert [p["id"] for p in admin["data"]] == [product["id"]]
    assert found(api, f"{own} {typed[0]}x") == []


# Letters that people write in several ways.
LETTERS = st.text("abz\u00e4\u00e9\u00f8\u0142\u0111\u0153\u00df\u0131\u0130\u00e7\u01b0\u1ea5\u00f1\u0159\uff21\ufb02\u0414\u0439\u03ac", min_size=3, max_size=9)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=LETTERS)
def test_any_form_of_a_word_finds_it(api, staff, text):
    """A9"""
    own = word()
    product = make(staff, f"{text} {own}")
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        for typed in (text, text.upper(), text.lower(), text.casefold()):
            assert found(api, f"{unicodedata.normalize(form, typed)} {own}") == [product["id"]]


def test_names_that_look_alike_are_one(api, staff):
    """A9: brands and attributes are compared in one form."""
    brand = f"M\u00fcller {word()}"
    product = make(staff, "T", brand=unicodedata.normalize("NFD", brand),
                   attributes={"Gro\u0308sse": "L"})
    page = listed(api, brand=unicodedata.normalize("NFD", brand))
    assert [p["brand"] for p in page["data"]] == [brand]
    assert found(api, brand, **{"attr.Gr\u00f6sse": "L"}) == [product["id"]]


# ---- order


def test_other_products_do_not_move_a_page(api, staff):
    """A1"""
    own = word()
    made = [make(staff, f"{own} {i}")["id"] for i in range(12)]
    first = listed(api, q=own, limit=5)
    others = [make(staff, f"Other {word()}") for _ in range(3)]
    assert staff.delete(f"{PRODUCTS}/{others[0]['id']}").status_code == 204
    rest = listed(api, q=own, limit=100, cursor=first["next_cursor"])
    pages = [p["id"] for p in first["data"] + rest["data"]]
    assert sorted(pages) == sorted(made) and rest["next_cursor"] is None


def test_relevance(api, staff):
    """A1: an article number, then all words in title or brand, then anywhere."""
    own = word()
    text = make(staff, "Lamp", description=f"{own} red")["id"]
    split = make(staff, f"{own}", description="red")["id"]
    brand = make(staff, "Red lamp", brand=own)["id"]
    title = make(staff, f"Red {own}")["id"]
    assert found(api, f"{own} red") == [brand, title, text, split]
    number = make(staff, "Thing", variants=[
        {"sku": f"{own}-red".upper(), "price": {"amount": 1, "currency": "EUR"}}])["id"]
    assert found(api, f"{own}-red")[0] == number
    assert set(found(api, f"{own}-red")) == {number, brand, title, text, split}


# ---- upgrade


def test_what_an_older_release_stored_is_found(api, staff, stack, db):
    """A9, A10: the words of stored products are made anew, and their texts brought to one form."""
    own = word()
    product = make(staff, f"\u00d8rsted {own}", brand=f"Rot{own}",
                   attributes={"colour": "red", "kind": "x"},
                   options=[{"name": "Size", "values": ["S"]}],
                   variants=[{"sku": word(), "price": {"amount": 100, "currency": "EUR"},
                              "options": {"Size": "S"}, "stock": 4}])
    plain = make(staff, f"Plain {own}")
    key = product["id"].replace("-", "")
    admin = stack.admin()
    for statement in (  # the job may come as soon as the version says so
        f"UPDATE variant SET options = '{{\"Size\":\"S \"}}' WHERE product_id = UNHEX('{key}')",
        f"UPDATE product_attribute SET value = 'red ' WHERE product_id = UNHEX('{key}') AND name = 'colour'",
        f"INSERT INTO product_attribute (product_id, name, value) VALUES (UNHEX('{key}'), CONCAT('kind', CONVERT(UNHEX('C2A0') USING utf8mb4)), 'y')",
        f"UPDATE product SET title = 'O\u0308rsted {own} ', brand = ' Rot{own}',"
        f" options = REPLACE(options, '\"S\"', '\"S \"'), search_text = 'old{own} ',"
        f" search_title = '', search_version = 0 WHERE id = UNHEX('{key}')",
        f"UPDATE product SET search_text = '', search_version = 0"
        f" WHERE id = UNHEX('{plain['id'].replace('-', '')}')",
    ):
        admin.rows(statement)
    until(lambda: db.value("SELECT COUNT(*) FROM product WHERE search_version = 0") == "0",
          what="the reindexing")
    until(lambda: sorted(found(api, f"{own}")) == sorted([product["id"], plain["id"]]),
          what="both in the list")
    assert found(api, f"orsted {own}") == [product["id"]] and found(api, f"old{own}") == []
    page = listed(api, **{"attr.colour": "red", "brand": f"Rot{own}"})
    assert [p["id"] for p in page["data"]] == [product["id"]]
    now = staff.get(f"{PRODUCTS}/{product['id']}").json()
    assert now["title"] == f"\u00d6rsted {own}" and now["brand"] == f"Rot{own}"
    assert now["attributes"] == {"colour": "red", "kind": "x"}
    assert now["options"] == [{"name": "Size", "values": ["S"]}]
    assert now["variants"][0]["options"] == {"Size": "S"} and now["variants"][0]["stock"] == 4
    assert now["version"] == product["version"] + 1
    assert staff.get(f"{PRODUCTS}/{plain['id']}").json() == plain
