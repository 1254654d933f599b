"""Personal data that a test can tell from all other, and where it is to be read."""
import subprocess
import uuid


def mark(word):
    return f"{word}-{uuid.uuid4().hex[:12]}"


def bare(identifier):
    return identifier.replace("-", "").upper()


def whole_address():
    return {
        "name": mark("Name"), "company": mark("Company"), "line1": mark("Street"),
        "line2": mark("Floor"), "city": mark("City"), "region": mark("Region"),
        "postal_code": uuid.uuid4().hex[:12], "country": "DE",
        "phone": f"+49 {uuid.uuid4().int % 10**15:015d}",
    }


def dump(stack):
    """All rows of all tables as bytes."""
    db = stack.admin()
    tables = [r["name"] for r in db.rows(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()")]
    assert len(tables) > 20
    everything = "; ".join(f"SELECT * FROM {name}" for name in tables)
    return subprocess.run([*db.command, "--batch", "--raw", "-e", everything], check=True,
                          capture_output=True).stdout


def readable(data, words):
    """Those of the words that stand in the bytes as they are, or in hex or UTF-16."""
    low = data.lower()
    return sorted(w for w in words
                  if any(form.lower() in low for form in
                         (w.encode(), w.encode().hex().encode(), w.encode("utf-16-le"))))


def rows_about(db, account):
    """Tables with rows that hold the account's id, by any column that may."""
    found = set()
    for row in db.rows("SELECT table_name AS t, column_name AS c FROM information_schema.columns"
                       " WHERE table_schema = DATABASE() AND column_type = 'binary(16)'"):
        if db.rows(f"SELECT 1 FROM {row['t']} WHERE {row['c']} = x'{bare(account)}' LIMIT 1"):
            found.add(row["t"])
    return found
