"""Passkeys as a browser makes them, with Chromium's virtual authenticator. PKY-1."""
import http.server
import threading

import pytest

import client
from chromium import Browser

SIGN_IN, OWN = "/v1/auth/passkey", "/v1/me/passkeys"
CREATE = """
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(given[0]);
    return (await navigator.credentials.create({publicKey})).toJSON();
"""
GET = """
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(given[0]);
    return (await navigator.credentials.get({publicKey})).toJSON();
"""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>shop</title>")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def origin():
    """A page of the shop; localhost counts as secure without TLS."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.fixture
def api(new_stack, recorder, origin):
    stack = new_stack("browser", workers=2, passkey_rp_id="localhost", passkey_origins=origin)
    return client.Api(stack, recorder)


@pytest.fixture(scope="module")
def browser(origin, tmp_path_factory):
    made = Browser(client.free_port(), tmp_path_factory.mktemp("profile"))
    made.open(origin)
    yield made
    made.quit()


def register(browser, person):
    options = person.post(f"{OWN}/options").json()
    made = browser.run(CREATE, options)
    return person.post(OWN, {"name": "Chromium", "credential": made})


def enter(browser, api):
    options = api.post(f"{SIGN_IN}/options").json()
    return api.post(SIGN_IN, {"credential": browser.run(GET, options)})


@pytest.mark.req("PKY-1")
@pytest.mark.parametrize("kind", (
    {"protocol": "ctap2", "transport": "internal"},
    {"protocol": "ctap2_1", "transport": "usb"},
    {"protocol": "ctap2", "transport": "internal", "defaultBackupEligibility": True,
     "defaultBackupState": True},
), ids=("platform", "usb", "synchronised"))
def test_register_and_sign_in(api, browser, kind):
    which = browser.authenticator(**kind)
    person = api.customer()
    made = register(browser, person)
    assert made.status_code == 201, made.text
    assert made.json()["backed_up"] == kind.get("defaultBackupState", False)
    for _ in range(3):
        answer = enter(browser, api)
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["id"] == person.id
    browser.remove_authenticator(which)


@pytest.mark.req("PKY-1")
def test_a_user_who_is_not_verified(api, browser):
    which = browser.authenticator()
    assert register(browser, api.customer()).status_code == 201
    browser.call("POST", f"/webauthn/authenticator/{which}/uv", isUserVerified=False)
    with pytest.raises(AssertionError, match="NotAllowedError"):
        enter(browser, api)
    browser.remove_authenticator(which)


@pytest.mark.req("PKY-1")
def test_a_passkey_is_not_registered_twice(api, browser):
    which = browser.authenticator()
    person = api.customer()
    assert register(browser, person).status_code == 201
    with pytest.raises(AssertionError, match="InvalidStateError"):
        register(browser, person)
    browser.remove_authenticator(which)


@pytest.mark.req("PKY-1")
def test_a_page_of_another_origin(new_stack, recorder, browser, api):
    """The browser makes one for localhost, but this shop's page is elsewhere."""
    other = client.Api(new_stack("elsewhere", workers=1, passkey_rp_id="localhost",
                                 passkey_origins="https://localhost:1"), recorder)
    which = browser.authenticator()
    refused = register(browser, other.customer())
    assert client.faults(refused) == [("/credential", "bad_format")]
    browser.remove_authenticator(which)
