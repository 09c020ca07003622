# SPDX-License-Identifier: Apache-2.0
"""The strict profile, sentence by sentence: draft-zollner-scim-interop-profile-01 (sections as "4", "5.1" …), and of IPSIE AL what goes
beyond it except OAuth. What a sentence asks of clients alone has no test here: a User-Agent (6.2), no PUT (6.5), no ETags (6.7)."""
import itertools

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MICROSOFT = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def strict(server):
    return server.acme.connection(f"strict-{next(numbers)}", profile="strict")


@pytest.fixture
def user(strict, unique):
    return strict.user(unique("strict@example.com"), externalId=unique("ext"), name={"givenName": "G", "familyName": "F"},
                       emails=[{"value": unique("mail@example.com"), "type": "work"}, {"value": "home@example.com", "type": "home"}])


def refused(reply, kind, status=400):
    assert (reply.status, reply.json["scimType"]) == (status, kind), reply


def add(path, value, op="add"):
    return {"op": op, "path": path, "value": value}


def test_4_it_says_so_itself(strict, fresh):
    assert strict("GET", "/ServiceProviderConfig", expect=200).json["interopProfileConformant"] is True
    assert "interopProfileConformant" not in fresh("GET", "/ServiceProviderConfig", expect=200).json


def test_5_1_discovery_is_whole(strict):
    types = strict("GET", "/ResourceTypes", expect=200).json["Resources"]
    schemas = {one["id"]: one for one in strict("GET", "/Schemas", expect=200).json["Resources"]}
    assert all(one["id"] == one["name"] for one in types)
    for one in types:
        assert {one["schema"], *(extension["schema"] for extension in one.get("schemaExtensions", []))} <= set(schemas)
    assert "password" not in {one["name"] for one in schemas[USER]["attributes"]}  # IPSIE AL


def test_5_2_letter_case_is_one_rule_for_filters_and_uniqueness(strict, user):
    found = lambda query: strict("GET", f"/Users?filter={query}", expect=200).json["totalResults"]
    assert found(f'userName eq "{user["userName"].upper()}"') == 1
    refused(strict("POST", "/Users", {"schemas": [USER], "userName": user["userName"].upper()}), "uniqueness", 409)
    assert found(f'externalId eq "{user["externalId"].upper()}"') == 0 and found(f'externalId eq "{user["externalId"]}"') == 1
    other = strict.user(f"other-{user['userName']}", externalId=user["externalId"].upper())
    assert found(f'id eq "{other["id"].upper()}"') == 0
    strict("GET", f"/Users/{other['id'].upper()}", expect=404)


SEARCH, BULK = ("urn:ietf:params:scim:api:messages:2.0:" + name for name in ("SearchRequest", "BulkRequest"))


@pytest.mark.parametrize("path, body, told", [
    ("/Users/.search", {"schemas": [SEARCH], "filter": 'userName eq "x"'},
        "a SearchRequest, which has schemas, filter, attributes, excludedAttributes, sortBy, sortOrder, startIndex, count, cursor"),
    ("/Bulk", {"schemas": [BULK], "Operations": []}, "a BulkRequest, which has schemas, failOnErrors, Operations"),
], ids=["search", "bulk"])
def test_members_that_a_message_does_not_have_are_refused(strict, fresh, path, body, told):
    reply = strict("POST", path, {**body, "unheard": 1})
    refused(reply, "invalidSyntax")
    assert reply.json["detail"] == f'"unheard" is no member of {told}'
    fresh("POST", path, {**body, "unheard": 1}, expect=200)
    strict("POST", path, body, expect=200)


def test_members_that_an_operation_of_bulk_does_not_have_are_refused(strict, user):
    operation = {"method": "DELETE", "path": f"/Users/{user['id']}", "unheard": 1}
    entry = strict("POST", "/Bulk", {"schemas": [BULK], "Operations": [operation]}, expect=200).json["Operations"][0]
    detail = '"unheard" is no member of an operation of a BulkRequest, which has method, path, bulkId, version, data'
    assert (entry["status"], entry["response"]["detail"]) == ("400", detail)
    strict("GET", f"/Users/{user['id']}", expect=200)


