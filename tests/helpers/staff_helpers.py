"""People who work for the shop, made for a test."""
import re
import uuid

from client import PASSWORD, unique_email

STAFF = "/v1/admin/staff"
ROLES = "/v1/admin/roles"
ACCEPT = "/v1/auth/invitation"


def invite(by, *roles, email=None, status=201):
    """Invite somebody; the answer."""
    sent = {"email": email or unique_email(), "name": "Grace Hopper", "roles": list(roles)}
    answer = by.post(STAFF, sent)
    assert answer.status_code == status, answer.text
    return answer.json()


def mailed_code(api, address, n=1):
    return re.search(r"^Code: (\S+)$", api.stack.mailbox().wait(address, n).text, re.M).group(1)


def accept(api, address, code, password=PASSWORD):
    return api.post(ACCEPT, {"email": address, "code": code, "password": password})


def hire(api, by, *roles):
    """Somebody new with these roles, signed in."""
    made = invite(by, *roles)
    done = accept(api, made["email"], mailed_code(api, made["email"]))
    assert done.status_code == 204, done.text
    return api.login(made["email"])


def new_role(by, *permissions):
    """Name of a role of its own."""
    name = f"r-{uuid.uuid4().hex[:12]}"
    made = by.post(ROLES, {"name": name, "permissions": list(permissions)})
    assert made.status_code == 201, made.text
    return name


def all_permissions(by):
    return by.get(f"{ROLES}/owner").json()["permissions"]


def audit_rows(db, where):
    key_of = "(SELECT p.audit_key FROM account p WHERE p.id = person_id)"
    address = f"AES_DECRYPT(address, UNHEX(SHA2(CONCAT({key_of}, id), 256)))"
    return db.rows(
        "SELECT HEX(actor_id) AS actor, action, object_type, HEX(object_id) AS object, before_json,"
        f" after_json, IF(person_id IS NULL, address, {address}) AS address, request_id"
        f" FROM audit_log WHERE {where} ORDER BY id"
    )


def key(account):
    """An id as the database has it."""
    return account.replace("-", "").upper()


def if_match(version):
    return {"If-Match": f'"{version}"'}
