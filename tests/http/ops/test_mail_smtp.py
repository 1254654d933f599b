"""Mail to a real server: TLS, login, refusals, hangs, crashes; nothing lost, nothing told twice."""
import contextlib
import os
import re
import signal
import stat
import subprocess
import threading

import pytest
import requests

import client
import sealed
import smtp_server
from client import CODE, PASSWORD, UNLIKE, unique_email, until
from smtp_server import SECRET, USER, Mute, Server, forever

SHORT_S = 4  # smtp_timeout_s where a server hangs
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # of TLS it does not know


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return smtp_server.Authority(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture(scope="module")
def lone(module_stack):
    """A stack whose own job runner rests: each test has one, and a server, of its own."""
    stack = module_stack("smtp", workers=2, shop_name="Café & Co", mail_from="hello@shop.example",
                         shop_url="https://shop.example/de")
    os.kill(stack.pid("jobs"), signal.SIGTERM)
    stack.merx("check")
    stack.password = stack.run / "smtp.password"
    stack.password.touch(0o600)
    stack.password.write_text(SECRET + "\n")
    return stack


@pytest.fixture(autouse=True)
def nothing_queued(lone):
    """Mail that an earlier test left is not this one's."""
    lone.admin().rows("UPDATE mail SET state = 2 WHERE state = 0")


def settings(stack, server, authority, **more):
    return {
        "smtp_url": f"smtp://127.0.0.1:{server.port}", "smtp_user": USER, "smtp_ca": authority.ca,
        "smtp_password_file": stack.password, "smtp_timeout_s": 120, "smtp_connect_timeout_s": 60,
        "job_interval_ms": 20,
    } | more


@contextlib.contextmanager
def jobs(stack, **how):
    """`merx jobs` with those settings; ends in order unless the test killed it."""
    runner = subprocess.Popen(client.tied(client.program(), "jobs"), env=stack.environment(**how),
                              stderr=subprocess.PIPE, text=True)
    try:
        yield runner
    finally:
        if runner.poll() is None:
            runner.send_signal(signal.SIGTERM)
        said = runner.communicate(timeout=client.PATIENCE_S)[1]
        assert runner.returncode in (0, -signal.SIGKILL) and not said, said


@pytest.fixture
def sending(lone, authority):
    """Call it with a server, for a runner that knows it."""
    with contextlib.ExitStack() as all_of_them:
        yield lambda server, **more: all_of_them.enter_context(
            jobs(lone, **settings(lone, server, authority, **more)))


def register(stack, email=None, **how):
    email = email or unique_email()
    sent = {"email": email, "password": PASSWORD, "name": "Ada"}
    answer = client.Api(stack).post("/v1/auth/register", sent, **how)
    assert answer.status_code == 202, answer.text
    return email


def row(stack, email):
    (found,) = sealed.mails(stack, email)
    return found


def failure(stack, email):
    return stack.db().value(f"SELECT failure FROM mail WHERE id = x'{row(stack, email)['id']}'")


def sent(stack, email):
    return until(lambda: row(stack, email)["state"] == "1" and row(stack, email), what="sending")


# ---- what is sent


@pytest.mark.req("SEC-1", "TLS-2")
def test_a_mail_goes_over_starttls(lone, authority, sending):
    with Server(tls=authority.context("127.0.0.1")) as server:
        sending(server)
        email = register(lone)
        assert sent(lone, email)["attempts"] == "1" and failure(lone, email) is None
        (message,) = server.to(email)
    assert message.sender == "hello@shop.example" and message.tls
    assert message.helo == "shop.example"
    assert ("AUTH", True) in server.commands and ("AUTH", False) not in server.commands
    assert not message.defects and message["To"] == email
    assert message["From"].addresses[0].addr_spec == "hello@shop.example"
    assert message["From"].addresses[0].display_name == "Café & Co"
    assert message["Subject"] == "Your code to sign up with Café & Co"
    assert message["Auto-Submitted"] == "auto-generated" and message["Date"].datetime
    assert re.fullmatch(r"<[0-9a-f-]{36}@shop\.example>", message["Message-ID"])
    assert message.get_content_type() == "multipart/alternative"
    plain, page = message.iter_parts()
    assert not plain.defects and not page.defects
    code = re.search(rf"^Code: ({CODE.pattern})$", plain.get_content(), re.M).group(1)
    assert f"<strong>{code}</strong>" in page.get_content()
    assert "Café &amp; Co" in page.get_content() and "Café & Co" in plain.get_content()
    assert page.get_content().startswith("<!DOCTYPE html>")
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", message.raw) is None
    assert all(len(line) <= 78 for line in message.raw.split(b"\r\n"))
    person = client.Api(lone).verify(email, code)
    assert person.status_code == 200


@pytest.mark.req("TLS-2")
def test_a_mail_goes_over_implicit_tls(lone, authority, sending):
    with Server(implicit=authority.context("localhost")) as server:
        sending(server, smtp_url=f"smtps://localhost:{server.port}")
        email = register(lone)
        sent(lone, email)
        assert server.to(email)[0].tls


def test_plain_to_this_host_when_asked_for(lone, authority, sending):
    with Server(auth=False) as server:
        sending(server, smtp_plain="on", smtp_user="", smtp_password_file="")
        email = register(lone)
        sent(lone, email)
        assert not server.to(email)[0].tls


def test_lines_that_are_a_dot_come_through(lone, authority, sending):
    """Line ends and dots at line beginnings: a value that would end the message arrives as it is."""
    with Server(tls=authority.context("127.0.0.1")) as server:
        sending(server)
        email = unique_email()
        odd = {"number": ".", "total": "." * 300 + "\n.\nQUIT"}
        sealed.queue_mail(lone, email, "order_placed", odd)
        sent(lone, email)
        text = server.to(email)[0].get_body(("plain",)).get_content()
    assert f"Total: {'.' * 300} . QUIT\n" in text


@pytest.mark.req("REG-6")
def test_nothing_gets_out_of_an_address_or_a_header(lone, authority, sending):
    with Server(tls=authority.context("127.0.0.1")) as server:
        sending(server)
        for bad in ("a@example.com>\rRCPT TO:<e@example.com", "a@example.com\rBcc: e@example.com",
                    "a@example.com> NOTIFY=NEVER", "no address", "@", "a b@example.com"):
            sealed.queue_mail(lone, bad, "verify_code", {"code": "1"})
            until(lambda: row(lone, bad)["state"] == "2", what="the refusal")
            assert failure(lone, bad) == "no mail address"
        email = unique_email()
        sealed.queue_mail(lone, email, "order_placed",
                          {"number": "1\r\nBcc: e@example.com\r\n\r\nhello", "total": "<b>2</b>"})
        sent(lone, email)
        (message,) = server.messages
    assert message["Bcc"] is None and message["Subject"].endswith("with Café & Co")
    assert "<b>" not in message.get_body(("html",)).get_content()
    assert "&lt;b&gt;2&lt;/b&gt;" in message.get_body(("html",)).get_content()


@pytest.mark.req("RST-2")
def test_links_are_those_of_the_settings(lone, authority, sending):
    evil = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example",
            "X-Forwarded-Proto": "http", "X-Original-URL": "https://evil.example/"}
    with Server(tls=authority.context("127.0.0.1")) as server:
        sending(server)
        email = register(lone)
        until(lambda: server.to(email), what="the code")
        code = CODE.search(server.to(email)[0].get_body(("plain",)).get_content()).group()
        api = client.Api(lone)
        assert api.verify(email, code).status_code == 200
        register(lone, email, headers=evil)
        with contextlib.suppress(requests.ConnectionError):  # nginx may know no such host
            register(lone, email, headers={"Host": "evil.example"})
        until(lambda: len(server.to(email)) == 2, what="the notice")
        notices = server.to(email)[1:]
    for text in (m.get_body((form,)).get_content() for m in notices for form in ("plain", "html")):
        assert "evil" not in text
        assert set(re.findall(r"https?://[^\s\"<]+", text)) == {"https://shop.example/de"}


