"""Chromium through chromedriver (W3C WebDriver, and its virtual authenticator of WebAuthn section
11)."""
import subprocess

import requests

from client import PATIENCE_S, tied, until

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage"]


class Browser:
    def __init__(self, port, profile):
        self.driver = subprocess.Popen(tied("chromedriver", f"--port={port}", "--log-level=WARNING"),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.http = requests.Session()
        self.http.trust_env = False
        self.base = f"http://127.0.0.1:{port}"
        self.wait()
        options = {"args": [*FLAGS, f"--user-data-dir={profile}"], "binary": "/usr/bin/chromium"}
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options,
                                  "acceptInsecureCerts": True, "webauthn:virtualAuthenticators": True}}
        self.base += "/session/" + self.call("POST", "/session", capabilities=wanted)["sessionId"]

    def wait(self):
        until(self.ready, what="chromedriver answers")

    def ready(self):
        try:
            return self.http.get(self.base + "/status", timeout=PATIENCE_S).json()["value"]["ready"]
        except requests.ConnectionError:
            return False

    def call(self, method, path, **sent):
        answer = self.http.request(method, self.base + path, timeout=PATIENCE_S,
                                   json=sent if method == "POST" else None)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def open(self, url):
        self.call("POST", "/url", url=url)

    def run(self, script, *args):
        """The value that the promise of an async function body gives."""
        wrapped = ("const done = arguments[arguments.length - 1];"
                   f"(async (...given) => {{ {script} }})(...arguments)"
                   ".then(v => done({value: v}), e => done({error: String(e)}));")
        got = self.call("POST", "/execute/async", script=wrapped, args=list(args))
        assert "error" not in got, got["error"]
        return got["value"]

    def authenticator(self, **kind):
        """A new virtual authenticator; its id."""
        sound = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                 "hasUserVerification": True, "isUserVerified": True}
        return self.call("POST", "/webauthn/authenticator", **(sound | kind))

    def remove_authenticator(self, which):
        self.call("DELETE", f"/webauthn/authenticator/{which}")

    def quit(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(PATIENCE_S)