@pytest.mark.parametrize("more", [
    {"unheard": 1}, {"name": {"unheard": "x"}}, {"emails": [{"value": "a@example.com", "unheard": 1}]}, {ENTERPRISE: {"unheard": 1}},
    {"urn:example:unheard:2.0:User": {"a": 1}}, {"schemas": [USER, "urn:example:unheard:2.0:User"]}, {"schemas": [USER, MICROSOFT]},
    {"password": "correct horse"},
])
def test_5_3_what_no_schema_names_is_refused_in_bodies(strict, user, unique, more):
    body = {"schemas": [USER], "userName": unique("unheard@example.com"), **more}
    refused(strict("POST", "/Users", body), "invalidSyntax")
    refused(strict("PUT", f"/Users/{user['id']}", {**user, **more}), "invalidSyntax")
    assert strict("GET", f"/Users/{user['id']}", expect=200).json == user


@pytest.mark.parametrize("operation", [
    add("unheard", "x"), add("name.unheard", "x"), add("urn:example:unheard:2.0:User:a", "x"), add("name", {"unheard": "x"}),
    add("emails", [{"value": "a@example.com", "unheard": 1}]), add(ENTERPRISE, {"unheard": "x"}), add(f"{ENTERPRISE}:unheard", "x"),
    add("password", "correct horse", "replace"), {"op": "remove", "path": "unheard"},
])
def test_5_3_what_no_schema_names_is_refused_in_patch(strict, user, operation):
    refused(strict.patch(f"/Users/{user['id']}", add("title", "half"), operation, expect=400), "invalidSyntax")
    assert strict("GET", f"/Users/{user['id']}", expect=200).json == user


def test_5_4_types_are_declared(strict):
    for schema in strict("GET", "/Schemas", expect=200).json["Resources"]:
        for attribute in schema["attributes"] if schema["id"] in (USER, GROUP, ENTERPRISE) else []:
            types = [sub for sub in attribute.get("subAttributes", []) if sub["name"] == "type"]
            assert not attribute["multiValued"] or all(sub["canonicalValues"] for sub in types), attribute["name"]


def test_6_1_and_6_2_one_place_and_one_form(strict, user):
    reply = strict("GET", f"/Users/{user['id']}", expect=200)
    assert reply.headers["Content-Type"].startswith("application/scim+json")
    assert strict("GET", f"/Users/{user['userName']}", expect=404).headers["Content-Type"].startswith("application/scim+json")


def test_6_3_filters(strict, user):
    for query in ('unheard eq "x"', 'emails[unheard eq "x"]', 'password eq "x"', "userName eq unquoted"):
        refused(strict("GET", f"/Users?filter={query}"), "invalidFilter")
    strict("PATCH", f'/Users?filter=userName eq "{user["userName"]}"', {"schemas": [], "Operations": []}, expect=405)
    name, mail, external = user["userName"], user["emails"][0]["value"], user["externalId"]
    for query in (f'userName eq "{name}"', f'externalId eq "{external}"', f'emails[value eq "{mail}"]', f'emails[type eq "work" and value eq "{mail}"]',
                  f'userName eq "{name}" and externalId eq "{external}"'):
        assert [one["id"] for one in strict("GET", f"/Users?filter={query}", expect=200).json["Resources"]] == [user["id"]], query
    group = strict.group(f"group of {name}", [user["id"]], externalId=f"group-{external}")
    for query in (f'displayName eq "{group["displayName"]}"', f'externalId eq "group-{external}"', f'members[value eq "{user["id"]}"]'):
        found = strict("GET", f"/Groups?filter={query}&excludedAttributes=members", expect=200).json["Resources"]
        assert [one["id"] for one in found] == [group["id"]] and "members" not in found[0], query


