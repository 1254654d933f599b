"""A PATCH that changes nothing, an empty one or one with what there is already, writes nothing: no
version, no time, no row of the audit log. An emptied text clears what can be null, as null does, and
counts as absent elsewhere. For every PATCH of the OpenAPI document; a new one says in NOUNS how one of
its kind is made."""
import dataclasses
import uuid

import pytest

from client import faults, follow
from shop import make_product, variant_ids
from staff_helpers import hire, key, new_role

COUNTRY = "FO"


@dataclasses.dataclass
class Noun:
    make: callable  # (api, staff, stack) -> (who changes it, its path)
    row: str = None  # what tells of a write: columns and condition, of {key}, {name}, {caller}; None: nothing does
    shown: callable = lambda by, path: by.get(path)  # the answer that shows it
    of: callable = lambda body: body  # it, in that answer
    same: callable = lambda one: {}  # members that are sent in another form than they are shown


def product(_api, staff, _stack):
    one = staff.post("/v1/admin/products", {
        "title": "Same", "brand": "Acme", "description": "Same.", "category_slugs": ["tents", "packs"],
        "attributes": {"b": "1", "a": "2"}, "metadata": {"a": 1}, "media": [{"url": "/a.jpg", "alt": "A"}],
        "options": [{"name": "Size", "values": ["S", "M"]}],
        "variants": [{"sku": f"S-{uuid.uuid4().hex[:12]}", "options": {"Size": size}, "metadata": {"b": size},
                      "price": {"amount": 100, "currency": "EUR"}, "weight_grams": 5, "stock": 3}
                     for size in ("S", "M")]}).json()
    return staff, f"/v1/admin/products/{one['id']}"


def product_parts(one):
    members = ("id", "sku", "title", "options", "price", "compare_at_price", "weight_grams", "metadata",
               "public_metadata")
    return {"category_slugs": [c["slug"] for c in one["categories"]][::-1],
            "variants": [{name: v[name] for name in members} for v in one["variants"]]}


def customer(api, staff, _stack):
    return staff, f"/v1/admin/customers/{api.customer().id}"


def colleague(api, staff, _stack):
    return staff, f"/v1/admin/staff/{hire(api, staff, 'support', 'warehouse').id}"


def role(_api, staff, _stack):
    return staff, f"/v1/admin/roles/{new_role(staff, 'catalog.read', 'orders.read')}"


def tax_rate(_api, staff, _stack):
    sent = {"country": COUNTRY, "class": f"c-{uuid.uuid4().hex[:12]}", "rate_ppm": 1, "name": "Same"}
    return staff, f"/v1/admin/tax-rates/{staff.post('/v1/admin/tax-rates', sent).json()['id']}"


def shipping_method(_api, staff, _stack):
    sent = {"name": "Same", "active": False, "days_min": 1, "days_max": 2, "rates": [
        {"country": None, "price": {"amount": 5, "currency": "EUR"}},
        {"country": COUNTRY, "price": {"amount": 4, "currency": "EUR"}}]}
    return staff, f"/v1/admin/shipping-methods/{staff.post('/v1/admin/shipping-methods', sent).json()['id']}"


def me(api, _staff, _stack):
    person = api.customer()
    assert person.patch("/v1/me", {"phone": "+49 30 1234", "locale": "de"}).status_code == 200
    return person, "/v1/me"


def passkey(api, _staff, stack):
    person, made = api.customer(), str(uuid.uuid4())
    stack.admin().run(
        "INSERT INTO passkey (id, account_id, created_at, credential_id, alg, public_key, sign_count, backed_up, name)"
        f" VALUES (x'{key(made)}', x'{key(person.id)}', UTC_TIMESTAMP(3), '{made}', -7, 'x', 0, 0, 'Telephone')")
    return person, f"/v1/me/passkeys/{made}"


def cart(api, staff, _stack):
    person = api.customer()
    person.fill_cart(variant_ids(make_product(staff))[0])
    assert person.patch("/v1/cart", {"note": "Same", "email": "a@shop.example", "metadata": {"a": 1}}).status_code == 200
    return person, "/v1/cart"


def line(api, staff, _stack):
    person = api.customer()
    made = person.fill_cart(variant_ids(make_product(staff))[0])
    return person, f"/v1/cart/items/{made['items'][0]['id']}"


ROW = "version, updated_at FROM {} WHERE id = x'{{key}}'"
NOUNS = {
    "admin.products.update": Noun(product, ROW.format("product"), same=product_parts),
    "admin.customers.update": Noun(customer, ROW.format("account")),
    "admin.staff.update": Noun(colleague, ROW.format("account"), same=lambda one: {"roles": one["roles"][::-1]}),
    "admin.roles.update": Noun(role, "version FROM role WHERE name = '{name}'"),
    "admin.tax_rates.update": Noun(tax_rate, ROW.format("tax_rate")),
    "admin.shipping_methods.update": Noun(shipping_method, ROW.format("shipping_method")),
    "me.patch": Noun(me, "version, updated_at FROM account WHERE id = x'{caller}'"),
    "me.passkeys.rename": Noun(passkey, shown=lambda by, path: by.get("/v1/me/passkeys"),
                               of=lambda body: body["data"][0]),
    # The version of a cart is not shown: it tells a checkout that somebody wrote meanwhile.
    "cart.patch": Noun(cart),
    "cart.items.set": Noun(line, shown=lambda by, path: by.get("/v1/cart"), of=lambda body: body["items"][0]),
}