def test_the_language_is_the_recipients(lone, authority, sending):
    with Server(tls=authority.context("127.0.0.1")) as server:
        sending(server)
        api = client.Api(lone)
        guest = client.Person(api, api.post("/v1/auth/guest", {"locale": "de-AT"}))
        email = register(lone, token=guest.token)
        sent(lone, email)
        (message,) = server.to(email)
    assert message["Content-Language"] == "de" and message["Subject"] == "Ihr Code für die Anmeldung bei Café & Co"
    assert 'lang="de"' in message.get_body(("html",)).get_content()


# ---- whom we trust


def tried(stack, email, n=1):
    """The mail was tried and is still to be sent; why it failed."""
    until(lambda: int(row(stack, email)["attempts"]) >= n and failure(stack, email), what="a try")
    assert row(stack, email)["state"] == "0"
    return failure(stack, email)


@pytest.mark.req("TLS-2", "SEC-1")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("fault", ["another CA", "another name"])
def test_a_stranger_gets_nothing(lone, authority, sending, tmp_path, scheme, fault):
    whose = smtp_server.Authority(tmp_path / "ca") if fault == "another CA" else authority
    tls = whose.context("elsewhere.example" if fault == "another name" else "127.0.0.1")
    with Server(**{"tls" if scheme == "smtp" else "implicit": tls}) as server:
        sending(server, smtp_url=f"{scheme}://127.0.0.1:{server.port}")
        email = register(lone)
        assert "SSL" in tried(lone, email)
    assert not server.messages and {verb for verb, _ in server.commands} <= {"EHLO"}


