"""Variants have an identity beside their article number, a level of stock that is opened once, and
metadata; what an archived product was called is free again."""
import concurrent.futures
import json
import uuid

import pytest

from client import faults, problem
from shop import assert_ledger, make_product, stock_of, variant_ids
from staff_helpers import hire, new_role

PRODUCTS = "/v1/admin/products"
ADJUST = "/v1/admin/stock/adjustments"


def eur(amount):
    return {"amount": amount, "currency": "EUR"}


def name():
    return uuid.uuid4().hex[:12]


def path(product):
    return f"{PRODUCTS}/{product['id']}"


def changed(staff, product, body):
    answer = staff.patch(path(product), body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def writer(api, staff):
    """Somebody who may write the catalog and not the stock."""
    return hire(api, staff, new_role(staff, "catalog.read", "catalog.write"))


# ---- the level of stock


def test_stock_needs_its_own_permission(writer, staff, db):
    """A2"""
    product = make_product(staff, stock=10)
    sku = product["variants"][0]["sku"]
    answer = writer.patch(path(product), {"variants": [{"sku": sku, "stock": 500}]})
    body = problem(answer, 403, "forbidden")
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [
        ("/variants/0/stock", "forbidden")]
    new = {"title": "New", "variants": [{"sku": name(), "price": eur(5), "stock": 1}]}
    problem(writer.post(PRODUCTS, new), 403, "forbidden")
    assert writer.patch(path(product), {"variants": [{"sku": sku, "price": eur(7)}]}).ok
    del new["variants"][0]["stock"]
    made = writer.post(PRODUCTS, new)
    assert made.status_code == 201 and made.json()["variants"][0]["stock"] == 0
    assert assert_ledger(db, product["variants"][0]["id"])["on_hand"] == 10


def test_a_level_that_exists_is_changed_by_adjustments(staff, db):
    """A2, A3: a delivery between reading and saving stays."""
    product = make_product(staff, stock=10)
    (variant,) = product["variants"]
    delivery = {"variant_id": variant["id"], "delta": 5, "reason": "delivery"}
    assert staff.post(ADJUST, delivery).json()["on_hand"] == 15
    for level in (10, 15, 0):
        answer = staff.patch(path(product), {"variants": [{"sku": variant["sku"], "stock": level}]},
                             headers={"If-Match": '"1"'})
        assert faults(answer) == [("/variants/0/stock", "level_exists")]
    assert assert_ledger(db, variant["id"])["on_hand"] == 15
    after = changed(staff, product, {"variants": [
        {"id": variant["id"]}, {"sku": name(), "price": eur(9), "stock": 3}]})
    assert [v["stock"] for v in after["variants"]] == [15, 3]
    answer = staff.patch(path(product), {"title": "Late"}, headers={"If-Match": '"1"'})
    problem(answer, 412, "version_conflict")


# ---- identity


def test_a_corrected_number_is_the_same_variant(staff, customer, api, db):
    """A18: stock and orders stay."""
    product = make_product(staff, stock=5, variants=2)
    one, two = product["variants"]
    customer.fill_cart(one["id"], 2)
    assert customer.checkout().status_code == 201
    right = name()
    after = changed(staff, product, {"variants": [{"id": one["id"], "sku": right},
                                                  {"id": two["id"]}]})
    assert [(v["id"], v["sku"], v["stock"], v["reserved"]) for v in after["variants"]] == [
        (one["id"], right, 5, 2), (two["id"], two["sku"], 5, 0)]
    assert [v["sku"] for v in api.get(f"/v1/products/{product['id']}").json()["variants"]] == [
        right, two["sku"]]
    assert staff.get(f"/v1/admin/stock?sku={right}").json()["data"][0]["variant_id"] == one["id"]
    assert staff.get(f"/v1/admin/stock?sku={one['sku']}").json()["data"] == []
    found = api.get(f"/v1/products?q={right}").json()["data"]
    assert [p["id"] for p in found] == [product["id"]]
    assert_ledger(db, one["id"])


def test_two_variants_swap_their_numbers(staff):
    """A18"""
    product = make_product(staff, variants=2)
    one, two = product["variants"]
    after = changed(staff, product, {"variants": [{"id": one["id"], "sku": two["sku"]},
                                                  {"id": two["id"], "sku": one["sku"]}]})
    assert [(v["id"], v["sku"]) for v in after["variants"]] == [
        (one["id"], two["sku"]), (two["id"], one["sku"])]


def test_ids_of_others_and_none_at_all(staff):
    """A18"""
    product, other = make_product(staff), make_product(staff)
    (own,), (foreign,) = product["variants"], other["variants"]
    for variant, where in (
        ({"id": foreign["id"]}, ("/variants/0/id", "unknown_value")),
        ({"price": eur(1)}, ("/variants/0/sku", "required")),
    ):
        assert where in faults(staff.patch(path(product), {"variants": [variant]}))
    twice = {"variants": [{"id": own["id"]}, {"sku": own["sku"]}]}
    assert faults(staff.patch(path(product), twice)) == [("/variants/1/sku", "repeated")]
    taken = staff.patch(path(product), {"variants": [{"id": own["id"], "sku": foreign["sku"]}]})
    assert problem(taken, 409, "conflict")["errors"][0]["pointer"] == "/variants/0/sku"
    created = staff.post(PRODUCTS, {"title": "T", "variants": [
        {"id": own["id"], "sku": name(), "price": eur(1)}]})
    assert faults(created) == [("/variants/0/id", "unknown_value")]
    assert staff.get(path(product)).json() == product


# ---- what an archived product was called


def test_what_is_archived_is_free_again(staff, api):
    """A18"""
    slug, sku = f"s-{name()}", name()
    body = {"title": "T", "slug": slug, "status": "active",
            "variants": [{"sku": sku, "price": eur(1), "stock": 2}]}
    first = staff.post(PRODUCTS, body).json()
    problem(staff.post(PRODUCTS, body), 409, "conflict")
    assert staff.delete(path(first)).status_code == 204
    second = staff.post(PRODUCTS, body)
    assert second.status_code == 201, second.text
    assert api.get(f"/v1/products/{slug}").json()["id"] == second.json()["id"]
    assert staff.get(path(first)).json()["slug"] == slug
    back = staff.patch(path(first), {"status": "active"})
    assert {e["pointer"] for e in problem(back, 409, "conflict")["errors"]} == {"/slug", "/status"}
    renamed = changed(staff, first, {"slug": f"{slug}-1", "status": "active", "variants": [
        {"id": first["variants"][0]["id"], "sku": f"{sku}-1"}]})
    assert renamed["status"] == "active" and renamed["variants"][0]["stock"] == 2
    assert api.get(f"/v1/products/{slug}-1").json()["id"] == first["id"]


def test_a_product_comes_back_with_what_nobody_took(staff):
    """A18"""
    product = make_product(staff, variants=2)
    assert staff.delete(path(product)).status_code == 204
    assert changed(staff, product, {"status": "draft"})["slug"] == product["slug"]
    taken = staff.post(PRODUCTS, {"title": "T", "variants": [
        {"sku": product["variants"][1]["sku"], "price": eur(1)}]})
    problem(taken, 409, "conflict")
    assert changed(staff, product, {"status": "archived"})["status"] == "archived"
    taken = staff.post(PRODUCTS, {"title": "T", "variants": [
        {"sku": product["variants"][1]["sku"], "price": eur(1)}]})
    assert taken.status_code == 201


def test_one_of_many_takes_a_free_number(staff, db):
    """A18"""
    product = make_product(staff)
    sku = product["variants"][0]["sku"]
    assert staff.delete(path(product)).status_code == 204
    body = {"title": "T", "variants": [{"sku": sku, "price": eur(1)}]}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        people = [staff.clone() for _ in range(6)]
        codes = sorted(pool.map(lambda p: p.post(PRODUCTS, body).status_code, people))
    assert codes == [201] + [409] * 5
    assert db.value(f"SELECT COUNT(*) FROM variant WHERE live_sku = '{sku}'") == "1"


# ---- slugs


def test_a_made_slug_is_a_slug(staff):
    """A13"""
    title = "a" * 99 + " " + "b" * 10
    slugs = []
    for _ in range(3):
        made = staff.post(PRODUCTS, {"title": title, "variants": [
            {"sku": name(), "price": eur(1)}]}).json()
        slugs.append(made["slug"])
        assert len(made["slug"]) <= 120
        assert changed(staff, made, {"slug": made["slug"]})["slug"] == made["slug"]
    assert len(set(slugs)) == 3


def test_a_slug_is_no_id(staff):
    """A13"""
    product = make_product(staff)
    answer = staff.patch(path(product), {"slug": product["id"]})
    assert faults(answer) == [("/slug", "bad_format")]
    titled = staff.post(PRODUCTS, {"title": product["id"].upper(), "variants": [
        {"sku": name(), "price": eur(1)}]}).json()
    assert titled["slug"].startswith(product["id"]) and titled["slug"] != product["id"]


# ---- metadata


def test_metadata(staff, api, db):
    own = {"erp": {"id": 7, "tags": ["a", None, True]}, "note": "\u00e9\"\\"}
    product = make_product(staff, metadata=own, public_metadata={"badge": "new"})
    assert product["metadata"] == own and product["public_metadata"] == {"badge": "new"}
    assert product["variants"][0]["metadata"] == product["variants"][0]["public_metadata"] == {}
    variant = {"id": product["variants"][0]["id"], "metadata": {"bin": "A-7"},
               "public_metadata": {"care": "30"}}
    after = changed(staff, product, {"metadata": {"only": 1}, "variants": [variant]})
    assert after["metadata"] == {"only": 1} and after["public_metadata"] == {"badge": "new"}
    assert after["variants"][0] == product["variants"][0] | variant
    public = api.get(f"/v1/products/{product['id']}").json()
    assert public["public_metadata"] == {"badge": "new"} and "metadata" not in public
    assert public["variants"][0]["public_metadata"] == {"care": "30"}
    assert "metadata" not in public["variants"][0]
    assert changed(staff, product, {"metadata": None, "title": "T"})["metadata"] == {}
    log = db.rows("SELECT after_json FROM audit_log WHERE object_id ="
                  f" UNHEX('{product['id'].replace('-', '')}') ORDER BY id")
    assert json.loads(log[0]["after_json"])["metadata"] == own


def test_metadata_has_bounds(staff):
    product = make_product(staff)
    for bad, code in (
        ({str(i): i for i in range(51)}, "too_many"), ({"x": "y" * 16384}, "too_long"),
        ([], "wrong_type"), ("x", "wrong_type"),
    ):
        assert faults(staff.patch(path(product), {"metadata": bad})) == [("/metadata", code)]
    answer = staff.patch(path(product), {"public_metadata": {"n": 1.5}})
    assert faults(answer) == [("/public_metadata/n", "wrong_type")]
    most = {str(i): i for i in range(49)} | {"x": "y" * 15000}
    assert changed(staff, product, {"metadata": most})["metadata"] == most


def test_categories_have_public_metadata(api):
    assert api.get("/v1/categories/tents").json()["public_metadata"] == {}


# ---- pictures


def test_pictures_may_lack_a_size(staff):
    """O2: what is answered is what may be sent."""
    media = [{"url": "/a.jpg", "alt": None, "width": None, "height": 5},
             {"url": "/b.jpg", "alt": "B", "width": 7, "height": None}]
    product = make_product(staff, media=media)
    assert product["media"] == media
    assert changed(staff, product, {"media": product["media"]})["media"] == media


def test_the_document_says_what_products_hold(api):
    """O2"""
    schemas = api.get("/v1/openapi.json").json()["components"]["schemas"]
    product, variant = (schemas[n]["properties"] for n in ("Product", "Variant"))
    assert product["options"]["items"] == {"$ref": "#/components/schemas/ProductOption"}
    assert product["media"]["items"] == {"$ref": "#/components/schemas/ProductMedia"}
    for member in (product["attributes"], variant["options"]):
        assert member["type"] == "object"
        assert member["additionalProperties"]["type"] == "string"
    assert product["public_metadata"]["additionalProperties"] == {}
