"""The commands of a document: its fenced blocks, as a reader would carry them out.

```sh                   command lines, run by the operator in the directory of the source
```ini FILE             lines `name = value` to set in FILE
```nginx FILE           lines to put into FILE, at http level and in the server block
```yaml                settings of another program; the files that they name have to be there
"""
import dataclasses
import re

import machine


@dataclasses.dataclass
class Block:
    place: str  # file:line and the heading
    language: str
    file: str
    text: str


def blocks(name, heading=None):
    """Blocks of a file of the source; with a heading, those of that section alone."""
    found, section, opened = [], "", None
    for number, line in enumerate((machine.ROOT / name).read_text().splitlines(keepends=True), 1):
        if opened is not None and line.startswith("```"):
            found.append(opened)
            opened = None
        elif opened is not None:
            opened.text += line
        elif line.startswith("```"):
            language, _, file = line[3:].strip().partition(" ")
            opened = Block(f"{name}:{number}, {section}", language, file, "")
        elif line.startswith("## "):
            section = line[3:].strip()
    return [block for block in found if heading in (None, block.place.partition(", ")[2])]


def sections(name):
    """The headings of a file of the source, in its order."""
    return re.findall(r"^## (.*)$", (machine.ROOT / name).read_text(), re.M)


def write(there, path, text):
    there.run(f"sudo install -D -m 644 /dev/stdin {path}.new <<'EOF'\n{text}EOF\n"
              f"[ ! -e {path} ] || sudo chown --reference={path} {path}.new\n"
              f"[ ! -e {path} ] || sudo chmod --reference={path} {path}.new\nsudo mv {path}.new {path}")


def set_lines(there, block):
    """`name = value`: instead of the line that has the name, commented out or not."""
    path = there.path(block.file)
    text = path.read_text() if path.exists() else ""
    for line in block.text.splitlines(keepends=True):
        name = re.escape(line.partition("=")[0].strip())
        text, n = re.subn(rf"^#?{name} *=.*\n", lambda _: line, text, count=1, flags=re.M)
        text += "" if n else line
    write(there, block.file, text)


def put_lines(there, block):
    """The lines above `server {` go above that line of the file, the others behind it."""
    above, _, below = block.text.partition("server {\n")
    text = there.path(block.file).read_text()
    assert text.count("server {\n") == 1
    inner = below.removesuffix("}\n")
    write(there, block.file, text.replace("server {\n", f"{above}server {{\n{inner}"))


def run_lines(there, block):
    done = there.try_run(f"set -euxo pipefail\n{block.text}")
    assert done.returncode == 0, f"{block.place}: exit status {done.returncode}\n{done.stdout[-6000:]}"


def look_for_files(there, block):
    for path in re.findall(r"/(?:etc|usr|var)/[\w./-]+", block.text):
        assert there.path(path).exists(), f"{block.place}: there is no {path}"


def carry_out(there, block):
    {"sh": run_lines, "ini": set_lines, "nginx": put_lines, "yaml": look_for_files}[block.language](there, block)