@pytest.mark.req("TLS-2", "SEC-1")
def test_a_server_without_tls_gets_nothing(lone, sending):
    """Somebody in between who takes STARTTLS out of the answer."""
    with Server(auth=False) as server:
        sending(server)
        email = register(lone)
        tried(lone, email)
    assert not server.messages and {verb for verb, _ in server.commands} <= {"EHLO"}


@pytest.mark.req("TLS-2")
def test_the_systems_authorities_do_not_count_beside_ours(lone, authority, sending):
    """And without smtp_ca a CA that the system does not know is none."""
    with Server(tls=authority.context("127.0.0.1")) as server:
        sending(server, smtp_ca="")
        email = register(lone)
        assert "SSL" in tried(lone, email)
    assert not server.messages


@pytest.mark.req("SEC-1")
def test_a_new_password_is_used_without_a_restart(lone, authority, sending):
    with Server(tls=authority.context("127.0.0.1"), password="the next one") as server:
        sending(server)
        email = register(lone)
        assert tried(lone, email) == "535 to AUTH"
        assert not server.messages
        lone.password.write_text("the next one\n")
        try:
            sent(lone, email)
        finally:
            lone.password.write_text(SECRET + "\n")
    assert len(server.to(email)) == 1


# ---- a server in trouble


def test_what_is_put_off_does_not_hold_up_the_others(lone, authority, sending):
    grey, others_are_sent = unique_email(), threading.Event()
    tries = []

    async def later(address):
        if address == grey:
            tries.append(address)
            return None if others_are_sent.is_set() and len(tries) >= 3 else "451 4.7.1 try again"

    with Server(tls=authority.context("127.0.0.1"), RCPT=later) as server:
        sending(server)
        register(lone, grey)
        until(lambda: tries, what="the first try")
        other = register(lone)
        assert sent(lone, other)["attempts"] == "1"
        assert tried(lone, grey) == "451 to RCPT"
        others_are_sent.set()
        assert int(sent(lone, grey)["attempts"]) == len(tries) >= 3
        assert len(server.to(grey)) == 1 and failure(lone, grey) is None


@pytest.mark.parametrize("verb, answer", [
    ("RCPT", "550 5.1.1 no such user <{to}>"), ("DATA", "554 5.7.1 {to}: not this one")])
def test_a_refusal_is_final_and_recorded(lone, authority, sending, verb, answer):
    bad = unique_email()

    async def refuse(what):
        if what == bad or bad in getattr(what, "rcpt_tos", ()):
            return answer.format(to=bad)

    with Server(tls=authority.context("127.0.0.1"), **{verb: refuse}) as server:
        sending(server)
        register(lone, bad)
        until(lambda: row(lone, bad)["state"] == "2", what="the refusal")
        other = register(lone)
        sent(lone, other)
    assert row(lone, bad)["attempts"] == "1" and failure(lone, bad) == f"{answer[:3]} to {verb}"
    assert [m.recipients for m in server.messages] == [[other]]
    kept = lone.db().value(f"SELECT sealed IS NULL FROM mail WHERE id = x'{row(lone, bad)['id']}'")
    assert kept == "1" and "rejected permanently" in lone.log()


