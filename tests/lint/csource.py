"""Shared by the lint scripts: the C files of the tree and their text without comments."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*patterns):
    """Paths below the root that match, sorted."""
    return sorted(p for pattern in patterns for p in ROOT.glob(pattern))


def name(path):
    return str(path.relative_to(ROOT))


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code(text):
    """The text with comments, strings and characters blanked; lines and columns stay."""
    token = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(token, blank, text, flags=re.S)


def finish(faults):
    """Print the faults; the exit status says whether there were any."""
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
