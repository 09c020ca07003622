# SPDX-License-Identifier: Apache-2.0
"""Schemas and resource types that an organisation declares for itself: what discovery says is what happens, for that root alone."""
import copy
import json
import threading
import time

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def attribute(name, kind="string", **more):
    return {"name": name, "type": kind, **more}


def badge_schema(urn, **more):
    """As a document of RFC 7643 section 7 is written, `id` and all."""
    return {
        "schemas": [SCHEMA], "id": urn, "name": "Badge", "description": "What opens doors.", "resourceType": "User",
        "attributes": [
            attribute("badge", uniqueness="server", description="The number on the badge."),
            attribute("level", "integer"),
            attribute("score", "decimal"),
            attribute("since", "dateTime", mutability="immutable"),
            attribute("remote", "boolean"),
            attribute("note", returned="request"),
            attribute("stamp", returned="always"),
            attribute("exact", caseExact=True),
            attribute("assigned", mutability="readOnly"),
            attribute("colors", multiValued=True, canonicalValues=["red", "blue"]),
            attribute("doors", "complex", multiValued=True, subAttributes=[
                attribute("value", required=True), attribute("type", canonicalValues=["main", "side"]), attribute("primary", "boolean"),
                attribute("serial", uniqueness="server", caseExact=True)]),
            attribute("home", "complex", subAttributes=[attribute("floor", "integer"), attribute("room")]),
        ],
        **more,
    }


DEVICE_URN = "urn:ietf:params:scim:schemas:core:2.0:Device"
DEVICE_SCHEMA = {
    "id": DEVICE_URN, "name": "Device", "description": "A thing with a network interface.",
    "attributes": [
        attribute("displayName", required=True), attribute("active", "boolean", required=True), attribute("mudUrl", "reference", referenceTypes=["external"]),
        attribute("serial", uniqueness="server", mutability="immutable"),
        attribute("owners", "complex", multiValued=True, subAttributes=[attribute("value", required=True), attribute("type")]),
    ],
}
RADIO_URN = "urn:acme:scim:schemas:extension:radio:2.0:Device"
RADIO_SCHEMA = {"id": RADIO_URN, "name": "Radio", "attributes": [attribute("macAddress", required=True, uniqueness="server"), attribute("bands", multiValued=True)]}
DEVICE_TYPE = {"name": "Device", "endpoint": "/Devices", "description": "Devices of the house.", "schema": DEVICE_URN,
               "schemaExtensions": [{"schema": RADIO_URN, "required": False}]}


def declare(root, document, expect=201, where="schemas"):
    return root.api("POST", f"/{where}", document, expect=expect).json


@pytest.fixture
def acme(own_server):
    """A root of the test's own, with a connection."""
    root = own_server.acme
    root.scim = root.connection("okta")
    return root


@pytest.fixture
def badge(acme):
    urn = "urn:acme:scim:schemas:extension:badge:2.0:User"
    acme.schema = declare(acme, badge_schema(urn))
    return urn


@pytest.fixture
def devices(acme):
    acme.device_schema, acme.radio_schema = declare(acme, DEVICE_SCHEMA), declare(acme, RADIO_SCHEMA)
    acme.device_type = declare(acme, DEVICE_TYPE, where="resource-types")
    return acme.scim


def device(name, **more):
    return {"schemas": [DEVICE_URN], "displayName": name, "active": True, **more}


def discovered(scim, urn):
    return scim("GET", f"/Schemas/{urn}", expect=200).json


# ---- extensions ----


def test_discovery_lists_the_extension_whole(acme, badge):
    scim = acme.scim
    found = discovered(scim, badge)
    assert found["id"] == badge and found["meta"]["location"].endswith(f"/scim/v2/Schemas/{badge}")
    rows = {row["name"]: row for row in found["attributes"]}
    assert list(rows) == [row["name"] for row in badge_schema(badge)["attributes"]]
    assert rows["badge"] == {"name": "badge", "type": "string", "multiValued": False, "required": False, "caseExact": False, "mutability": "readWrite",
                             "returned": "default", "uniqueness": "server", "description": "The number on the badge."}
    assert [row["name"] for row in rows["doors"]["subAttributes"]] == ["value", "type", "primary", "serial"]
    assert rows["colors"]["canonicalValues"] == ["red", "blue"]
    assert badge in [row["id"] for row in scim("GET", "/Schemas", expect=200).json["Resources"]]
    user_type = scim("GET", "/ResourceTypes/User", expect=200).json
    assert {"schema": badge, "required": False} in user_type["schemaExtensions"]
    group_type = scim("GET", "/ResourceTypes/Group", expect=200).json
    assert badge not in json.dumps(group_type)


def test_an_extension_lives_through_post_get_put_patch(acme, badge):
    scim = acme.scim
    given = {"badge": "B-1", "level": 3, "score": 1.5, "since": "2026-01-02T03:04:05Z", "remote": True, "note": "hidden", "stamp": "s", "assigned": "x",
             "colors": ["red"], "doors": [{"value": "d1", "type": "main", "primary": True}], "home": {"floor": 2, "room": "2.17"}}
    made = scim.user("ext@acme.example", schemas=[USER, badge], **{badge: given})
    shown = {name: value for name, value in given.items() if name not in ("note", "assigned")}
    assert made[badge] == shown, "readOnly is not taken, `request` is not shown"
    assert badge in made["schemas"]
    path = f"/Users/{made['id']}"
    assert scim("GET", path, expect=200).json[badge] == shown
    assert scim("GET", f"{path}?attributes={badge}:note", expect=200).json[badge] == {"note": "hidden", "stamp": "s"}
    assert scim("GET", f"{path}?attributes=userName", expect=200).json[badge] == {"stamp": "s"}
    assert scim("GET", f"{path}?attributes={badge}:home.room", expect=200).json[badge] == {"stamp": "s", "home": {"room": "2.17"}}
    assert "level" not in scim("GET", f"{path}?excludedAttributes={badge}:level", expect=200).json[badge]
    assert scim("GET", f"{path}?excludedAttributes={badge}", expect=200).json[badge] == {"stamp": "s"}
    # PUT: what is left out is unassigned, immutable may not go
    put = {"schemas": [USER, badge], "userName": "ext@acme.example", badge: {"since": given["since"], "level": 4}}
    assert scim("PUT", path, put, expect=200).json[badge] == {"since": given["since"], "level": 4}
    refused = scim("PUT", path, {**put, badge: {"since": "2027-01-01T00:00:00Z"}}, expect=400).json
    assert refused["scimType"] == "mutability" and f"{badge}:since" in refused["detail"]
    # PUT says nothing of an immutable attribute that it leaves out (RFC 7644 section 3.5.1)
    kept = scim("PUT", path, {"schemas": [USER], "userName": "ext@acme.example", "active": False}, expect=200).json
    assert kept[badge] == {"since": given["since"]} and kept["active"] is False and badge in kept["schemas"]
    # without any attribute left the extension is not listed
    plain = scim.user("plain@acme.example", **{badge: {"level": 1}})
    assert badge in plain["schemas"]
    gone = scim("PUT", f"/Users/{plain['id']}", {"schemas": [USER], "userName": "plain@acme.example"}, expect=200).json
    assert badge not in gone and badge not in gone["schemas"]