@pytest.mark.parametrize("answer", ["550 5.7.1 sender not allowed", "421 4.3.2 closing"])
def test_what_is_about_us_costs_no_mail(lone, authority, sending, answer):
    told = [answer]

    async def refuse(_):
        return told[0]

    with Server(tls=authority.context("127.0.0.1"), MAIL=refuse) as server:
        sending(server)
        email = register(lone)
        assert tried(lone, email, 2) == f"{answer[:3]} to MAIL"
        told[0] = None
        sent(lone, email)
    assert len(server.to(email)) == 1


@pytest.mark.req("REG-5")
@pytest.mark.parametrize("verb", ["RCPT", "DATA", "QUIT"])
def test_a_server_that_hangs_holds_up_one_mail(lone, authority, sending, verb):
    stuck = [True]

    async def hang(what):
        if stuck[0]:
            await forever(what)

    with Server(tls=authority.context("127.0.0.1"), **{verb: hang}) as server:
        runner = sending(server, smtp_timeout_s=SHORT_S)
        email = register(lone)
        if verb == "QUIT":
            sent(lone, email)
        else:
            assert "Timeout" in tried(lone, email)
        stuck[0] = False
        other = register(lone)
        sent(lone, email)
        sent(lone, other)
        assert runner.poll() is None
        assert len(server.to(email)) == 1 and len(server.to(other)) == 1


def tries_on_record(stack, email):
    """Tries that failed for a reason of the mail's own; none when nothing is on record."""
    found = stack.db().rows("SELECT tries FROM job_failure WHERE job = 'mail' AND subject_id ="
                            f" x'{row(stack, email)['id']}'")
    return [int(r["tries"]) for r in found]


def test_a_mail_that_stops_the_server_is_to_blame(lone, authority, sending):
    """J1: when others are taken between its tries, they count; it is not the server that is in trouble."""
    poison = unique_email()

    async def hang(envelope):
        if poison in envelope.rcpt_tos:
            await forever(envelope)

    with Server(tls=authority.context("127.0.0.1"), DATA=hang) as server:
        sending(server, smtp_timeout_s=SHORT_S)
        register(lone, poison)
        tried(lone, poison)
        assert tries_on_record(lone, poison) == []
        until(lambda: sent(lone, register(lone)) and tries_on_record(lone, poison), what="the blame")
        other = register(lone)
        assert sent(lone, other)["attempts"] == "1"
    assert row(lone, poison)["state"] == "0"


@pytest.mark.req("REG-5", "INV-18")
def test_no_server_at_all(lone, authority, sending):
    """Nothing listens, then something that says nothing: the API answers as ever, whether an account
    exists or not, and all of the mail goes out once there is a server."""
    port = client.free_port()
    with Server(tls=authority.context("127.0.0.1"), port=port) as server:
        runner = sending(server, smtp_timeout_s=SHORT_S)
        known = register(lone)
        until(lambda: server.to(known), what="the code")
        code = CODE.search(server.to(known)[0].get_body(("plain",)).get_content()).group()
        api = client.Api(lone)
        assert api.verify(known, code).status_code == 200
        healthy = answers(lone, known)
        until(lambda: lone.admin().value("SELECT COUNT(*) FROM mail WHERE state = 0") == "0",
              what="all mail to be sent")  # none of it is tried before what waits below
    assert healthy == answers(lone, known)
    waiting = [register(lone) for _ in range(5)]
    assert "connect" in tried(lone, waiting[0]).lower()
    with Mute(port) as mute:
        until(lambda: mute.taken, what="a connection")
        assert healthy == answers(lone, known)
        waiting.append(register(lone))
        until(lambda: any("Timeout" in str(failure(lone, email)) for email in waiting), what="a try")
    assert [tries_on_record(lone, email) for email in waiting] == [[]] * len(waiting)
    with Server(tls=authority.context("127.0.0.1"), port=port) as server:
        for email in waiting:
            until(lambda: row(lone, email)["state"] == "1", what="sending")
            assert len(server.to(email)) == 1
    assert runner.poll() is None


def answers(stack, known):
    """Answers for a known and an unknown address, without what differs each time."""
    api = client.Api(stack)
    told = []
    for email in (known, unique_email()):
        for path, body in (("register", {"email": email, "password": PASSWORD, "name": "Ada"}),
                           ("password/forgot", {"email": email})):
            answer = api.post(f"/v1/auth/{path}", body)
            if answer.status_code == 404:
                continue
            fixed = {k: v for k, v in answer.headers.items()
                     if k.lower() not in UNLIKE}
            assert answer.status_code == 202
            told.append((answer.status_code, sorted(answer.json()), fixed))
    return told


