"""The common behaviour of all lists: dispatch reads limit and cursor and writes the envelope."""
import itertools
import uuid

import pytest

from client import faults, numbers


@pytest.fixture(scope="module")
def lists(api):
    """Paths of all list routes that take no path parameter."""
    document = api.get("/v1/openapi.json").json()
    found = []
    for path, item in document["paths"].items():
        answer = item.get("get", {}).get("responses", {}).get("200", {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("$ref", "").endswith("List") and "{" not in path:
            found.append(path)
    assert len(found) >= 9
    return found


def test_the_document_tells_of_the_page(api, lists):
    document = api.get("/v1/openapi.json").json()
    for path in lists:
        operation = document["paths"][path]["get"]
        taken = {p["name"]: p["schema"] for p in operation["parameters"]}
        assert taken["limit"] == {"type": "integer", "format": "int64", "minimum": 1, "maximum": 100,
                                  "description": "Largest number of entries on a page, 20 by default. A page "
                                                 "may have fewer and still not be the last."}
        assert taken["cursor"]["type"] == "string"
        name = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
        page = document["components"]["schemas"][name]
        assert page["required"] == ["data", "next_cursor"]
        assert page["properties"]["data"]["items"] == {"$ref": f"#/components/schemas/{name.removesuffix('List')}"}


def test_limit_and_cursor(staff, lists):
    for path in lists:
        for query, where in (("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"),
                             ("cursor=AAAA", "cursor"), ("offset=1", "offset")):
            assert [place for place, _ in faults(staff.get(f"{path}?{query}"))] == [where], (path, query)
        assert len(staff.get(f"{path}?limit=1").json()["data"]) <= 1


def test_no_two_lists_share_a_cursor(staff, lists):
    """J6: that of another list is refused, not taken for a place in this one."""
    cursors = {}
    for path in lists:
        page = staff.get(f"{path}?limit=1").json()
        if page["next_cursor"]:
            cursors[path] = page["next_cursor"]
    assert len(cursors) >= 4, "the demo shop fills as many lists"
    for mine, theirs in itertools.permutations(cursors, 2):
        assert faults(staff.get(f"{mine}?cursor={cursors[theirs]}")) == [("cursor", "bad_format")]
        assert staff.get(f"{mine}?cursor={cursors[mine]}").status_code == 200


def test_a_page_of_large_rows(staff, stack):
    """It has fewer of them, and the next page goes on: 24 of 6 MiB are more than a worker's memory."""
    admin, action, n = stack.admin(), f"test.{uuid.uuid4().hex[:8]}", 24
    columns = ("server_request_id, actor_id, object_type, object_id, request_id, created_at,"
               " next_at, person_id, address")
    admin.run(f"INSERT INTO audit_log (id, action, before_json, after_json, {columns})"
              f" SELECT UNHEX(CONCAT(LEFT(HEX(l.id), 24), LPAD(HEX(seq), 8, '0'))), '{action}',"
              f" CONCAT('\"', REPEAT('b', 3 << 20), '\"'), CONCAT('\"', REPEAT('a', 3 << 20), '\"'), {columns}"
              f" FROM (SELECT * FROM audit_log ORDER BY id DESC LIMIT 1) l, {numbers(n)}")
    try:
        path, found, pages = f"/v1/admin/audit-log?limit=100&action={action}", [], 0
        page = {"next_cursor": ""}
        while page["next_cursor"] is not None:
            answer = staff.get(path + (f"&cursor={page['next_cursor']}" if found else ""))
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [row["id"] for row in page["data"]]
            pages += 1
        assert len(set(found)) == len(found) == n and found == sorted(found, reverse=True)
        assert pages in (n, n + 1), "a row that fills a page is the last of it"
    finally:
        admin.run(f"DELETE FROM audit_log WHERE action = '{action}'")
    assert not any("level=bug" in line for line in stack.log().splitlines())
