"""An OpenID provider for tests: key sets over TLS, which it can withhold, and ID tokens, good and bad."""
import base64
import hashlib
import http.server
import json
import secrets
import ssl
import subprocess
import threading
import time

from jwcrypto import jwk, jws

CLIENT = "shop-web"


def b64(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_certificate(directory, name="tls", host="IP:127.0.0.1"):
    """A self-signed certificate; paths of it and of its key."""
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=provider", "-addext", f"subjectAltName={host}",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    return cert, key


class Server:
    """https://127.0.0.1:port; what a path answers is chosen by the test."""

    def __init__(self, cert, key):
        self.hits = {}  # path -> number of requests
        self.answers = {}  # path -> function of the handler
        self.release = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.hits[self.path] = server.hits.get(self.path, 0) + 1
                server.answers[self.path](self)

            def log_message(self, *args):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a caller that hangs up is what some tests want

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.http.socket = context.wrap_socket(
            self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.release.set()
        self.http.shutdown()
        self.http.server_close()


def reply(handler, status, body=b"", **headers):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def new_key(kind="RSA", kid=None, **more):
    kid = kid or secrets.token_hex(6)
    alg = {"RSA": "RS256", "EC": "ES256"}[kind]
    how = {"size": 2048} if kind == "RSA" else {"crv": "P-256"}
    return jwk.JWK.generate(kty=kind, kid=kid, use="sig", alg=alg, **(how | more))


class Provider:
    """One issuer with its key set at a path of the server."""

    def __init__(self, server, name, client=CLIENT, cache="public, max-age=3600", **members):
        self.server, self.name, self.client, self.cache = server, name, client, cache
        self.path = f"/{name}/keys"
        self.issuer = f"{server.url}/{name}"
        self.keys = [new_key("RSA"), new_key("EC")]
        self.extra = []  # more members of the key set
        self.members = {"fetch_timeout_ms": "20000"} | members  # for a busy machine
        self.serve()

    def section(self, ca):
        """Its section of the file of providers."""
        lines = {"issuer": self.issuer, "jwks_uri": self.server.url + self.path,
                 "client_ids": self.client, "ca_file": ca} | self.members
        lines = [f"{k} = {v}" for k, v in lines.items() if v is not None]
        return "\n".join([f"[{self.name}]", *lines, ""])

    def jwks(self):
        return {"keys": [k.export_public(as_dict=True) for k in self.keys] + self.extra}

    @property
    def fetches(self):
        return self.server.hits.get(self.path, 0)

    # ---- how the key set is served

    def answer(self, how):
        self.server.answers[self.path] = how

    def serve(self):
        self.answer(lambda h: reply(h, 200, json.dumps(self.jwks()).encode(),
                                    Content_Type="application/json", Cache_Control=self.cache))

    def hang(self):
        """Says nothing until the server stops."""
        self.answer(lambda h: self.server.release.wait(60))

    def fail(self, status=500, body=b"no", **headers):
        self.answer(lambda h: reply(h, status, body, **headers))

    # ---- tokens

    def claims(self, given, **more):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client.split()[0], "sub": secrets.token_hex(8),
                  "iat": now, "exp": now + 600, "nonce": given} | more
        return {k: v for k, v in claims.items() if v is not ...}

    def sign(self, claims, key=None, header=None):
        key = key or self.keys[0]
        header = {"alg": key["alg"], "kid": key["kid"]} | (header or {})
        head = json.dumps({k: v for k, v in header.items() if v is not ...})
        algs = ["RS256", "ES256", "RS384"]
        alg = header["alg"] if header["alg"] in algs else key["alg"]
        payload = json.dumps(claims).encode()
        signed = jws.JWSCore(alg, key, head, payload, algs).sign()
        return f"{signed['protected']}.{b64(payload)}.{signed['signature']}"

    def proof(self, key=None, header=None, given=None, **claims):
        """The body of a sign-in, with the nonce `given`. A claim that is ... is left out."""
        nonce = given or secrets.token_urlsafe(16)
        token = self.sign(self.claims(nonce, **claims), key, header)
        return {"provider": self.name, "id_token": token, "nonce": nonce}

    def notice(self, subject, kind="consent-revoked", key=None, **claims):
        """The body of a notice as Apple sends it: one event, as a JSON text within the claims."""
        now = int(time.time())
        event = {"type": kind, "sub": subject, "event_time": now * 1000}
        claims = {"iss": self.issuer, "aud": self.client.split()[0], "iat": now,
                  "jti": secrets.token_hex(8), "events": json.dumps(event)} | claims
        return {"payload": self.sign({k: v for k, v in claims.items() if v is not ...}, key)}


def digest(nonce):
    return hashlib.sha256(nonce.encode()).hexdigest()