# ---- crashes, and several at once


@pytest.mark.req("INV-18")
@pytest.mark.parametrize("taken", [False, True])
def test_a_runner_that_is_killed_loses_nothing(lone, authority, sending, taken):
    """Killed while the server holds its answer: with the mail not taken yet, and taken already."""
    reached, envelopes = threading.Event(), []

    async def hold(envelope):
        if not reached.is_set():
            envelopes.append(envelope)
            if taken:
                server.take(envelope)
            reached.set()
            await forever(None)

    with Server(tls=authority.context("127.0.0.1"), DATA=hold) as server:
        runner = sending(server)
        emails = [register(lone) for _ in range(3)]
        assert reached.wait(client.PATIENCE_S)
        runner.kill()
        runner.wait()
        (first,) = envelopes[0].rcpt_tos
        assert row(lone, first)["state"] == "0"
        sealed.end_leases(lone)
        sending(server)
        for email in emails:
            sent(lone, email)
    before = re.search(rb"^Message-ID: (.+?)\r", envelopes[0].content, re.M).group(1).decode()
    assert [m["Message-ID"] for m in server.to(first)] == [before] * (2 if taken else 1)
    assert all(len(server.to(email)) == 1 for email in emails if email != first)
    assert row(lone, first)["attempts"] == "2"


@pytest.mark.req("INV-18")
def test_a_known_outcome_is_not_forgotten_when_the_database_is_away(lone, authority, sending):
    """The database goes while the server takes a mail, and is back later: it is sent once."""
    reached, go = threading.Event(), threading.Event()

    async def hold(_):
        reached.set()
        while not go.is_set():
            await smtp_server.asyncio.sleep(0.02)

    with Server(tls=authority.context("127.0.0.1"), DATA=hold) as server:
        sending(server)
        email = register(lone)
        assert reached.wait(client.PATIENCE_S)
        lone.admin().rows("ALTER USER 'merx'@'localhost' ACCOUNT LOCK")
        try:
            lone.cut_connections()
            go.set()
            until(lambda: server.to(email), what="the mail to be taken")
            until(lambda: "job failed" in lone.log(), what="the database to be missed")
            assert row(lone, email)["state"] == "0"
        finally:
            lone.admin().rows("ALTER USER 'merx'@'localhost' ACCOUNT UNLOCK")
        assert sent(lone, email)["attempts"] == "1"
        assert len(server.to(email)) == 1


def test_several_runners_send_each_mail_once(lone, authority, sending):
    with Server(tls=authority.context("127.0.0.1")) as server:
        for _ in range(3):
            sending(server)
        emails = [register(lone) for _ in range(20)]
        emails += [unique_email() for _ in range(60)]
        for email in emails[20:]:
            sealed.queue_mail(lone, email, "verify_code", {"code": "161803"})
        for email in emails:
            assert sent(lone, email)["attempts"] == "1"
            assert len(server.to(email)) == 1


# ---- settings, and what is never told


@pytest.mark.req("SEC-1", "TLS-2")
def test_check_refuses_what_cannot_be_right(lone, authority, tmp_path):
    good = {"smtp_url": "smtp://mail.example:587", "smtp_user": USER, "smtp_ca": authority.ca,
            "smtp_password_file": lone.password}
    assert lone.merx("check", **good).stdout == "ok\n"
    open_file = tmp_path / "open"
    open_file.write_text(SECRET)
    open_file.chmod(0o644)
    empty = tmp_path / "empty"
    empty.touch(stat.S_IRUSR)
    for wrong, said in (
        ({"smtp_url": "https://mail.example"}, "smtp:// or smtps://"),
        ({"smtp_url": "mail.example:587/x"}, "smtp_url"),
        ({"smtp_url": "smtp://"}, "smtp_url"),
        ({"smtp_url": "smtp://u:p@mail.example"}, "a host and perhaps a port"),
        ({"smtp_url": "smtp://mail.example/path"}, "no path"),
        ({"smtp_plain": "on"}, "loopback"),
        ({"smtp_plain": "on", "smtp_url": "smtp://127.0.0.1.evil.example"}, "loopback"),
        ({"smtp_plain": "on", "smtp_url": "smtps://127.0.0.1"}, "smtp_plain"),
        ({"smtp_password_file": ""}, "needs smtp_password_file"),
        ({"smtp_user": ""}, "requires smtp_user"),
        ({"smtp_password_file": tmp_path / "none"}, "cannot be read"),
        ({"smtp_password_file": open_file}, "open to others"),
        ({"smtp_password_file": empty}, "holds the password"),
        ({"smtp_ca": tmp_path / "none"}, "smtp_ca cannot be read"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"mail_from": "a@b> SIZE=1"}, "mail_from"),
        ({"shop_url": "javascript:alert(1)"}, "shop_url"),
        ({"shop_url": 'https://x"onclick='}, "shop_url"),
    ):
        for command in ("check", "jobs"):
            done = lone.merx(command, check=False, **(good | wrong))
            assert done.returncode == 2 and said in done.stderr, (wrong, done)
            assert SECRET not in done.stderr + done.stdout
    loopback = {"smtp_plain": "on", "smtp_url": "smtp://[::1]:25"}
    assert lone.merx("check", **(good | loopback)).stdout == "ok\n"


