"""Writes lib/api/examples.txt: of every operation the best request and the best first success among
the exchanges of a directory and the examples that stand there already. A line of the file is
`<operation id> <request or status> <JSON>`; lines of operations that the exchanges do not touch stay.

The best fits its schema, holds no odd characters, shows most members, is the one that stands there,
is the shortest. Ids, times, secrets, addresses and names made for one test become fixed values, and
long lists are cut, so that an example changes when the API does."""
import itertools
import json
import pathlib
import re
import subprocess
import sys

from client import ROOT, follow, program
from contract import Contract

FILE = ROOT / "lib" / "api" / "examples.txt"
TEXT_MAX = 160  # characters of a string

# Replacements of opaque strings: as many characters of these, in turn.
DIGITS = "0123456789abcdef"
OPAQUE = "Rm9yLWFuLWV4YW1wbGUtb25seQ"
CODE = "7K3MA9QXTB5HW2RD"
BASE32 = "JBSWY3DPEHPK3PXP"

BY_NAME = {
    "password": "correct-horse-battery-staple",
    "current_password": "former-horse-battery-staple",
    "email": "ada@example.com",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    "address": "192.0.2.1",
    "request_id": "01890a5dac96774bbcceb302099a8057",
}
# Replaced parts of a text, by kind: pattern, and replacement of a match.
IN_TEXT = {
    "uuid": (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", None),
    "jwt": (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", lambda text: "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"),
    "time": (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", lambda text: "2026-01-15T09:30:00.000Z"),
    "date": (r"\b20\d\d-\d\d-\d\d\b", lambda text: "2026-01-15"),
    "email": (r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+",
              lambda text: "ada@example.com" if "@" in text else "ada%40example.com"),
    "host": (r"https?://(?:127\.0\.0\.1|localhost)(?::\d+)?", lambda text: "https://shop.example.com"),
    "ip": (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", lambda text: "192.0.2.1"),
    "agent": (r"python-requests/[\d.]+", lambda text: "Mozilla/5.0"),
    "secret": (r"secret=[A-Z2-7]+", lambda text: "secret=" + turn(BASE32, len(text) - 7)),
    "code": (r"\b[0-9A-Z]{4,5}(?:-[0-9A-Z]{4,5})+\b", lambda text: groups(text)),
    "unique": (r"(?<![0-9A-Za-z])(?=[A-Fa-f]*\d)(?:[0-9a-f]{8,}|[0-9A-F]{8,})\b",
               lambda text: "1" if len(text) <= 16 else turn(DIGITS, len(text))),
    "opaque": (r"(?<![\w-])(?![A-Za-z]+-[0-9a-f]+\b)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{20,}", lambda text: turn(OPAQUE, min(len(text), 86))),
}
PATTERN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, (pattern, _) in IN_TEXT.items()))
LATER = re.compile(r"expire|until|ends|deadline|retry|next")
OPAQUE_NAMES = {"handle", "refresh_token", "mfa_token", "challenge", "nonce", "secret", "signature"}
CODE_NAMES = {"code", "recovery_codes", "codes"}


def turn(characters, n):
    return "".join(itertools.islice(itertools.cycle(characters), n))


def groups(code):
    """A code of groups between dashes."""
    characters = itertools.cycle(CODE)
    return "".join(c if c == "-" else next(characters) for c in code)


class Plain:
    """One value with what is its own replaced. The ids of a value are numbered as they come."""

    def __init__(self, cut):
        self.cut = cut
        self.ids = {}

    def part(self, match):
        if match.lastgroup == "uuid":
            n = self.ids.setdefault(match[0].lower(), len(self.ids) + 1)
            return f"01890a5d-ac96-774b-bcce-b302099a8{n:03x}"
        return IN_TEXT[match.lastgroup][1](match[0])

    def text(self, name, text):
        if name in BY_NAME:
            return BY_NAME[name]
        if name in OPAQUE_NAMES and " " not in text:
            return turn(BASE32 if re.fullmatch(r"[A-Z2-7]+", text) else OPAQUE, len(text))
        if name in CODE_NAMES and re.fullmatch(r"\d{6,8}", text):
            return "12345678"[: len(text)]
        if name in CODE_NAMES and re.fullmatch(r"(?=.*\d)[0-9A-Z]{10}", text):
            return turn(CODE, len(text))
        if text == "localhost":
            return "shop.example.com"
        text = PATTERN.sub(self.part, text)
        if LATER.search(name):
            text = text.replace("2026-01-15", "2026-02-15")
        if self.cut and len(text) > TEXT_MAX:
            text = text[: TEXT_MAX - 3] + "..."
        return text

    def value(self, value, name=""):
        if isinstance(value, str):
            return self.text(name, value)
        if isinstance(value, dict):
            return {k: self.value(v, k) for k, v in value.items()}
        if isinstance(value, list):
            most = 1 if value and isinstance(value[0], (dict, list)) else 2
            return [self.value(v, name) for v in (value[:most] if self.cut else value)]
        return value


def odd(text):
    """Characters that an example for people does without."""
    return bool(re.search(r'[^ -~äöüß€]|\\u|\\n|<|(.)\1{9}|:"\w"|\b\w*[b-df-hj-np-tv-z]{6}', text))


class Examples:
    def __init__(self, document):
        self.contract = Contract(document)
        self.best = {}  # (operation id, kind): (order, text)
        self.schemas = {}
        for operation in self.contract.operations.values():
            for kind, content in self.contract.exemplified(operation):
                self.schemas[operation["operationId"], kind] = content["schema"]

    def members(self, schema, value, path=()):
        """The paths of members of the schema that the value shows."""
        schema = follow(self.contract.document, schema)
        shapes = [schema] + [follow(self.contract.document, s) for s in schema.get("oneOf", []) + schema.get("anyOf", [])]
        found = set()
        if isinstance(value, list):
            for entry in value:
                found |= self.members(schema.get("items") or {}, entry, path)
        if isinstance(value, dict):
            for shape, name in itertools.product(shapes, value):
                if name in shape.get("properties", {}) and value[name] not in (None, [], {}, ""):
                    found |= {(*path, name)}
                    found |= self.members(shape["properties"][name], value[name], (*path, name))
        return found

    def offer(self, place, value, stands=False):
        schema = self.schemas.get(place)
        if schema is None or self.contract.faults(schema, value):
            return False
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        order = (odd(text), -len(self.members(schema, value)), not stands, len(text), text)
        if place not in self.best or order < self.best[place]:
            self.best[place] = order
        return True

    def exchange(self, exchange):
        operation = self.contract.operation(exchange["method"], exchange["path"])
        media = exchange["headers"].get("content-type", "").split(";")[0]
        if not operation or exchange["status"] >= 300 or "fields=" in exchange["path"]:
            return
        for kind, text in (("request", exchange["sent"]), (str(exchange["status"]), exchange["body"])):
            place = operation["operationId"], kind
            if not text or place not in self.schemas or (kind != "request" and media != "application/json"):
                continue
            value = json.loads(text)
            if not self.offer(place, Plain(True).value(value)):
                self.offer(place, Plain(False).value(value))

    def lines(self):
        return sorted(f"{operation} {kind} {order[-1]}\n" for (operation, kind), order in self.best.items())


def main():
    printed = subprocess.run([program(), "openapi"], check=True, capture_output=True, text=True)
    examples = Examples(json.loads(printed.stdout))
    for line in FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []:
        operation, kind, text = line.split(" ", 2)
        examples.offer((operation, kind), json.loads(text), stands=True)
    for name in sorted(pathlib.Path(sys.argv[1]).glob("*.jsonl")):
        with open(name, encoding="utf-8") as lines:
            for line in lines:
                examples.exchange(json.loads(line))
    FILE.write_text("".join(examples.lines()), encoding="utf-8")
    missing = sorted(f"{operation} {kind}" for operation, kind in set(examples.schemas) - set(examples.best))
    print(f"{FILE.relative_to(ROOT)}: {len(examples.best)} examples, {len(missing)} missing")
    print("\n".join(missing))
    sys.exit(bool(missing))


main()