def test_patch_on_extension_paths(acme, badge):
    scim = acme.scim
    user = scim.user("patch@acme.example")
    path = f"/Users/{user['id']}"

    def patched(*operations):
        return scim.patch(path, *operations).json.get(badge)

    assert patched({"op": "add", "path": f"{badge}:badge", "value": "P-1"}) == {"badge": "P-1"}
    assert patched({"op": "replace", "path": f"{badge.upper()}:LEVEL", "value": 7}) == {"badge": "P-1", "level": 7}
    assert patched({"op": "add", "path": f"{badge}:doors", "value": [{"value": "a", "type": "main"}, {"value": "b"}]})["doors"] == [
        {"value": "a", "type": "main"}, {"value": "b"}]
    assert patched({"op": "replace", "path": f'{badge}:doors[value eq "b"].type', "value": "side"})["doors"][1] == {"value": "b", "type": "side"}
    assert patched({"op": "remove", "path": f'{badge}:doors[type eq "main"]'})["doors"] == [{"value": "b", "type": "side"}]
    assert patched({"op": "add", "path": f"{badge}:home.room", "value": "1"})["home"] == {"room": "1"}
    assert patched({"op": "replace", "value": {f"{badge}:level": 8, badge: {"remote": False}}})["level"] == 8
    assert patched({"op": "add", "path": badge, "value": {"colors": ["blue"]}})["colors"] == ["blue"]
    assert patched({"op": "add", "path": f"{badge}:since", "value": "2026-01-02T03:04:05Z"})["since"] == "2026-01-02T03:04:05Z"
    again = scim.patch(path, {"op": "replace", "path": f"{badge}:since", "value": "2026-01-02T03:04:06Z"}, expect=400).json
    assert again["scimType"] == "mutability"
    read_only = scim.patch(path, {"op": "replace", "path": f"{badge}:assigned", "value": "x"}, expect=400).json
    assert read_only["scimType"] == "mutability"
    assert patched({"op": "remove", "path": f"{badge}:badge"}).get("badge") is None