def test_6_4_pages(server, unique):
    many = server.acme.connection(unique("many"), profile="strict")
    operations = [{"method": "POST", "path": "/Users", "bulkId": f"b{i}", "data": {"schemas": [USER], "userName": unique("page@example.com")}}
                  for i in range(1001)]
    for part in (operations[:1000], operations[1000:]):
        reply = many("POST", "/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": part}, expect=200).json
        assert {one["status"] for one in reply["Operations"]} == {"201"}
    size = lambda query: len(many("GET", f"/Users?attributes=id{query}", expect=200).json["Resources"])
    assert (size(""), size("&count=100"), size("&count=1000"), size("&count=2000"), size("&cursor=&count=1000")) == (100, 100, 1000, 1000, 1000)


@pytest.mark.parametrize("operation", [
    {"op": "replace", "value": {"title": "x"}}, {"op": "add", "value": {"title": "x"}}, {"op": "remove"},
    {"op": "replace", "path": None, "value": {"title": "x"}},
])
def test_6_5_1_every_operation_has_a_path(strict, user, operation):
    refused(strict.patch(f"/Users/{user['id']}", operation, expect=400), "invalidSyntax")


def test_6_5_2_single_attributes(strict, user):
    path = f"/Users/{user['id']}"
    patched = lambda *operations: strict.patch(path, *operations, expect=200).json
    for op in ("add", "replace"):
        assert patched(add("title", f"by {op}", op), add("active", op == "replace", op))["title"] == f"by {op}"
    assert patched(add("name.givenName", "Given", "replace"))["name"] == {"givenName": "Given", "familyName": "F"}
    assert patched(add("name", {"middleName": "M"}))["name"] == {"givenName": "Given", "familyName": "F", "middleName": "M"}
    assert patched(add("name", {"familyName": "Only"}, "replace"))["name"] == {"familyName": "Only"}
    assert patched(add(ENTERPRISE, {"department": "D"}), add(f"{ENTERPRISE}:division", "V"))[ENTERPRISE] == {"department": "D", "division": "V"}
    assert ENTERPRISE not in patched({"op": "remove", "path": ENTERPRISE})


def test_6_5_2_lists(strict, user):
    path = f"/Users/{user['id']}"
    values = lambda document: [mail["value"] for mail in document["emails"]]
    assert values(strict.patch(path, add("emails", [{"value": "third@example.com"}]), expect=200).json)[2] == "third@example.com"
    assert values(strict.patch(path, add('emails[type eq "work"].value', "new@example.com", "replace"), expect=200).json)[0] == "new@example.com"
    assert values(strict.patch(path, add("emails", [{"value": "alone@example.com", "type": "work"}], "replace"), expect=200).json) == ["alone@example.com"]
    for operation in (add('emails[type eq "work"]', {"value": "x@example.com"}, "replace"), add('emails[type eq "work"]', {"value": "x@example.com"}),
                      {"op": "remove", "path": 'emails[type eq "work"]'}):
        refused(strict.patch(path, operation, expect=400), "invalidPath")
    refused(strict.patch(path, add('emails[type eq "home"].value', "absent@example.com", "replace"), expect=400), "noTarget")
    refused(strict.patch(path, add("emails", {"value": "x@example.com"}, "replace"), expect=400), "invalidValue")


def test_6_6_deletion_is_deletion_and_patch_is_none(strict, user, unique):
    path = f"/Users/{user['id']}"
    strict.patch(path, add("active", False, "replace"))
    assert strict("GET", path, expect=200).json["active"] is False
    strict("DELETE", path, expect=204)
    for method, body in (("GET", None), ("PUT", user), ("DELETE", None)):
        strict(method, path, body, expect=404)
    strict.patch(path, add("active", True, "replace"), expect=404)
    assert strict("GET", f'/Users?filter=userName eq "{user["userName"]}"', expect=200).json["totalResults"] == 0
    assert strict.user(user["userName"])["id"] != user["id"]


