"""A mail server that does as it is told, and certificates for it."""
import asyncio
import email
import email.policy
import socket
import ssl
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from client import PATIENCE_S, free_port

USER, SECRET = "merx-sender", "pass-Word-of-the-mail-account"


def openssl(*args, directory):
    subprocess.run(["openssl", *args], cwd=directory, check=True, capture_output=True)


class Authority:
    """A certificate authority in a directory of its own."""

    def __init__(self, directory):
        self.directory, self.ca = directory, directory / "ca.pem"
        directory.mkdir()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA", directory=directory)

    def context(self, name, days="2"):
        """TLS context of a server called `name`, an address of 127.0.0.0/8 or a host name."""
        kind = "IP" if name[0].isdigit() else "DNS"
        (self.directory / "ext").write_text(f"subjectAltName={kind}:{name}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", "key.pem", "-out", "csr.pem", "-subj", f"/CN={name}",
                directory=self.directory)
        openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", "cert.pem", "-days", days, "-extfile", "ext",
                directory=self.directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "cert.pem", self.directory / "key.pem")
        return context


class Server:
    """Listens on 127.0.0.1. `at` may hold a coroutine function for MAIL, RCPT, DATA or QUIT, given
    the address or envelope; what it returns, unless None, is the answer. STARTTLS with `tls`, TLS at
    once with `implicit`; the password is asked for unless `auth` is off."""

    def __init__(self, tls=None, implicit=None, auth=True, port=0, password=SECRET, **at):
        self.at, self.password, self.implicit = at, password, implicit is not None
        self.messages = []  # as they were taken, with .sender, .recipients, .raw, .tls
        self.commands = []  # (verb, over TLS)
        how = {"auth_require_tls": not implicit}  # it does not know that it is over TLS then
        if auth:
            how |= {"authenticator": self.authenticate, "auth_required": True}
        if tls:
            how |= {"tls_context": tls, "require_starttls": True}
        self.controller = Controller(self, hostname="127.0.0.1", port=port or free_port(),
                                     ssl_context=implicit, ready_timeout=PATIENCE_S, **how)

    @property
    def port(self):
        return self.controller.port

    def __enter__(self):
        self.controller.start()
        self.commands.clear()
        return self

    def __exit__(self, *_):
        self.controller.stop()

    def authenticate(self, server, session, envelope, mechanism, data):
        good = LoginPassword(USER.encode(), self.password.encode())
        self.note("AUTH", session)
        return AuthResult(success=data == good, handled=False)

    def note(self, verb, session):
        self.commands.append((verb, self.over_tls(session)))

    def over_tls(self, session):
        return self.implicit or session.ssl is not None

    async def told(self, verb, what):
        return await self.at[verb](what) if verb in self.at else None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        self.note("EHLO", session)
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.note("MAIL", session)
        refused = await self.told("MAIL", address)
        if refused is None:
            envelope.mail_from = address
        return refused or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.note("RCPT", session)
        refused = await self.told("RCPT", address)
        if refused is None:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.note("DATA", session)
        envelope.session = session
        refused = await self.told("DATA", envelope)
        if refused is None:
            self.take(envelope)
        return refused or "250 taken"

    async def handle_QUIT(self, server, session, envelope):
        await self.told("QUIT", None)
        return "221 Bye"

    def take(self, envelope):
        raw, session = envelope.original_content, envelope.session
        message = email.message_from_bytes(raw.replace(b"\r\n", b"\n"),
                                           policy=email.policy.default)
        message.sender, message.recipients = envelope.mail_from, list(envelope.rcpt_tos)
        message.raw, message.tls = raw, self.over_tls(session)
        message.helo = session.host_name
        self.messages.append(message)

    def to(self, address):
        return [m for m in self.messages if m.recipients == [address]]


class Mute:
    """Takes connections and says nothing."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = port
        self.taken = []
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        try:
            while True:
                self.taken.append(self.listener.accept()[0])
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for wire in self.taken:
            wire.close()


async def forever(_):
    await asyncio.sleep(3600)