WRONG = [
    ("level", "three", "whole number"), ("level", 1.5, "whole number"), ("score", "x", "a number"), ("since", "yesterday", "a time"),
    ("remote", "perhaps", "true or false"), ("colors", [1.5], "text"), ("doors", [{"type": "main"}], "is required"), ("home", "x", "object"),
    ("badge", "x" * 600, "512 bytes"), ("exact", "x" * 5000, "4096 bytes"),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_values_are_judged_by_type(acme, badge, name, value, expected):
    refused = acme.scim("POST", "/Users", {"schemas": [USER, badge], "userName": "wrong@acme.example", badge: {name: value}}, expect=400).json
    assert refused["scimType"] == "invalidValue" and expected in refused["detail"] and f"{badge}:{name}" in refused["detail"], refused


def test_filter_and_sort_by_an_extension(acme, badge):
    scim = acme.scim
    for index, level in enumerate((5, 1, 3)):
        scim.user(f"f{index}@acme.example", **{badge: {"badge": f"F-{index}", "level": level, "exact": f"Ab{index}", "note": f"n{index}",
                                                       "doors": [{"value": f"d{index}", "type": "main" if index else "side"}]}})
    scim.user("none@acme.example")

    def names(question):
        return [row["userName"] for row in scim("GET", f"/Users?{question}", expect=200).json.get("Resources", [])]

    assert names(f'filter={badge}:badge eq "f-1"') == ["f1@acme.example"]
    assert names(f'filter={badge}:exact eq "ab1"') == [] and names(f'filter={badge}:exact eq "Ab1"') == ["f1@acme.example"]
    assert names(f"filter={badge}:level gt 2") == ["f0@acme.example", "f2@acme.example"]
    assert names(f'filter={badge}:doors[value eq "d2" and type eq "main"]') == ["f2@acme.example"]
    assert names(f'filter={badge}:doors.type eq "side"') == ["f0@acme.example"]
    assert names(f'filter={badge}:note eq "n2"') == ["f2@acme.example"]
    assert names(f"filter=not ({badge}:level pr)") == ["none@acme.example"]
    assert names(f"filter={badge}:level pr&sortBy={badge}:level") == ["f1@acme.example", "f2@acme.example", "f0@acme.example"]
    assert names(f"filter={badge}:nosuch eq 1") == [], "R17: unknown matches nothing"
    searched = scim("POST", "/Users/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                                               "filter": f"{badge}:level le 1", "attributes": [f"{badge}:level"]}, expect=200).json
    assert [row[badge] for row in searched["Resources"]] == [{"level": 1}]


def test_uniqueness_is_kept_per_root_and_over_the_bin(own_server, acme, badge):
    scim = acme.scim
    first = scim.user("u1@acme.example", **{badge: {"badge": "Same", "doors": [{"value": "x", "serial": "S"}]}})

    def refused(user_name, extension):
        reply = scim("POST", "/Users", {"schemas": [USER, badge], "userName": user_name, badge: extension}, expect=409).json
        assert reply["scimType"] == "uniqueness"
        return reply["detail"]

    assert f"{badge}:badge" in refused("u2@acme.example", {"badge": "sAME"})
    assert f"{badge}:doors.serial" in refused("u2@acme.example", {"doors": [{"value": "y", "serial": "S"}]})
    second = scim.user("u2@acme.example", **{badge: {"badge": "other", "doors": [{"value": "y", "serial": "s"}]}})  # caseExact
    path = f"/Users/{second['id']}"
    assert scim.patch(path, {"op": "replace", "path": f"{badge}:badge", "value": "SAME"}, expect=409).json["scimType"] == "uniqueness"
    assert scim.patch(path, {"op": "replace", "path": f"{badge}:badge", "value": "Other"}).json[badge]["badge"] == "Other", "one's own value is no other's"
    assert acme.connection("second")("POST", "/Users", {"schemas": [USER, badge], "userName": "u3@acme.example", badge: {"badge": "same"}}).status == 409
    # free once its holder is in the bin, and then not for him any more
    scim("DELETE", f"/Users/{first['id']}", expect=204)
    scim.patch(path, {"op": "replace", "path": f"{badge}:badge", "value": "SAME"})
    restored = acme.api("POST", f"/users/{first['id']}/restore", {}, expect=409).json
    assert badge in json.dumps(restored)
    scim.patch(path, {"op": "remove", "path": f"{badge}:badge"})
    acme.api("POST", f"/users/{first['id']}/restore", {}, expect=200)


def test_bulk_writes_extensions(acme, badge):
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER, badge], "userName": "bulk@acme.example", badge: {"badge": "K-1"}}},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"schemas": [USER, badge], "userName": "bulk2@acme.example", badge: {"badge": "k-1"}}},
        {"method": "PATCH", "path": "/Users/bulkId:a", "data": {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": f"{badge}:level", "value": 2}]}},
    ]
    done = acme.scim("POST", "/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}, expect=200).json["Operations"]
    assert [row["status"] for row in done] == ["201", "409", "200"]
    assert acme.scim("GET", f'/Users?filter={badge}:level eq 2', expect=200).json["Resources"][0][badge] == {"badge": "K-1", "level": 2}


def test_a_required_extension_binds_new_resources_and_holds_nobody(acme):
    """R16: what was made before the declaration can still be deactivated."""
    scim, urn = acme.scim, "urn:acme:scim:schemas:extension:cost:2.0:User"
    before = scim.user("before@acme.example")
    declare(acme, {"id": urn, "name": "Cost", "resourceType": "User", "required": True, "attributes": [attribute("center", required=True), attribute("unit")]})
    assert {"schema": urn, "required": True} in scim("GET", "/ResourceTypes/User", expect=200).json["schemaExtensions"]
    refused = scim("POST", "/Users", {"schemas": [USER], "userName": "new@acme.example"}, expect=400).json
    assert urn in refused["detail"]
    assert "center" in scim("POST", "/Users", {"schemas": [USER], "userName": "new@acme.example", urn: {"unit": "u"}}, expect=400).json["detail"]
    made = scim.user("new@acme.example", **{urn: {"center": "c1"}})
    assert scim.activate(before["id"], False).json["active"] is False
    assert scim("PUT", f"/Users/{before['id']}", {"schemas": [USER], "userName": "before@acme.example", "active": True}, expect=200)
    assert scim.patch(f"/Users/{made['id']}", {"op": "remove", "path": f"{urn}:center"}, expect=400).json["scimType"] == "mutability"
    assert urn in scim("PUT", f"/Users/{made['id']}", {"schemas": [USER], "userName": "new@acme.example"}, expect=400).json["detail"]


def test_a_group_takes_an_extension_too(acme):
    scim, urn = acme.scim, "urn:acme:scim:schemas:extension:team:2.0:Group"
    declare(acme, {"id": urn, "name": "Team", "resourceType": "Group", "attributes": [attribute("lead"), attribute("slack", uniqueness="server")]})
    user = scim.user("lead@acme.example")
    group = scim.group("Team", [user["id"]], **{urn: {"lead": user["id"], "slack": "#t"}})
    assert group[urn] == {"lead": user["id"], "slack": "#t"} and urn in group["schemas"]
    assert scim.members(group["id"]) == {user["id"]}
    scim.patch(f"/Groups/{group['id']}", {"op": "replace", "path": f"{urn}:slack", "value": "#u"})
    assert scim("GET", f'/Groups?filter={urn}:slack eq "#u"', expect=200).json["totalResults"] == 1
    assert scim("POST", "/Groups", {"schemas": [GROUP], "displayName": "Other", urn: {"slack": "#U"}}, expect=409).json["scimType"] == "uniqueness"


# ---- two roots ----


def test_two_roots_do_not_see_each_other(server, unique):
    """Law 1: the same URN, declared differently or not at all."""
    urn = f"urn:shared:{unique()}:2.0:User"
    acme, globex = server.acme, server.globex
    one, other = acme.connection(unique("one")), globex.connection(unique("other"))
    declare(acme, {"id": urn, "name": "One", "resourceType": "User", "attributes": [attribute("level", "integer", uniqueness="server")]})
    assert other("GET", f"/Schemas/{urn}").status == 404
    assert urn not in other("GET", "/ResourceTypes", expect=200).text and urn not in other("GET", "/Schemas", expect=200).text
    kept = one.user(unique("a") + "@acme.example", **{urn: {"level": 1}})
    lost = other.user(unique("b") + "@globex.example", **{urn: {"level": "text"}})
    assert kept[urn] == {"level": 1} and urn not in lost
    mine = declare(globex, {"id": urn, "name": "Other", "resourceType": "User", "attributes": [attribute("level")]})
    assert other.user(unique("c") + "@globex.example", **{urn: {"level": "1"}})[urn] == {"level": "1"}
    assert one("POST", "/Users", {"schemas": [USER], "userName": unique("d") + "@acme.example", urn: {"level": "1x"}}).status == 400
    assert discovered(one, urn)["attributes"][0]["type"] == "integer" and discovered(other, urn)["attributes"][0]["type"] == "string"
    for method, body in (("GET", None), ("PATCH", {"description": "x"}), ("DELETE", None)):
        assert acme.api(method, f"/schemas/{mine['id']}", body).status == 404
    assert mine["id"] not in acme.api("GET", "/schemas?limit=1000", expect=200).text


# ---- refusals, each with place, what came and what is expected ----

BAD_ATTRIBUTES = [
    ({"name": "1st"}, "attributes[0].name", ["1st", "a letter"]),
    ({"name": "a", "type": "text"}, "attributes[0].type", ["text", "string"]),
    ({"name": "a", "mutability": "sometimes"}, "attributes[0].mutability", ["sometimes", "readOnly"]),
    ({"name": "a", "mutability": "writeOnly"}, "attributes[0].mutability", ["writeOnly", "read back"]),
    ({"name": "a", "returned": "never"}, "attributes[0].returned", ["never", "read back"]),
    ({"name": "a", "uniqueness": "global"}, "attributes[0].uniqueness", ["global", "server"]),
    ({"name": "a", "uniqueness": "server", "type": "boolean"}, "attributes[0].uniqueness", ["server", "string, reference or integer"]),
    ({"name": "a", "multiValued": "yes"}, "attributes[0].multiValued", ["string", "true or false"]),
    ({"name": "a", "mutabilty": "readOnly"}, "attributes[0].mutabilty", ["mutabilty", "mutability"]),
    ({"name": "a", "type": "complex"}, "attributes[0].subAttributes", ["at least one"]),
    ({"name": "a", "subAttributes": [{"name": "b"}]}, "attributes[0].subAttributes", ["complex"]),
    ({"name": "a", "type": "complex", "subAttributes": [{"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}]},
     "attributes[0].subAttributes[0].type", ["complex"]),
    ({"name": "a", "type": "complex", "subAttributes": [{"name": "b"}, {"name": "B"}]}, "attributes[0].subAttributes[1].name", ["B", "twice"]),
    ({"name": "a", "required": True, "mutability": "readOnly"}, "attributes[0].required", ["readOnly"]),
    ({"name": "a", "canonicalValues": [1]}, "attributes[0].canonicalValues", ["texts"]),
    ({"name": "a", "canonicalValues": ["x"] * 65}, "attributes[0].canonicalValues", ["64", "65"]),
    ({"name": "a", "description": "x" * 1025}, "attributes[0].description", ["1024", "1025"]),
    ("text", "attributes[0]", ["object"]),
]


@pytest.mark.parametrize(("row", "place", "words"), BAD_ATTRIBUTES, ids=[place + str(index) for index, (_, place, _) in enumerate(BAD_ATTRIBUTES)])
def test_bad_attributes_are_refused_in_their_place(server, row, place, words):
    problem = declare(server.acme, {"id": "urn:acme:bad:1", "name": "Bad", "resourceType": "User", "attributes": [row]}, expect=400)
    assert problem["field"] == place, problem
    for word in words:
        assert word in problem["detail"], problem


BAD_SCHEMAS = [
    ({"id": "http://x.example/User"}, "urn", "urn:NAME"), ({"id": "urn:x"}, "urn", "urn:NAME"), ({"id": "urn:a:b\""}, "urn", "urn:NAME"),
    ({"id": "urn:a:" + "b" * 120}, "urn", "120"), ({"id": USER}, "urn", "defined by this service"),
    ({"id": "urn:ietf:params:scim:schemas:extension:muster:2.0:Thing"}, "urn", "defined by this service"), ({"id": None}, "urn", "required"),
    ({"attributes": []}, "attributes", "is required"), ({"attributes": {}}, "attributes", "list"), ({"name": None}, "name", "required"),
    ({"attributes": [attribute(f"a{i}") for i in range(61)]}, "attributes", "at most 60"),
    ({"attributes": [attribute("a", "complex", subAttributes=[attribute(f"s{i}") for i in range(31)])]}, "attributes[0].subAttributes", "at most 30"),
    ({"attributes": [attribute(f"a{i}", canonicalValues=["v" * 250] * 60) for i in range(5)]}, "attributes", "65536 bytes"),
    ({"resourceType": "Gadget"}, "resourceType", "Gadget"), ({"resourceType": "Project"}, "resourceType", "Project"),
    ({"resorceType": "User"}, "resorceType", "resourceType"),
]


@pytest.mark.parametrize(("change", "field", "word"), BAD_SCHEMAS, ids=[f"{field}{index}" for index, (_, field, _) in enumerate(BAD_SCHEMAS)])
def test_bad_schemas_are_refused(server, change, field, word):
    document = {"id": "urn:acme:bad:2", "name": "Bad", "resourceType": "User", "attributes": [attribute("a")], **change}
    problem = declare(server.acme, {key: value for key, value in document.items() if value is not None}, expect=400)
    assert problem.get("field", "") == field and word in problem["detail"], problem


BAD_TYPES = [
    ({"name": "User"}, 409, "name"), ({"name": "group"}, 409, "name"), ({"name": "ResourceType"}, 409, "name"), ({"name": "schema"}, 409, "name"), ({"name": "My Type"}, 400, "name"), ({"endpoint": "Gadgets"}, 400, "endpoint"),
    ({"endpoint": "/Users"}, 409, "endpoint"), ({"endpoint": "/schemas"}, 409, "endpoint"), ({"endpoint": "/a/b"}, 400, "endpoint"),
    ({"schema": "urn:acme:nosuch:1"}, 400, "schema"), ({"schema": USER}, 400, "schema"), ({"schemaExtensions": [{"schema": "urn:acme:nosuch:1"}]}, 400, "schemaExtensions"),
    ({"schemaExtensions": [{"required": True}]}, 400, "schemaExtensions[0].schema"),
]


@pytest.mark.parametrize(("change", "status", "field"), BAD_TYPES, ids=[f"{field}{index}" for index, (_, _, field) in enumerate(BAD_TYPES)])
def test_bad_types_are_refused(server, change, status, field):
    root = server.acme
    urn = "urn:acme:gadget:1"
    root.api("POST", "/schemas", {"id": urn, "name": "Gadget", "attributes": [attribute("a")]}, expect=(201, 409))
    problem = declare(root, {"name": "Gadget", "endpoint": "/Gadgets", "schema": urn, **change}, expect=status, where="resource-types")
    assert problem["field"] == field, problem


@pytest.mark.parametrize("name", ["Role", "project", "Organization"])
def test_a_type_may_be_called_like_what_SCIM_does_not_have(acme, name):
    urn = f"urn:acme:{name}:1"
    acme.scim("GET", f"/ResourceTypes/{name}", expect=404)
    declare(acme, {"id": urn, "name": name, "attributes": [attribute("title", required=True)]})
    declare(acme, {"name": name, "endpoint": f"/{name}s", "schema": urn}, where="resource-types")
    declare(acme, {"id": "urn:acme:own:1", "name": "Own", "resourceType": name, "attributes": [attribute("color")]})
    assert acme.scim("GET", f"/ResourceTypes/{name}", expect=200).json["schemaExtensions"] == [{"schema": "urn:acme:own:1", "required": False}]
    listed = acme.scim("GET", "/ResourceTypes", expect=200).json["Resources"]
    assert sorted(row["name"] for row in listed) == sorted(["User", "Group", name])
    made = acme.scim("POST", f"/{name}s", {"schemas": [urn, "urn:acme:own:1"], "title": "t", "urn:acme:own:1": {"color": "red"}}, expect=201).json
    assert made["meta"]["resourceType"] == name
    row = acme.api("GET", f"/resources/{name}s/{made['id']}", expect=200).json
    assert row["kind"] == "resource" and row["type"] == name
    assert [item["name"] for item in acme.api("GET", "/organizations?limit=10", expect=200).json["items"]]  # those of the service stay what they are
    assert acme.api("GET", "/roles", expect=200).json["items"]
    acme.api("POST", "/projects", {"slug": "lab", "name": "Lab"}, expect=201)
    entry = [entry for entry in acme.audit(class_="change") if entry["object"].get("id") == made["id"] or made["id"] in str(entry)][-1]
    assert entry["object"]["kind"] == "resource"
    weak = acme.identity("weak", role="member")
    acme.api("DELETE", f"/resources/{name}s/{made['id']}", token=weak["token"], expect=403)
    told, deadline = [], time.monotonic() + 10
    while not told and time.monotonic() < deadline:
        told = [entry["body"]["detail"] for entry in acme.audit(class_="notice") if entry["actor"].get("id") == weak["id"]]
        time.sleep(0.1)
    assert told == ["resource"]


def test_a_schema_of_a_type_cannot_name_what_every_resource_has(acme):
    declare(acme, {"id": "urn:acme:meta:1", "name": "Meta", "attributes": [attribute("meta")]})
    problem = declare(acme, {"name": "Thing", "endpoint": "/Things", "schema": "urn:acme:meta:1"}, expect=400, where="resource-types")
    assert problem["field"] == "schema" and "meta" in problem["detail"]


def test_an_urn_cannot_be_a_path_of_another_schema(acme):
    declare(acme, {"id": "urn:acme:a", "name": "A", "resourceType": "User", "attributes": [attribute("b")]})
    assert declare(acme, {"id": "urn:acme:a:B", "name": "B", "resourceType": "User", "attributes": [attribute("c")]}, expect=409)["field"] == "urn"
    assert declare(acme, {"id": "URN:acme:A", "name": "A", "resourceType": "User", "attributes": [attribute("c")]}, expect=409)


def test_numbers_of_declarations_are_bounded(acme):
    for number in range(32):
        declare(acme, {"id": f"urn:acme:n:{number}", "name": "N", "attributes": [attribute(f"a{i}") for i in range(30)]})
    problem = declare(acme, {"id": "urn:acme:n:32", "name": "N", "attributes": [attribute("a")]}, expect=409)
    assert "32 schemas" in problem["detail"]
    for number in range(16):
        declare(acme, {"name": f"T{number}", "endpoint": f"/T{number}s", "schema": f"urn:acme:n:{number}"}, where="resource-types")
    assert "16 resource types" in declare(acme, {"name": "T16", "endpoint": "/T16s", "schema": "urn:acme:n:16"}, expect=409, where="resource-types")["detail"]
    acme.api("DELETE", f"/schemas/{acme.api('GET', '/schemas?name=urn:acme:n:31', expect=200).json['items'][0]['id']}", expect=204)
    wide = {"id": "urn:acme:wide:1", "name": "W", "attributes": [attribute("c", "complex", subAttributes=[attribute(f"s{i}") for i in range(30)])] +
            [attribute(f"b{i}") for i in range(40)]}
    assert "1000 attributes" in declare(acme, wide, expect=409)["detail"]
    made = acme.scim("POST", "/T15s", {"schemas": ["urn:acme:n:15"], "a1": "x"}, expect=201).json
    assert made["meta"]["resourceType"] == "T15"


# ---- change and removal ----


def test_a_schema_can_only_be_widened(acme, badge):
    scim, path = acme.scim, f"/schemas/{acme.schema['id']}"
    user = scim.user("wide@acme.example", **{badge: {"badge": "W", "doors": [{"value": "d", "serial": "1"}]}})
    base = badge_schema(badge)["attributes"]

    def changed(change, expect):
        attributes = copy.deepcopy(base)
        change(attributes)
        return acme.api("PATCH", path, {"attributes": attributes}, expect=expect).json

    assert "cannot be taken away" in changed(lambda rows: rows.pop(0), 409)["detail"]
    assert "type" in changed(lambda rows: rows[1].update(type="string"), 409)["detail"]
    assert "caseExact" in changed(lambda rows: rows[0].update(caseExact=True), 409)["detail"]
    assert "required" in changed(lambda rows: rows[1].update(required=True), 409)["detail"]
    assert "required" in changed(lambda rows: rows.append(attribute("new", required=True)), 409)["detail"]
    assert "serial" in changed(lambda rows: rows[10]["subAttributes"].pop(), 409)["detail"]
    assert acme.api("PATCH", path, {"urn": "urn:other:1:2"}, expect=400).json["field"] == "urn"
    assert acme.api("PATCH", path, {"resourceType": "Group"}, expect=400).json["field"] == "resourceType"

    def widen(rows):
        rows.insert(0, attribute("extra", uniqueness="server"))
        rows[1]["description"] = "Anew."
        rows[11]["subAttributes"].insert(0, attribute("keeper"))

    assert [row["name"] for row in changed(widen, 200)["attributes"]][-1] == "extra", "new ones come last"
    assert discovered(scim, badge)["attributes"][0]["description"] == "Anew."
    assert scim("GET", f"/Users/{user['id']}", expect=200).json[badge]["badge"] == "W"
    scim.patch(f"/Users/{user['id']}", {"op": "add", "path": f"{badge}:extra", "value": "E"})
    other = {"schemas": [USER], "userName": "wide2@acme.example"}
    assert scim("POST", "/Users", {**other, badge: {"extra": "e"}}, expect=409)
    assert scim("POST", "/Users", {**other, badge: {"badge": "w"}}, expect=409), "numbers of the index stayed"
    assert scim("POST", "/Users", {**other, badge: {"doors": [{"value": "e", "serial": "1"}]}}, expect=409)
    assert acme.api("PATCH", path, {"description": "Again."}, expect=200).json["description"] == "Again."


def test_removal_is_refused_while_used(acme, badge):
    scim, path = acme.scim, f"/schemas/{acme.schema['id']}"
    user, other = scim.user("held@acme.example", **{badge: {"level": 1}}), scim.user("held2@acme.example", **{badge: {"level": 1}})
    scim("DELETE", f"/Users/{other['id']}", expect=204)
    problem = acme.api("DELETE", path, expect=409).json
    assert "2 resources" in problem["detail"] and "1 of them in the bin" in problem["detail"]
    scim.patch(f"/Users/{user['id']}", {"op": "remove", "path": badge})
    problem = acme.api("DELETE", path, expect=409).json
    assert other["id"] in problem["detail"]
    acme.api("POST", f"/users/{other['id']}/purge", {}, expect=204)
    acme.api("DELETE", path, expect=204)
    assert scim("GET", f"/Schemas/{badge}").status == 404
    assert badge not in scim.user("after@acme.example", **{badge: {"level": 1}})
    declare(acme, badge_schema(badge))
    assert badge not in scim("GET", f"/Users/{user['id']}", expect=200).json


def test_a_type_and_its_schemas_hold_each_other(acme, devices):
    made = devices("POST", "/Devices", device("d"), expect=201).json
    type_path = f"/resource-types/{acme.device_type['id']}"
    assert "Device" in acme.api("DELETE", f"/schemas/{acme.radio_schema['id']}", expect=409).json["detail"]
    assert "1 resources of the type Device" in acme.api("DELETE", type_path, expect=409).json["detail"]
    devices("DELETE", f"/Devices/{made['id']}", expect=204)
    for schema in (acme.device_schema, acme.radio_schema):
        assert acme.api("DELETE", f"/schemas/{schema['id']}", expect=409)
    acme.api("DELETE", type_path, expect=204)
    for schema in (acme.device_schema, acme.radio_schema):
        acme.api("DELETE", f"/schemas/{schema['id']}", expect=204)
    assert devices("GET", "/Devices").status == 404
    assert devices("GET", "/ResourceTypes", expect=200).json["totalResults"] == 2


# ---- resource types ----


def test_a_declared_type_has_the_whole_set_of_operations(acme, devices):
    assert devices("GET", "/ResourceTypes/Device", expect=200).json == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": "Device", "name": "Device", "description": "Devices of the house.",
        "endpoint": "/Devices", "schema": DEVICE_URN, "schemaExtensions": [{"schema": RADIO_URN, "required": False}],
        "meta": {"resourceType": "ResourceType", "location": f"{acme.server.url}/scim/v2/ResourceTypes/Device"}}
    made = devices("POST", "/Devices", device("printer", externalId="x-1", active=False, owners=[{"value": "u"}], **{RADIO_URN: {"macAddress": "AA:BB"}}),
                   expect=201)
    row = made.json
    path = f"/Devices/{row['id']}"
    assert made.headers["Location"] == row["meta"]["location"] == f"{acme.server.url}/scim/v2{path}"
    assert row["schemas"] == [DEVICE_URN, RADIO_URN] and row["active"] is False and row["externalId"] == "x-1" and row["meta"]["resourceType"] == "Device"
    assert "groups" not in row and "members" not in row and devices("GET", path, expect=200).json == row
    assert devices("GET", path, headers={"If-None-Match": row["meta"]["version"]}).status == 304
    put = devices("PUT", path, device("printer 2"), expect=200).json
    assert put["displayName"] == "printer 2" and put["active"] is True and RADIO_URN not in put
    patched = devices.patch(path, {"op": "add", "path": f"{RADIO_URN}:bands", "value": ["5"]}, expect=400).json
    assert "macAddress" in patched["detail"], "required in its extension"
    patched = devices.patch(path, {"op": "replace", "value": {"active": False, RADIO_URN: {"macAddress": "CC"}}}).json
    assert patched["active"] is False and patched[RADIO_URN] == {"macAddress": "CC"}
    assert devices.patch(path, {"op": "replace", "path": "active", "value": True}, headers={"If-Match": 'W/"1"'}, expect=412)
    assert devices("POST", "/Devices", {"schemas": [DEVICE_URN], "active": True}, expect=400).json["detail"].startswith("displayName")
    assert devices("POST", "/Devices", device("x", active="perhaps"), expect=400)
    assert devices("POST", "/Devices", device("x", externalId="x-2", **{RADIO_URN: {"macAddress": "cc"}}), expect=409).json["scimType"] == "uniqueness"
    devices("POST", "/Devices", device("same name", externalId="x-3"), expect=201)
    devices("POST", "/Devices", device("same name"), expect=201)
    assert devices("POST", "/Devices", device("y", externalId="x-3"), expect=409).json["scimType"] == "uniqueness"
    devices("DELETE", path, expect=204)
    assert devices("GET", path).status == 404
    devices("POST", "/Devices", device("again", externalId="x-1"), expect=201)


def test_lists_pages_and_search_of_a_declared_type(acme, devices):
    ids = [devices("POST", "/Devices", device(f"d{index:02}", serial=f"S{index}"), expect=201).json["id"] for index in range(7)]
    user = devices.user("beside@acme.example")
    page = devices("GET", "/Devices?startIndex=3&count=2", expect=200).json
    assert page["totalResults"] == 7 and [row["id"] for row in page["Resources"]] == ids[2:4]
    found, cursor = [], ""
    while cursor is not None:
        page = devices("GET", f"/Devices?count=3&cursor={cursor}", expect=200).json
        found += [row["id"] for row in page["Resources"]]
        cursor = page.get("nextCursor")
    assert found == ids
    assert [row["id"] for row in devices("GET", f'/Devices?filter=serial eq "s4"', expect=200).json["Resources"]] == [ids[4]]
    assert [row["id"] for row in devices("GET", f'/Devices?filter=id eq "{ids[1]}"', expect=200).json["Resources"]] == [ids[1]]
    assert devices("GET", '/Devices?filter=displayName sw "d0"&sortBy=displayName&sortOrder=descending', expect=200).json["Resources"][0]["id"] == ids[6]
    everything = devices("POST", "/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 100}, expect=200).json
    assert {row["id"] for row in everything["Resources"]} == {*ids, user["id"]}
    assert devices("GET", "/devices").status == 404, "letter case as declared"
    immutable = devices.patch(f"/Devices/{ids[0]}", {"op": "replace", "path": "serial", "value": "other"}, expect=400).json
    assert immutable["scimType"] == "mutability"


def test_bulk_makes_devices_beside_users(acme, devices):
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [USER], "userName": "owner@acme.example"}},
        {"method": "POST", "path": "/Devices", "bulkId": "d", "data": device("bulk", owners=[{"value": "bulkId:u"}])},
        {"method": "DELETE", "path": "/Devices/bulkId:d"},
    ]
    done = devices("POST", "/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations[:2]}, expect=200).json["Operations"]
    assert [row["status"] for row in done] == ["201", "201"]
    owner = devices("GET", '/Users?filter=userName eq "owner@acme.example"', expect=200).json["Resources"][0]
    listed = devices("GET", "/Devices", expect=200).json["Resources"]
    assert listed[0]["owners"] == [{"value": owner["id"]}]


def test_R18_devices_are_data(own_server, acme, devices):
    """A connection sees what it made; a device joins nothing and holds nothing."""
    made = devices("POST", "/Devices", device("mine"), expect=201).json
    other = acme.connection("other")
    assert other("GET", f"/Devices/{made['id']}").status == 404 and other("GET", "/Devices", expect=200).json["totalResults"] == 0
    assert other("PUT", f"/Devices/{made['id']}", device("theirs")).status == 404
    group = devices.group("Holders")
    refused = devices.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": made["id"]}]}, expect=400).json
    assert made["id"] in refused["detail"]
    assert devices("GET", f"/Users/{made['id']}").status == 404
    assert acme.grant(made["id"], acme.project("site")["id"], role="viewer", expect=400)
    assert acme.api("POST", f"/groups/{group['id']}/members", {"members": [made["id"]]}).status == 400
    narrow = acme.connection("narrow", scopes=["users"])
    assert narrow("GET", "/Devices").status == 403 and narrow("POST", "/Devices", device("x")).status == 403
    listed = acme.api("GET", "/resources/Devices", expect=200).json
    assert [row["id"] for row in listed["items"]] == [made["id"]] and listed["items"][0]["attributes"]["displayName"] == "mine"
    assert acme.api("GET", f"/resources/Devices/{made['id']}", expect=200).json["type"] == "Device"
    assert acme.api("GET", "/resources/Gadgets").status == 404 and acme.api("GET", "/resources/Users").status == 404
    acme.api("DELETE", f"/resources/Devices/{made['id']}", expect=204)
    assert devices("GET", f"/Devices/{made['id']}").status == 404
    assert acme.verify()["whole"]


@pytest.mark.parametrize("how", ["keep", "remove"])
def test_R4_what_a_deleted_connection_gave(acme, badge, devices, how):
    """The index of extensions stands with what stays; what goes frees its values."""
    user = devices.user("r4@acme.example", **{badge: {"badge": "R4"}})
    made = [devices("POST", "/Devices", device(f"r4-{number}", serial=f"N{number}"), expect=201).json["id"] for number in range(3)]
    acme.api("DELETE", f"/connections/{devices.id}?{how}=true", expect=(200, 202, 204))
    listed = [row["id"] for row in acme.api("GET", "/resources/Devices", expect=200).json["items"]]
    assert listed == (made if how == "keep" else [])
    other = acme.connection("later")
    taken = other("POST", "/Users", {"schemas": [USER], "userName": "r4b@acme.example", badge: {"badge": "r4"}})
    assert taken.status == (409 if how == "keep" else 201)
    assert other("POST", "/Devices", device("later", serial="n1")).status == (409 if how == "keep" else 201)
    if how == "keep":
        assert acme.api("GET", f"/users/{user['id']}", expect=200).json[badge] == {"badge": "R4"}
        assert "1 resources hold" in acme.api("DELETE", f"/schemas/{acme.schema['id']}", expect=409).json["detail"]
    assert acme.verify()["whole"]


def test_an_undo_gives_extensions_back_where_they_are_free(acme, badge, devices):
    """What was taken away comes back by the schemas of now; a unique value that somebody has meanwhile stays with him."""
    kept, lost, binned = (devices.user(f"undo{number}@acme.example", **{badge: {"badge": f"U{number}", "level": number}}) for number in range(3))
    printer = devices("POST", "/Devices", device("undo"), expect=201).json
    time.sleep(1.1)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    devices.patch(f"/Users/{kept['id']}", {"op": "remove", "path": badge})
    devices.patch(f"/Users/{lost['id']}", {"op": "remove", "path": badge})
    devices("DELETE", f"/Users/{binned['id']}", expect=204)
    devices("PUT", f"/Devices/{printer['id']}", device("undone"), expect=200)
    other = acme.connection("meanwhile").user("meanwhile@acme.example", **{badge: {"badge": "u1"}})
    done = acme.api("POST", f"/connections/{devices.id}/undo", {"since": since}, expect=(200, 202)).json
    assert done["done"] is True
    assert devices("GET", f"/Users/{kept['id']}", expect=200).json[badge] == {"badge": "U0", "level": 0}
    assert badge not in devices("GET", f"/Users/{lost['id']}", expect=200).json
    assert devices("GET", f"/Users/{binned['id']}", expect=200).json[badge]["badge"] == "U2"
    assert devices("GET", f"/Devices/{printer['id']}", expect=200).json["displayName"] == "undo"
    assert other["id"] != lost["id"] and devices("POST", "/Users", {"schemas": [USER], "userName": "x@acme.example", badge: {"badge": "u0"}}).status == 409
    assert acme.verify()["whole"]


def test_rights_and_ledger_of_declarations(acme, devices):
    bot = acme.identity("reader", role="auditor")["token"]
    nobody = acme.identity("nobody", role="member")["token"]
    assert acme.api("GET", "/schemas", token=bot, expect=200).json["total"] == 2
    assert acme.api("GET", "/schemas", token=nobody).status == 403
    for token in (bot, nobody):
        assert acme.api("POST", "/schemas", {"id": "urn:x:y:z", "name": "X", "attributes": [attribute("a")]}, token=token).status == 403
        assert acme.api("DELETE", f"/resource-types/{acme.device_type['id']}", token=token).status == 403
    made = devices("POST", "/Devices", device("logged"), expect=201).json
    entries = [row for row in acme.audit() if row["class"] == "change"]
    kinds = [(row["event"], row["object"]["kind"]) for row in entries]
    assert kinds.count(("created", "schema")) == 2 and ("created", "resource-type") in kinds
    assert entries[-1]["object"]["kind"] == "resource" and entries[-1]["body"]["type"] == "Device" and entries[-1]["body"]["id"] == made["id"]
    assert acme.verify()["whole"]


def test_the_command_line_declares_lists_and_removes(own_server, acme, tmp_path):
    cli, urn = own_server.cli, "urn:acme:scim:schemas:extension:cli:2.0:User"
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"schemas": [SCHEMA], "id": urn, "name": "Cli", "attributes": [attribute("a")], "meta": {"resourceType": "Schema"}}))
    made = own_server.cli_json("schema", "add", path, "--resource-type", "User", "--required")
    assert made["urn"] == urn and made["resourceType"] == "User" and made["required"] is True
    assert urn in cli("schema", "list").stdout and own_server.cli_json("schema", "show", urn)["id"] == made["id"]
    path.write_text(json.dumps({"attributes": [attribute("a"), attribute("b", "integer")]}))
    assert [row["name"] for row in own_server.cli_json("schema", "change", urn, path)["attributes"]] == ["a", "b"]
    path.write_text(json.dumps({"attributes": [attribute("b", "integer")]}))
    refused = cli("schema", "change", urn, path, check=False)
    assert refused.returncode == 5 and "cannot be taken away" in refused.stderr
    cli("schema", "delete", urn)
    assert own_server.cli_json("schema", "list")["total"] == 0
    device_schema = tmp_path / "device.json"
    device_schema.write_text(json.dumps(DEVICE_SCHEMA))
    cli("schema", "add", device_schema)
    device_type = json.dumps({**DEVICE_TYPE, "schemaExtensions": []})
    own_server.cli("resource-type", "add", "-", input_text=device_type)
    assert "/Devices" in cli("resource-type", "list").stdout
    cli("resource-type", "delete", "Device")
    cli("schema", "delete", DEVICE_URN)
    assert cli("schema", "add", tmp_path / "nosuch.json", check=False).returncode == 6


