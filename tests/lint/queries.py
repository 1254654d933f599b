"""The named statements with their parameters, from what is generated of sql/queries for the program."""
import ast
import re

from csource import ROOT

SLOTS = re.compile(r"^static const struct mx_sql_slot (in_\w+)\[\] = {\n(.*?)^};", re.M | re.S)
SLOT = re.compile(r'{"(?:each\[0\]\.)?([\w.]+)", MX_SQL_(\w+), (\w+),')
STATEMENT = re.compile(r'^ {4}{"([\w.]+)",\n((?: {5}".*"\n?,?\n?)+) *(\w+), \d', re.M)
MARK = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|\?", re.S)


class Statement:
    """`slots` has (name, type, may be NULL) for each `?` of the text outside quotes, in order."""

    def __init__(self, name, text, slots):
        self.name, self.text, self.slots = name, text, slots

    def with_values(self, values):
        """The text with SQL in the places of its parameters."""
        values = iter(values)
        return MARK.sub(lambda m: next(values) if m[0] == "?" else m[0], self.text)


def read():
    """All statements; of one that is there for each number of rows, that of a single row."""
    source = (ROOT / "build/gen/statements.c").read_text(encoding="utf-8")
    slots = {name: [(n, kind.lower(), null == "true") for n, kind, null in SLOT.findall(rows)]
             for name, rows in SLOTS.findall(source)}
    found = {}
    for name, text, of in STATEMENT.findall(source):
        found.setdefault(name, Statement(name, ast.literal_eval(f"({text.rstrip().rstrip(',')})"),
                                         slots.get(of, [])))
    return list(found.values())
