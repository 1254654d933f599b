"""The named statements of sql/queries with their parameters, parts put in."""
import re

from csource import ROOT

NAMED = re.compile(r"^-- (name|part|doc|in|each|out): (.*)$")


class Statement:
    """`text` has its parameters as :name; `slots` their types by name, with `?` behind one that may be
    NULL."""

    def __init__(self, name):
        self.name, self.text, self.slots = name, "", {}

    def take(self, line):
        for slot in line.split(","):
            kind, name = slot.split()
            self.slots[name] = kind


def read():
    """All statements in the order of their files."""
    statements, parts, block = [], {}, None
    for path in sorted((ROOT / "sql/queries").rglob("*.sql")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found = NAMED.match(line)
            if found and found[1] == "name":
                statements.append(block := Statement(found[2]))
            elif found and found[1] == "part":
                block = parts[found[2]] = Statement(found[2])
            elif found and found[1] in ("in", "each"):
                block.take(found[2])
            elif block and not line.startswith("--"):
                block.text += line + "\n"
    for statement in statements:
        expand(statement, parts)
    return statements


def expand(statement, parts):
    """Parts by their text, which bring their parameters along; the row of a statement that writes
    several stands once."""

    def text_of(found):
        part = parts[found[1]]
        statement.slots |= {k: v for k, v in part.slots.items() if k not in statement.slots}
        return part.text.strip()

    while re.search(r"{{(.+?)}}", statement.text):
        statement.text = re.sub(r"{{(.+?)}}", text_of, statement.text)
    statement.text = re.sub(r"\[\[|\]\]", "", statement.text).strip().rstrip(";")