def test_a_dry_run_declares_nothing(acme):
    urn = "urn:acme:try:1"
    tried = acme.api("POST", "/schemas?dry_run=true", {"id": urn, "name": "Try", "resourceType": "User", "attributes": [attribute("a")]}, expect=200).json
    assert tried["dry_run"] is True
    assert acme.scim("GET", f"/Schemas/{urn}").status == 404
    assert urn not in acme.scim.user("try@acme.example", **{urn: {"a": "x"}})


def test_strict_profile_knows_declared_schemas(acme, badge):
    strict = acme.connection("strict", profile="strict")
    assert strict.user("strict@acme.example", schemas=[USER, badge], **{badge: {"level": 2}})[badge] == {"level": 2}
    refused = strict("POST", "/Users", {"schemas": [USER, badge], "userName": "s2@acme.example", badge: {"nosuch": 2}}, expect=400).json
    assert refused["scimType"] == "invalidSyntax"


# ---- restarts ----


def test_declarations_survive_restart_and_kill(own_server, acme, badge, devices):
    acme.scim.user("kept@acme.example", **{badge: {"badge": "K"}})
    made = devices("POST", "/Devices", device("kept", **{RADIO_URN: {"macAddress": "AA"}}), expect=201).json
    before = acme.scim("GET", "/Schemas", expect=200).json, acme.scim("GET", "/ResourceTypes", expect=200).json
    for stop in (own_server.stop, own_server.kill9):
        stop()
        own_server.start()
        assert (acme.scim("GET", "/Schemas", expect=200).json, acme.scim("GET", "/ResourceTypes", expect=200).json) == before
        assert devices("GET", f"/Devices/{made['id']}", expect=200).json == made
        assert devices("POST", "/Devices", device("other", **{RADIO_URN: {"macAddress": "aa"}}), expect=409)
        assert acme.scim("POST", "/Users", {"schemas": [USER], "userName": "k2@acme.example", badge: {"badge": "k"}}, expect=409)
    assert acme.verify()["whole"]