def test_6_9_1_a_name_that_is_taken(strict, user, unique):
    other = strict.user(unique("other@example.com"))
    refused(strict.patch(f"/Users/{other['id']}", add("userName", user["userName"], "replace"), expect=409), "uniqueness", 409)


def test_ipsie_members_in_one_patch(strict, unique):
    """Groups begin empty; at least 50 additions and removals in one PATCH, as long as they stay below the threshold of R16 (30 %);
    `members[value eq]` names one without a sub-attribute."""
    people = [strict.user(unique("member@example.com"))["id"] for _ in range(200)]
    group = strict.group(unique("ipsie"))
    assert "members" not in group
    path = f"/Groups/{group['id']}"
    for start in (0, 100):
        strict.patch(path, *(add("members", [{"value": one}]) for one in people[start : start + 100]))
    assert strict.members(group["id"]) == set(people)
    strict.patch(path, *({"op": "remove", "path": f'members[value eq "{one}"]'} for one in people[:55]))
    assert strict.members(group["id"]) == set(people[55:])
    refused(strict.patch(path, {"op": "remove", "path": "members", "value": [{"value": people[55]}]}, expect=400), "invalidSyntax")
    small = strict.group(unique("small"), people[:3])
    strict.patch(f"/Groups/{small['id']}", {"op": "remove", "path": "members"})
    assert strict.members(small["id"]) == set()


def test_ipsie_several_attributes_and_bulk(strict, user, unique):
    patched = strict.patch(f"/Users/{user['id']}", add("title", "T"), add("displayName", "D", "replace"), {"op": "remove", "path": "emails"}, expect=200).json
    assert (patched["title"], patched["displayName"], "emails" in patched) == ("T", "D", False)
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": unique("bulk@example.com")}},
        {"method": "POST", "path": "/Groups", "bulkId": "b", "data": {"schemas": [GROUP], "displayName": unique("bulk"), "members": [{"value": "bulkId:a"}]}},
        {"method": "POST", "path": "/Users", "bulkId": "c", "data": {"schemas": [USER], "userName": unique("bulk@example.com"), "unheard": 1}}]}
    operations = strict("POST", "/Bulk", body, expect=200).json["Operations"]
    assert [one["status"] for one in operations] == ["201", "201", "400"] and operations[2]["response"]["scimType"] == "invalidSyntax"


def test_ipsie_rate_of_a_connection(server, unique):
    """At least 25 requests a second (RFC 6585 section 4 beyond that; test_scim_rate.py tries it)."""
    server.acme.api("POST", "/connections", {"name": unique("slow"), "kind": "scim", "profile": "strict", "rate_limit": 24}, expect=400)


def test_ipsie_managed_resources_are_not_edited_locally(server, strict, user, unique):
    group = strict.group(unique("managed"), [user["id"]])
    for path, change in ((f"/users/{user['id']}", {"userName": unique("edited@example.com")}), (f"/users/{user['id']}", {"displayName": "Edited"}),
                         (f"/groups/{group['id']}", {"displayName": unique("edited")})):
        reply = server.acme.api("PATCH", path, change)
        assert (reply.status, reply.json["type"]) == (400, "urn:muster:problem:read-only"), (path, reply)
    assert strict("GET", f"/Users/{user['id']}", expect=200).json["userName"] == user["userName"]
    assert strict("GET", f"/Groups/{group['id']}", expect=200).json["displayName"] == group["displayName"]


def test_ipsie_every_change_is_audited(server, strict, unique):
    user = strict.user(unique("audited@example.com"))
    strict.patch(f"/Users/{user['id']}", add("title", "T"))
    strict("DELETE", f"/Users/{user['id']}", expect=204)
    events = [entry["event"] for entry in server.acme.audit() if entry.get("subject") == user["id"] or user["id"] in str(entry)]
    assert len(events) == 3, events
