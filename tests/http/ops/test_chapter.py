"""deploy/OPERATIONS.md against what it speaks of; tests/systemd runs its commands."""
import re
import subprocess

from client import ROOT, program

CHAPTER = (ROOT / "deploy/OPERATIONS.md").read_text()
CALL = re.compile(r'mx_check_(?:warn|fault)\(\s*c,\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
WHOLE = {"%.*s", "database: %s%s"}  # formats that only hand on what others say


def section(name):
    return re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", CHAPTER, re.M | re.S)[1]


def messages():
    """Formats of whatever merx check may say."""
    for path in sorted((ROOT / "cgi-bin").glob("check_*.c")):
        for call in CALL.findall(path.read_text()):
            yield "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', call)).replace("`", "")


def test_every_message_of_merx_check_has_a_row():
    said = set(messages()) - WHOLE
    rows = [line.split("|")[1] for line in section("Messages of merx check").splitlines() if line.startswith("| `")]
    pieces = [piece for row in rows for piece in re.findall("`([^`]+)`", row)]
    assert len(said) > 30 and len(pieces) > 30
    assert [text for text in said if not any(piece in text for piece in pieces)] == []
    assert [piece for piece in pieces if not any(piece in text for text in said)] == []


def test_links_lead_to_headings():
    anchors = {re.sub("[^a-z0-9 -]", "", name.lower()).replace(" ", "-")
               for name in re.findall(r"^#+ (.*)$", CHAPTER, re.M)}
    links = set(re.findall(r"\]\(#([^)]*)\)", CHAPTER))
    assert links and links <= anchors, links - anchors


def test_settings_are_those_of_the_program():
    sample = subprocess.run([program(), "config", "--sample"], check=True, capture_output=True, text=True).stdout
    known = set(re.findall(r"^#(\w+) =", sample, re.M))
    for name in ("README.md", "deploy/OPERATIONS.md"):
        blocks = re.findall(r"^```ini /etc/merx/merx.conf\n(.*?)^```", (ROOT / name).read_text(), re.M | re.S)
        named = set(re.findall(r"^(\w+) =", "".join(blocks), re.M))
        assert named <= known and (named or name != "README.md"), (name, named - known)