def test_writes_beside_a_changing_schema_are_judged_by_one_set(acme, badge):
    """A write is read by the schemas of before or of after, or is sent back (503); and nothing after the last change is."""
    path, scim, rows = f"/schemas/{acme.schema['id']}", acme.scim, badge_schema(badge)["attributes"]
    statuses, stop = [], threading.Event()

    def write(worker):
        number = 0
        while not stop.is_set():
            number += 1
            reply = scim("POST", "/Users", {"schemas": [USER, badge], "userName": f"w{worker}-{number}@acme.example", badge: {"badge": f"{worker}-{number}"}})
            statuses.append((reply.status, reply.headers.get("Retry-After")))

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for writer in writers:
        writer.start()
    for number in range(10):
        rows.append(attribute(f"more{number}"))
        acme.api("PATCH", path, {"attributes": rows}, expect=200)
    stop.set()
    for writer in writers:
        writer.join()
    assert {status for status, _ in statuses} <= {201, 503} and (201, None) in statuses
    assert all(retry == "1" for status, retry in statuses if status == 503)
    made = scim.user("after@acme.example", **{badge: {"more9": "x"}})
    assert made[badge] == {"more9": "x"} and acme.verify()["whole"]


# ---- drift: each declared attribute does what /Schemas says ----

EXAMPLES = {"string": ("Text", 1.5), "boolean": (True, "x"), "integer": (7, "x"), "decimal": (1.5, "x"), "dateTime": ("2026-01-02T03:04:05Z", "x"),
            "binary": ("AAAA", "!"), "reference": ("https://x.example/", 5)}