@pytest.mark.req("LOG-1", "SEC-1")
def test_logs_tell_no_address_no_code_no_secret(lone, authority, sending):
    refused = unique_email()

    async def refuse(address):
        return f"550 <{address}> {SECRET} unknown" if address == refused else None

    with Server(tls=authority.context("127.0.0.1"), RCPT=refuse) as server:
        runner = sending(server, log_level="debug")
        register(lone, refused)
        email = register(lone)
        sent(lone, email)
        until(lambda: row(lone, refused)["state"] == "2", what="the refusal")
        arguments = open(f"/proc/{runner.pid}/cmdline", "rb").read()
        environment = open(f"/proc/{runner.pid}/environ", "rb").read()
        (message,) = server.to(email)
    code = CODE.search(message.get_body(("plain",)).get_content()).group()
    log = lone.log()
    assert "mail sent" in log and "mail rejected permanently" in log
    ours = "\n".join(line for line in log.splitlines() if f"pid={runner.pid} " in line)
    assert code not in re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|ts=\S+", "", ours)
    for secret in (SECRET, refused, email, refused.split("@")[0], email.split("@")[0]):
        assert secret not in log
        assert secret.encode() not in arguments + environment
    stored = lone.db().rows("SELECT failure, template, locale FROM mail")
    assert "@" not in str(stored) and SECRET not in str(stored)


# ---- mail that cannot leave


@pytest.mark.parametrize("where, named", [
    ({"smtp_url": "smtp://127.0.0.1:1", "smtp_plain": "on"}, "server=smtp://127.0.0.1:1 "),
    ({"mail": "/nonexistent/mail"}, "directory=/nonexistent/mail ")])
def test_a_way_that_is_closed_is_named_and_not_said_to_be_open_again(lone, where, named):
    """The job has nothing to do while its mail is put off; it works again when it did something."""
    end, email = len(lone.log()), unique_email()
    mail = sealed.queue_mail(lone, email, "verify_code", {"code": "161803"},
                             created_at="UTC_TIMESTAMP(3) - INTERVAL 600 SECOND")

    def said(text):
        return lone.log()[end:].count(text)

    with jobs(lone, job_interval_ms=20, **where):
        until(lambda: said("cannot be handed over now") == 1, what="a first try")
        assert f"{named}why=" in lone.log()[end:]
        put_off = f"SELECT state FROM mail WHERE id = x'{mail}' AND failure IS NOT NULL AND lease_until IS NULL"
        until(lambda: lone.admin().rows(put_off), what="a record")
        assert re.search("mail has [0-9]+ rows to work on, the first for 1[0-9] min; a job runner seems to run, see its"
                         " log", lone.merx("check").stderr)
        lone.admin().run(f"UPDATE mail SET next_at = UTC_TIMESTAMP(3) WHERE id = x'{mail}'")
        # It pauses after a failure, and says the next one only when a good run was between.
        until(lambda: said("cannot be handed over now") >= 2, what="a second try")
        assert said("job works again") == 0
    lone.admin().run(f"UPDATE mail SET next_at = UTC_TIMESTAMP(3) WHERE id = x'{mail}'")
    with jobs(lone, job_interval_ms=20):
        assert sent(lone, email)["state"] == "1"