@pytest.fixture(scope="module")
def document(api):
    return api.get("/v1/openapi.json").json()


def patches(document):
    return {node["patch"]["operationId"]: node["patch"] for node in document["paths"].values() if "patch" in node}


def test_every_patch_is_here(document):
    assert patches(document).keys() == NOUNS.keys()


@pytest.mark.parametrize("operation", NOUNS)
def test_what_changes_nothing(api, staff, stack, db, document, operation):
    noun = NOUNS[operation]
    by, path = noun.make(api, staff, stack)
    name = path.rsplit("/", 1)[1]
    schema = follow(document, patches(document)[operation]["requestBody"]["content"]["application/json"]["schema"])
    first = noun.shown(by, path)
    one = noun.of(first.json())

    def stored():
        count = f"SELECT COUNT(*) FROM audit_log WHERE actor_id = x'{key(by.id)}'"
        where = (noun.row or "").format(key=key(name), name=name, caller=key(by.id))
        return db.value(count), where and db.rows(f"SELECT {where}")

    same = {member: one[member] for member in schema["properties"] if member in one} | noun.same(one)
    assert same, "it has a member to send"
    before = stored()
    assert "required" not in schema
    for body in [{}, same] + [{member: same[member]} for member in same]:
        answer = by.patch(path, body)
        assert answer.status_code == 200, (body, answer.text)
        again = noun.shown(by, path)
        assert (again.json(), again.headers.get("ETag")) == (first.json(), first.headers.get("ETag")), body
        assert answer.headers.get("ETag") in (None, first.headers.get("ETag")), body
        assert stored() == before, body


def types_of(document, node):
    """The values that a member may have, in the words of JSON Schema."""
    node = follow(document, node)
    kinds = node.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    return kinds.union(*(types_of(document, one) for one in node.get("anyOf", [])))


@pytest.mark.parametrize("operation", NOUNS)
def test_an_emptied_text_is_cleared_or_absent(api, staff, stack, document, operation):
    noun = NOUNS[operation]
    by, path = noun.make(api, staff, stack)
    schema = follow(document, patches(document)[operation]["requestBody"]["content"]["application/json"]["schema"])

    def shown(member):
        return noun.of(noun.shown(by, path).json()).get(member)

    for member, node in schema["properties"].items():
        kinds = types_of(document, node)
        before = shown(member)
        if "string" not in kinds:
            continue
        if "null" not in kinds:
            assert [where for where, _ in faults(by.patch(path, {member: None}))] == [f"/{member}"]
            assert by.patch(path, {member: ""}).status_code == 200, "it counts as absent"
            assert shown(member) == before
            continue
        left = []
        for empty in ("", None):
            assert by.patch(path, {member: before}).status_code == 200 and before, member
            assert by.patch(path, {member: empty}).status_code == 200, (member, empty)
            left.append(shown(member))
        assert left[0] == left[1] != before, member


def test_emptied_texts_below_and_of_many(staff):
    """In a variant of a product, and in the changes of a batch."""
    one = staff.post("/v1/admin/products", {
        "title": "Same", "variants": [{"sku": f"S-{uuid.uuid4().hex[:12]}", "title": "By hand",
                                       "price": {"amount": 100, "currency": "EUR"}}]}).json()
    path, variant = f"/v1/admin/products/{one['id']}", one["variants"][0]["id"]
    emptied = staff.patch(path, {"variants": [{"id": variant, "title": ""}]})
    assert emptied.status_code == 200 and emptied.json()["variants"][0]["title"] == ""
    kept = staff.patch(path, {"variants": [{"id": variant, "sku": ""}]})
    assert kept.status_code == 200 and kept.json()["variants"][0]["sku"] == one["variants"][0]["sku"]
    _, rate = tax_rate(None, staff, None)
    batch = {"update": [{"id": rate.rsplit("/", 1)[1], "name": ""}]}
    assert staff.post("/v1/admin/tax-rates/batch", batch).json()["update"][0]["name"]


def test_empty_text_is_absent_where_something_is_made(staff):
    made = staff.post("/v1/admin/products", {
        "title": "New", "brand": "", "slug": "", "tax_class": "", "description": None, "status": "",
        "variants": [{"sku": f"S-{uuid.uuid4().hex[:12]}", "title": "", "price": {"amount": 1, "currency": "EUR"}}]})
    assert made.status_code == 201, made.text
    assert (made.json()["brand"], made.json()["description"], made.json()["tax_class"]) == (None, "", "standard")