def test_what_schemas_says_is_what_happens(acme):
    scim, urn = acme.scim, "urn:acme:drift:1.0:User"
    attributes = [attribute(f"{kind}{number}", kind, multiValued=multi, mutability=mutability, returned=returned)
                  for number, (multi, mutability, returned) in enumerate([(False, "readWrite", "default"), (True, "readWrite", "always"), (False, "readOnly", "default"),
                                                                          (False, "immutable", "request")]) for kind in EXAMPLES]
    declare(acme, {"id": urn, "name": "Drift", "resourceType": "User", "attributes": attributes})
    for number, row in enumerate(discovered(scim, urn)["attributes"]):
        good, bad = EXAMPLES[row["type"]]
        value = [good] if row["multiValued"] else good
        name = f"drift{number}@acme.example"
        made = scim("POST", "/Users", {"schemas": [USER, urn], "userName": name, urn: {row["name"]: value}}, expect=201).json
        path = f"/Users/{made['id']}"
        shown = scim("GET", f"{path}?attributes={urn}:{row['name']}", expect=200).json.get(urn, {}).get(row["name"])
        assert shown == (None if row["mutability"] == "readOnly" else value), row
        assert (row["name"] in made.get(urn, {})) == (row["mutability"] != "readOnly" and row["returned"] != "request"), row
        if row["mutability"] != "readOnly":
            wrong = [bad] if row["multiValued"] else bad
            assert scim("POST", "/Users", {"schemas": [USER, urn], "userName": "bad" + name, urn: {row["name"]: wrong}}).status == 400, row
        replaced = scim.patch(path, {"op": "replace", "path": f"{urn}:{row['name']}", "value": value}, expect=(200, 400))
        assert (replaced.status == 400) == (row["mutability"] == "readOnly"), row


