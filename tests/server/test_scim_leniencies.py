# SPDX-License-Identifier: Apache-2.0
"""Every leniency by its name: one request that needs it, what comes of it, its record in the request log, its refusal by the strict profile,
and its place in the documents."""
import json
import re
import time
from urllib.parse import quote

import pytest

from harness.server import ROOT

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MICROSOFT = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
NOBODY = "01890000-0000-7000-8000-000000000001"
WORK = {"value": "work@example.com", "type": "work"}

def latin1(connection, name):
    """UTF-8 under another name."""
    body = json.dumps({"schemas": [USER], "userName": name, "displayName": "Zoë"}, ensure_ascii=False)
    return connection("POST", "/Users", body, content_type="application/scim+json; charset=latin1")


# name -> (type, operations of a PATCH, members of a new resource, the path of a GET or what sends the request, part of the resource afterwards, scimType or status in the strict profile)
NEEDED = {
    "boolean-as-text": ("User", [{"op": "replace", "path": "active", "value": "False"}], {"active": False}, "invalidValue"),
    "number-as-text": ("User", [{"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": 701984}],
                       {ENTERPRISE: {"employeeNumber": "701984"}}, "invalidValue"),
    "unknown-attribute": ("User", [{"op": "add", "path": "unheard", "value": "x"}, {"op": "add", "path": "title", "value": "T"}],
                          {"title": "T"}, "invalidSyntax"),
    "unknown-schema": ("Group", {"schemas": [GROUP, MICROSOFT]}, {"schemas": [GROUP]}, "invalidSyntax"),
    "pathless-patch": ("User", [{"op": "replace", "value": {"active": False}}], {"active": False}, "invalidSyntax"),
    "dotted-key": ("User", [{"op": "replace", "value": {"name.givenName": "Dot"}}], {"name": {"givenName": "Dot", "familyName": "F"}}, "invalidSyntax"),
    "remove-with-value": ("User", [{"op": "Remove", "path": "emails", "value": [{"value": "home@example.com"}]}], {"emails": [WORK]}, "invalidSyntax"),
    "create-on-absent": ("User", [{"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "555"}],
                         {"phoneNumbers": [{"value": "555", "type": "mobile"}]}, "noTarget"),
    "single-for-multi": ("User", [{"op": "replace", "path": "emails", "value": WORK}], {"emails": [WORK]}, "invalidValue"),
    "manager-form": ("User", [{"op": "Add", "path": f"{ENTERPRISE}:manager", "value": NOBODY}], {ENTERPRISE: {"manager": {"value": NOBODY}}}, "invalidValue"),
    "read-only-unchanged": ("Group", [{"op": "replace", "path": "id", "value": "{id}"}, {"op": "replace", "path": "displayName", "value": "{name}"}],
                            {"displayName": "{name}"}, "mutability"),
    "object-as-text": ("User", [{"op": "Add", "path": "roles", "value": ["admin"]}], {"roles": [{"value": "admin"}]}, "invalidValue"),
    "unquoted-literal": ("User", [{"op": "replace", "path": "emails[type eq work].value", "value": "new@example.com"}],
                         {"emails": [{**WORK, "value": "new@example.com"}, {"value": "home@example.com", "type": "home"}]}, "invalidFilter"),
    "missing-schemas": ("Group", {"schemas": None}, {"schemas": [GROUP]}, "invalidSyntax"),
    "unknown-member": ("Group", {"members": [{"value": NOBODY}]}, {"displayName": "{name}"}, "invalidValue"),
    "emptied-element": ("User", [{"op": "Remove", "path": 'emails[type eq "home"].value'}], {"emails": [WORK]}, None),
    "unknown-selection": ("User", "/Users/{id}?attributes=title,unheard", {}, "invalidValue"),
    "extension-name": ("User", [{"op": "add", "path": "department", "value": "D"}], {ENTERPRISE: {"department": "D"}}, "invalidSyntax"),
    "member-type": ("Group", [{"op": "add", "path": "members", "value": [{"value": "{user}", "type": "Group"}]}], {"displayName": "{name}"}, "invalidValue"),
    "unknown-order": ("User", "/Users?sortBy=unheard", {"totalResults": 1}, "invalidValue"),
    "foreign-charset": ("User", latin1, {"displayName": "Zoë"}, 415),
}


def rows():
    """Name and description of each row of the table in the header."""
    text = (ROOT / "include" / "model" / "leniency.h").read_text()
    return re.findall(r'X\(LENIENT_\w+,\s*"([^"]+)",\s*"((?:[^"\\]|\\.)*)"\)', text)


def filled(value, words):
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, list):
        return [filled(one, words) for one in value]
    return {key: filled(one, words) for key, one in value.items()} if isinstance(value, dict) else value


def send(connection, kind, what, name):
    """The reply to the request that needs the leniency."""
    if callable(what):
        return what(connection, name)
    schema, naming = (USER, "userName") if kind == "User" else (GROUP, "displayName")
    body = {"schemas": [schema], naming: name}
    if isinstance(what, dict):
        body.update(what)
        return connection("POST", f"/{kind}s", {key: value for key, value in body.items() if value is not None})
    if kind == "User":
        body |= {"active": True, "name": {"givenName": "G", "familyName": "F"}, "emails": [WORK, {"value": "home@example.com", "type": "home"}]}
    made = connection("POST", f"/{kind}s", body, expect=201).json
    if isinstance(what, str):
        capture(connection)
        return connection("GET", what.replace("{id}", made["id"]))
    names = "displayName" if kind == "Group" else "active,name,emails,roles,phoneNumbers,title," + ENTERPRISE  # the answer is no 204 then
    words = {"{id}": made["id"], "{name}": name}
    if "{user}" in str(what):
        words["{user}"] = connection.user(name)["id"]
    return connection.patch(f"/{kind}s/{made['id']}?attributes={names}", *filled(what, words), expect=None)


def written(what):
    """How many writes stand in the log then."""
    return 1 if isinstance(what, dict) or callable(what) else 3 if "{user}" in str(what) else 2


def capture(connection):
    """Reads that went well stand in the log while a capture is on."""
    connection.root.api("POST", f"/connections/{connection.id}/capture", {"minutes": 2}, expect=200)


def leniencies(server, connection, count):
    """Of the last of `count` requests in the log, which is written a little later."""
    until = time.monotonic() + 20
    while True:
        items = server.acme.api("GET", f"/scim-log?connection={connection.id}", expect=200).json["items"]
        if len(items) == count or time.monotonic() > until:
            assert len(items) == count, items
            return items[-1]["leniencies"]
        time.sleep(0.05)


def test_every_row_has_its_request():
    assert {name for name, _ in rows()} == set(NEEDED)


@pytest.mark.parametrize("name", NEEDED)
def test_it_is_granted_and_recorded(server, unique, name):
    kind, what, expected, _ = NEEDED[name]
    more = {"unknown_members": "skip"} if name == "unknown-member" else {}
    connection = server.acme.connection(unique("lenient"), **more)
    title = unique(name)
    reply = send(connection, kind, what, title)
    assert reply.status in (200, 201), reply
    for key, value in filled(expected, {"{name}": title}).items():
        assert reply.json[key] == value, reply
    assert name in leniencies(server, connection, written(what))


@pytest.mark.parametrize("name", NEEDED)
def test_strict_refuses_it_and_records_none(server, unique, name):
    kind, what, expected, scim_type = NEEDED[name]
    connection = server.acme.connection(unique("strict"), profile="strict")
    reply = send(connection, kind, what, unique(name))
    if scim_type == 415:
        assert reply.status == 415 and "latin1" in reply.json["detail"] and "UTF-8" in reply.json["detail"], reply
    elif scim_type:
        assert (reply.status, reply.json["scimType"]) == (400, scim_type), reply
    else:  # allowed by RFC 7644, with another meaning
        assert reply.status == 200 and any(reply.json[key] != value for key, value in expected.items()), reply
    assert leniencies(server, connection, written(what)) == []


@pytest.mark.parametrize("question", ["excludedAttributes=unheard", "attributes=userName,un..heard", "attributes=urn:nobody:1.0:User:x"])
def test_unknown_names_select_nothing_on_every_verb(server, unique, question):
    lenient, strict = server.acme.connection(unique("lenient")), server.acme.connection(unique("strict"), profile="strict")
    for connection in (lenient, strict):
        capture(connection)
        user = connection("POST", "/Users", {"schemas": [USER], "userName": unique("a@example.com")}, expect=201).json
        patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "add", "path": "title", "value": "T"}]}
        calls = [("GET", f"/Users/{user['id']}", None), ("GET", "/Users", None), ("PATCH", f"/Users/{user['id']}", patch)]
        for made, (method, path, body) in enumerate(calls, 2):
            reply = connection(method, f"{path}?{question}", body)
            if connection is strict:
                assert reply.status == 400, (method, reply)
            else:
                assert reply.status in (200, 204), (method, reply)
                assert leniencies(server, connection, made) == ["unknown-selection"], method
    assert "title" not in strict("GET", f"/Users/{user['id']}", expect=200).json, "refused before it is done"


