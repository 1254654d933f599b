"""`fields=`: every GET with a JSON answer keeps only the members that it names."""
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client import faults, follow
from shop import make_product


@pytest.fixture(scope="module")
def document(api):
    return api.get("/v1/openapi.json").json()


@pytest.fixture(scope="module")
def product(api, staff):
    """As buyers see it."""
    made = make_product(staff, variants=2, brand="Acme", description="Long.")
    return api.get(f"/v1/products/{made['slug']}").json()


def answer_of(operation):
    return operation["responses"].get("200", {}).get("content", {}).get("application/json", {})


def test_the_document_names_it_at_each_get_with_a_schema(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            schema = answer_of(operation).get("schema", {})
            names = {p["name"] for p in operation["parameters"]}
            assert ("fields" in names) == (method == "get" and "$ref" in schema), (method, path)


def test_every_list_keeps_what_is_named(document, staff):
    """Those that take no name in their path: the first member of an entry, and the cursor."""
    seen = 0
    for path, item in document["paths"].items():
        if "get" not in item:
            continue
        operation = item["get"]
        schema = follow(document, answer_of(operation).get("schema", {}))
        entry = follow(document, schema.get("properties", {}).get("data", {}).get("items", {}))
        if "{" in path or "properties" not in entry:
            continue
        name = next(iter(entry["properties"]))
        answer = staff.get(f"{path}?fields={name}")
        if answer.status_code == 422:
            continue  # wants parameters of its own
        assert answer.status_code == 200, (path, answer.text)
        assert set(answer.json()) == set(staff.get(path).json()), path
        assert all(set(row) <= {name} for row in answer.json()["data"]), path
        assert faults(staff.get(f"{path}?fields=no_such")) == [("fields", "unknown_value")], path
        seen += 1
    assert seen >= 9


def test_dots_go_into_objects_and_lists(api, product):
    answer = api.get(f"/v1/products/{product['slug']}?fields=id,price.amount,variants.sku,variants.price.currency")
    assert answer.json() == {
        "id": product["id"],
        "price": {"amount": product["price"]["amount"]},
        "variants": [{"sku": v["sku"], "price": {"currency": "EUR"}} for v in product["variants"]],
    }


def test_of_a_list_names_are_those_of_an_entry(api):
    whole = api.get("/v1/products?limit=3&facets=true").json()
    cut = api.get("/v1/products?limit=3&facets=true&fields=slug,rating.count").json()
    assert cut == whole | {"data": [{"slug": p["slug"], "rating": {"count": p["rating"]["count"]}}
                                    for p in whole["data"]]}
    following = api.get(f"/v1/products?limit=3&fields=id&cursor={cut['next_cursor']}").json()
    assert len(following["data"]) == 3 and following["data"][0] not in cut["data"]


def test_unknown_names_are_refused(api, product):
    path = f"/v1/products/{product['slug']}"
    for name in ("nothing", "id.x", "price.x", "ID", "id,,title", "id,", ".", "variants.nothing", "data", "%22"):
        assert faults(api.get(f"{path}?fields={name}")) == [("fields", "unknown_value")], name
    (fault,) = api.get(f"{path}?fields=id,titel").json()["errors"]
    assert fault["detail"] == '"titel" is not a member of the answer; separate names with commas'
    both = api.get(f"{path}?fields=price.foo,id,bar").json()["errors"]
    assert [fault["detail"].split('"')[1] for fault in both] == ["price.foo", "bar"]
    assert faults(api.get(f"{path}?fields=id&fields=title")) == [("fields", "repeated")]
    assert faults(api.get(f"{path}?fields={'id,' * 400}id")) == [("fields", "too_long")]
    assert faults(api.get(f"{path}?fields=x&nothing=1")) == [("fields", "unknown_value"), ("nothing", "unknown_parameter")]
    assert api.get(f"{path}?fields=").json() == api.get(path).json(), "empty counts as absent"


def test_other_methods_know_no_fields(staff, product):
    path = f"/v1/admin/products/{product['id']}"
    assert faults(staff.patch(f"{path}?fields=id", {"title": "T"})) == [("fields", "unknown_parameter")]


def test_entity_tags_are_of_the_bytes(api, product):
    """Each choice has its own tag, from the cache as from the handler."""
    path = f"/v1/products/{product['slug']}"
    tags = {}
    for fields, _ in itertools.product(("id", "id,title", "title,id", None), range(3)):
        query = f"?fields={fields}" if fields else ""
        answer = api.get(path + query)
        tags.setdefault(answer.headers["ETag"], set()).add(answer.content)
        again = api.get(path + query, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304 and not again.content
    assert len(tags) == 3 and all(len(bodies) == 1 for bodies in tags.values())


def test_what_has_a_version_keeps_its_tag(staff, product):
    path = f"/v1/admin/products/{product['id']}"
    assert staff.get(f"{path}?fields=title").headers["ETag"] == staff.get(path).headers["ETag"]


def test_head_tells_of_the_cut_answer(api, product):
    path = f"/v1/products/{product['slug']}?fields=id"
    assert api.head(path).headers["ETag"] == api.get(path).headers["ETag"]


def test_errors_are_whole(api):
    answer = api.get("/v1/products/no-such-product?fields=id")
    assert answer.status_code == 404 and answer.json()["code"] == "not_found"


def test_names_of_the_callers_own_can_be_chosen(staff):
    made = make_product(staff, metadata={"season": "summer", "shelf": 7})
    answer = staff.get(f"/v1/admin/products/{made['id']}?fields=metadata.shelf")
    assert answer.json() == {"metadata": {"shelf": 7}}


def test_of_what_a_token_shows(customer):
    assert customer.get("/v1/me?fields=email").json() == {"email": customer.email}
    assert customer.get("/v1/cart?fields=items,total.amount").json() == {"items": [], "total": {"amount": 0}}


def paths_of(value, prefix=""):
    """Every name that leads to a member of an object or of the objects in a list."""
    if isinstance(value, list):
        return {path for entry in value for path in paths_of(entry, prefix)}
    if not isinstance(value, dict):
        return set()
    mine = {prefix + name for name in value}
    return mine | {path for name in value for path in paths_of(value[name], f"{prefix}{name}.")}


def cut(value, chosen):
    """The rest of the value when only those names are kept."""
    if isinstance(value, list):
        return [cut(entry, chosen) for entry in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name in value:
        below = {path.partition(".")[2] for path in chosen if path.split(".")[0] == name}
        if "" in below:
            kept[name] = value[name]
        elif below:
            kept[name] = cut(value[name], below)
    return kept


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_subset_of_a_product_keeps_exactly_that(api, product, data):
    """In any order, with names below others."""
    names = sorted(path for path in paths_of(product) if all(part.isidentifier() for part in path.split(".")))
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=12))
    answer = api.get(f"/v1/products/{product['slug']}?fields={','.join(chosen)}")
    assert answer.status_code == 200, answer.text
    assert answer.json() == cut(product, set(chosen))
    order = list(json.loads(answer.text))
    assert order == [name for name in product if name in order], "in the order of the whole answer"