def test_R4_replace_moves_devices_by_external_id(own_server, acme, devices):
    old, new = acme.connection("devices-old"), acme.connection("devices-new")
    there = [old("POST", "/Devices", device(f"old {n}", externalId=f"x-{n}", serial=f"o-{n}"), expect=201).json["id"] for n in range(3)]
    here = [new("POST", "/Devices", device(f"new {n}", externalId=f"x-{n}", serial=f"n-{n}"), expect=201).json["id"] for n in range(2)]
    path, body = f"/connections/{old.id}/replace", {"by": new.id, "join": "externalId"}
    seen = acme.api("POST", path + "?dry_run=true", body, expect=200).json
    assert seen["resources"] == {"matched": 2, "unmatched": 1, "unmatched_there": 0, "ambiguous": 0} and seen["confirm"] == 2
    assert "resources" in acme.api("POST", path, body, expect=409).json["detail"]
    acme.api("POST", path, {**body, "confirm": 2}, expect=200)
    assert [old("GET", f"/Devices/{one}").status for one in there] == [404, 404, 200]
    assert [new("GET", f"/Devices/{one}").status for one in here] == [404, 404]
    taken = new("GET", f"/Devices/{there[1]}", expect=200).json
    assert (taken["externalId"], taken["serial"], taken["displayName"]) == ("x-1", "n-1", "new 1")
    assert acme.verify()["whole"] is True