def test_entras_questions_for_attributes_of_the_extension(server, unique):
    """Plain `manager eq`, as its samples have it: found, recorded, and R17 for what no schema names."""
    lenient, strict = server.acme.connection(unique("lenient")), server.acme.connection(unique("strict"), profile="strict")
    for connection in (lenient, strict):
        boss = connection.user(unique("boss@example.com"))["id"]
        body = {"schemas": [USER, ENTERPRISE], "userName": unique("led@example.com"), ENTERPRISE: {"department": "Tools", "manager": {"value": boss}}}
        led = connection("POST", "/Users", body, expect=201).json["id"]
        capture(connection)
        for made, question in enumerate((f'manager eq "{boss}"', f'Manager.Value eq "{boss}"', 'department eq "tools"', f'manager[value eq "{boss}"]',
                                         f'id eq "{led}" and manager eq "{boss}"'), 3):
            reply = connection("GET", "/Users?filter=" + quote(question))
            if connection is strict:
                assert (reply.status, reply.json["scimType"]) == (400, "invalidFilter"), question
                continue
            assert [user["id"] for user in reply.json["Resources"]] == [led], question
            assert leniencies(server, connection, made) == ["extension-name"], question
        ordered = connection("GET", "/Users?sortBy=department")
        assert ordered.status == 400 if connection is strict else [user["id"] for user in ordered.json["Resources"]] == [led, boss]
    assert lenient("GET", '/Users?filter=unheard eq "x"', expect=200).json["totalResults"] == 0


def test_a_name_that_one_of_the_types_has_is_known(server, unique):
    connection = server.acme.connection(unique("lenient"))
    capture(connection)
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    for made, (names, used) in enumerate([("userName", []), ("unheard", ["unknown-selection"])], 1):
        connection("POST", "/.search", {**search, "attributes": [names]}, expect=200)
        assert leniencies(server, connection, made) == used


def test_nothing_is_recorded_where_nothing_was_needed(server, fresh, unique):
    user = fresh("POST", "/Users", {"schemas": [USER], "userName": unique("exact@example.com")}, expect=201).json
    fresh.patch(f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "T"})
    assert leniencies(server, fresh, 2) == []


@pytest.mark.parametrize(("name", "what"), rows())
def test_it_stands_in_the_documents(name, what):
    documents = {path.stem: path.read_text() for path in (ROOT / "docs").glob("*.md")}
    assert f"| `{name}` |" in documents["scim"]
    for client in ("Okta", "Entra"):
        if client in what:
            assert f"`{name}`" in documents[client.lower()], client
