"""Where clients differ: what they send is taken as they mean it. Compression and errors of nginx as
browsers and apps need them."""
import gzip
import http.client
import json
import ssl
import urllib.parse

import pytest

from client import ADDRESS, PATIENCE_S, Api, faults, problem, unique_email, unique_key
from shop import make_product, variant_ids

ORIGIN = "https://shop.example"


@pytest.fixture(scope="module")
def variant(staff):
    return variant_ids(make_product(staff, stock=1000))[0]


def test_ids_of_either_case(guest, variant):
    """Swift writes UUIDs in capitals."""
    added = guest.post("/v1/cart/items", {"variant_id": variant.upper(), "quantity": 1})
    assert added.status_code == 201, added.text
    line = added.json()["items"][0]
    assert line["variant_id"] == variant
    changed = guest.patch(f"/v1/cart/items/{line['id'].upper()}", {"quantity": 2})
    assert changed.json()["items"][0]["quantity"] == 2


def test_an_integer_written_with_zeros_behind_the_point(guest, variant):
    sent = f'{{"variant_id":"{variant}","quantity":2.0}}'
    added = guest.send("POST", "/v1/cart/items", data=sent)
    assert added.json()["items"][0]["quantity"] == 2
    half = guest.send("POST", "/v1/cart/items", data=sent.replace("2.0", "2.5"))
    assert faults(half) == [("/quantity", "wrong_type")]


def test_empty_text_of_an_optional_member_is_absent(customer):
    made = customer.post("/v1/me/addresses", ADDRESS | {"phone": "", "company": "", "region": ""})
    assert made.status_code == 201, made.text
    assert not made.json()["phone"]
    assert customer.patch("/v1/me", {"phone": "+49 30 1"}).json()["phone"] == "+49 30 1"
    locale = customer.get("/v1/me").json()["locale"]
    changed = customer.patch("/v1/me", {"phone": "", "locale": ""}).json()
    assert (changed["phone"], changed["locale"]) == (None, locale), "what may be null is cleared"
    assert faults(customer.post("/v1/me/addresses", ADDRESS | {"name": ""})) == [("/name", "too_short")]


def test_empty_parameters_are_absent(api):
    plain = api.get("/v1/products?limit=3").json()
    assert api.get("/v1/products?limit=3&q=&brand=&category=").json() == plain


@pytest.mark.parametrize("coding", ("gzip", "br", "deflate", "gzip, identity"))
def test_a_compressed_body(api, coding):
    sent = gzip.compress(json.dumps({"email": unique_email()}).encode())
    answer = api.post("/v1/auth/password/forgot", data=sent, headers={"Content-Encoding": coding})
    problem(answer, 415, "unsupported_media_type")
    assert answer.headers["Accept-Encoding"] == "identity"


def test_a_body_that_is_not_compressed_may_say_so(api):
    answer = api.post("/v1/auth/guest", data=b"{}", headers={"Content-Encoding": "identity"})
    assert answer.status_code == 201, answer.text


# ---- compression

def packed(stack, method, path, token=None, body=None, **headers):
    """(status, headers, bytes as they came) of a request that takes gzip."""
    url = urllib.parse.urlsplit(stack.env["MERX_URL"])
    context = ssl.create_default_context(cafile=stack.env["MERX_CA"])
    connection = http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=PATIENCE_S)
    headers = {"Accept-Encoding": "gzip"} | {k.replace("_", "-"): v for k, v in headers.items()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, url.path + path, body and json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_lists_are_compressed(stack, api, staff):
    for path, token in (("/v1/products?limit=50", None), ("/v1/admin/products?limit=50", staff.token),
                        ("/v1/openapi.json", None)):
        status, headers, body = packed(stack, "GET", path, token)
        assert status == 200 and headers["Content-Encoding"] == "gzip", path
        assert "Accept-Encoding" in headers["Vary"]
        plain = api.get(path, token=token, headers={"Accept-Encoding": "identity"})
        assert gzip.decompress(body) == plain.content and len(body) < len(plain.content)


def test_the_tag_of_a_compressed_answer_is_known_again(stack):
    _, headers, _ = packed(stack, "GET", "/v1/products?limit=50")
    assert headers["ETag"].startswith("W/")
    status, _, body = packed(stack, "GET", "/v1/products?limit=50", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")


def test_what_holds_tokens_is_not_compressed(stack, api, customer):
    sent = {"email": customer.email, "password": customer.password}
    for path, body in (("/v1/auth/guest", {}), ("/v1/auth/login", sent),
                       ("/v1/auth/refresh", {"refresh_token": api.guest().refresh_token})):
        status, headers, text = packed(stack, "POST", path, body=body)
        assert status in (200, 201) and "Content-Encoding" not in headers, path
        assert json.loads(text)["access_token"]


def test_staff_resources_keep_their_strong_tag(stack, staff):
    product = make_product(staff)
    status, headers, body = packed(stack, "GET", f"/v1/admin/products/{product['id']}", staff.token)
    assert status == 200 and headers["ETag"] == '"1"' and json.loads(body)["version"] == 1


def test_every_answer_with_a_secret_is_on_the_list(stack, api):
    """The list is made from the same table as the document."""
    document = api.get("/v1/openapi.json").json()
    listed = stack.merx("nginx", "plain").stdout
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = [a for s, a in operation["responses"].items() if s.startswith("2")]
            text = json.dumps([resolved(document, a) for a in answers])
            if '"x-secret"' in text:
                assert pattern(method, path) in listed, (method, path)


def resolved(document, node, seen=()):
    """The node with everything that it refers to."""
    if isinstance(node, list):
        return [resolved(document, n, seen) for n in node]
    if not isinstance(node, dict):
        return node
    ref = node.get("$ref")
    if ref in seen:
        return {}
    if ref:
        target = document
        for step in ref.removeprefix("#/").split("/"):
            target = target[step]
        return resolved(document, target, (*seen, ref))
    return {k: resolved(document, v, seen) for k, v in node.items()}


def pattern(method, path):
    steps = ("[^/]+" if s.startswith("{") else s.replace(".", "\\.") for s in path.split("/"))
    return f'"~^{method.upper()} {"/".join(steps)}$" 1;'


# ---- browsers

@pytest.fixture(scope="module")
def with_origin(module_stack, recorder):
    return Api(module_stack("cors", cors_origins=ORIGIN, workers=1), recorder)


def test_nginx_own_errors_can_be_read_by_a_page(with_origin):
    answer = with_origin.post("/v1/auth/guest", data=b"x" * 80_000, headers={"Origin": ORIGIN})
    problem(answer, 413, "payload_too_large")
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]


def test_preflight_with_headers_of_tools(with_origin):
    asked = "authorization,content-type,sentry-trace,baggage,x-datadog-trace-id"
    answer = with_origin.options("/v1/auth/guest", headers={
        "Origin": ORIGIN, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Headers"] == asked
    assert "Access-Control-Request-Headers" in answer.headers["Vary"]


def test_one_key_whatever_the_spelling(guest, variant):
    """Bodies that are read alike are not the same request: the key belongs to the bytes."""
    key, body = unique_key(), f'{{"variant_id":"{variant}","quantity":1}}'
    assert guest.send("POST", "/v1/cart/items", data=body, key=key).status_code == 201
    other = guest.send("POST", "/v1/cart/items", data=body.replace("1}", "1.0}"), key=key)
    problem(other, 422, "idempotency_key_reused")