@pytest.mark.parametrize("more", [{}, {"since": "2026-01-02T03:04:05Z"}])
def test_r11_a_post_that_takes_a_user_back_keeps_immutable_attributes_that_it_leaves_out(acme, badge, more):
    scim = acme.scim
    core = {"schemas": [USER, badge], "userName": f"back{len(more)}@acme.example", "externalId": f"back-{len(more)}"}
    made = scim("POST", "/Users", {**core, badge: {"since": "2026-01-02T03:04:05Z", "level": 1}}, expect=201).json
    scim.activate(made["id"], False)
    scim("POST", "/Users", {**core, badge: {"since": "2027-01-01T00:00:00Z"}}, expect=400)
    back = scim("POST", "/Users", {**core, badge: more}, expect=201).json
    assert back["id"] == made["id"] and back["active"] is True and back[badge] == {"since": "2026-01-02T03:04:05Z"}


def test_put_keeps_immutable_parts_and_is_judged_whole(acme):
    urn = "urn:acme:scim:schemas:extension:kept:2.0:User"
    declare(acme, {"id": urn, "name": "Kept", "resourceType": "User", "attributes": [
        attribute("code", required=True), attribute("hidden", mutability="immutable", returned="request"),
        attribute("place", "complex", subAttributes=[attribute("site", mutability="immutable"), attribute("room")])]})
    scim, core = acme.scim, {"schemas": [USER, urn], "userName": "kept@acme.example"}
    path = "/Users/" + scim("POST", "/Users", {**core, urn: {"code": "1", "hidden": "h", "place": {"site": "S", "room": "1"}}}, expect=201).json["id"]
    assert scim("PUT", path, scim("GET", path, expect=200).json, expect=200).json[urn] == {"code": "1", "place": {"site": "S", "room": "1"}}
    assert scim("PUT", path, {**core, urn: {"code": "2", "place": {"room": "2"}}}, expect=200).json[urn] == {"code": "2", "place": {"site": "S", "room": "2"}}
    assert scim("PUT", path, {**core, urn: {"code": "3"}}, expect=200).json[urn] == {"code": "3", "place": {"site": "S"}}
    assert scim("GET", f"{path}?attributes={urn}:hidden", expect=200).json[urn] == {"hidden": "h"}
    assert scim("PUT", path, {**core, urn: {"code": "3", "place": {"site": "T"}}}, expect=400).json["scimType"] == "mutability"
    refused = scim("PUT", path, core, expect=400).json
    assert refused["scimType"] == "invalidValue" and f"{urn}:code" in refused["detail"], "an extension that holds something needs what it requires"
