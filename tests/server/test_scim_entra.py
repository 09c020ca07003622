# SPDX-License-Identifier: Apache-2.0
"""Microsoft's SCIM Validator: its 24 required and 7 preview tests by their names, in both dialects of the provisioning service (without and with
aadOptscim062020), and the verbose PATCH that it really sends."""
import json
import uuid

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MICROSOFT = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
pytestmark = pytest.mark.sanitize


class Entra:
    """What one dialect makes of a change. `flat`: {path: value}; paths with brackets stay operations of their own in both."""

    def __init__(self, scim, dialect):
        self.scim, self.is_new = scim, dialect == "aadOptscim062020"

    def __call__(self, method, path, body=None, expect=None):
        flagged = path + ("&" if "?" in path else "?") + "aadOptscim062020" if self.is_new else path
        return self.scim(method, flagged, body, expect=expect)

    def operations(self, flat, op="Replace"):
        if not self.is_new:
            text = lambda value: str(value) if isinstance(value, bool) else value
            return [{"op": op, "path": path, "value": text(value)} for path, value in flat.items()]
        plain = {path: value for path, value in flat.items() if "[" not in path}
        whole = [{"op": op.lower(), "value": plain}] if plain else []
        return whole + [{"op": op.lower(), "path": path, "value": value} for path, value in flat.items() if "[" in path]

    def change(self, path, flat, op="Replace", expect=(200, 204)):
        return self.patch(path, *self.operations(flat, op), expect=expect)

    def patch(self, path, *operations, expect=(200, 204)):
        return self("PATCH", path, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}, expect=expect)

    def member(self, verb, group, *ids):
        path = f"/Groups/{group['id']}"
        if verb == "remove" and self.is_new:
            return self.patch(path, *({"op": "remove", "path": f'members[value eq "{one}"]'} for one in ids), expect=204)
        op = verb if self.is_new else verb.capitalize()
        return self.patch(path, *({"op": op, "path": "members", "value": [{"value": one}]} for one in ids), expect=204)

    def user(self, name):
        active = True if self.is_new else "True"
        body = {"schemas": [USER, ENTERPRISE], "externalId": str(uuid.uuid4()), "userName": name, "active": active, "meta": {"resourceType": "User"},
                "displayName": name, "name": {"formatted": "First Last", "givenName": "First", "familyName": "Last"}, "roles": [], "title": None,
                "emails": [{"value": f"work.{name}", "type": "work", "primary": True if self.is_new else "True"}],
                ENTERPRISE: {"employeeNumber": "1", "department": "D"}}
        return self("POST", "/Users", body, expect=201).json

    def group(self, name):
        body = {"schemas": [GROUP, MICROSOFT], "externalId": str(uuid.uuid4()), "displayName": name, "meta": {"resourceType": "Group"}}
        return self("POST", "/Groups", body, expect=201).json

    def found(self, kind, query):
        return [one["id"] for one in self("GET", f"/{kind}?{query}", expect=200).json.get("Resources", [])]


@pytest.fixture(params=["without flag", "aadOptscim062020"])
def entra(request, server, unique):
    return Entra(server.acme.connection(unique("entra"), preset="entra"), request.param)


@pytest.fixture
def user(entra, unique):
    return entra.user(f"{unique('validator')}@example.com")


@pytest.fixture
def group(entra, unique):
    return entra.group(unique("Validator group"))


def read(entra, user):
    return entra("GET", f"/Users/{user['id']}", expect=200).json


# ---- users, required ----

def test_create_a_user_and_a_duplicate(entra, user):
    assert user["active"] is True and user["emails"][0]["primary"] is True and user[ENTERPRISE]["department"] == "D" and "title" not in user
    again = entra("POST", "/Users", {"schemas": [USER], "userName": user["userName"], "externalId": "other"}, expect=409).json
    assert again["scimType"] == "uniqueness" and again["status"] == "409"


def test_filter_existing_absent_and_other_letter_case(entra, user):
    for name, ids in ((user["userName"], [user["id"]]), (user["userName"].upper(), [user["id"]]), (str(uuid.uuid4()), [])):
        assert entra.found("Users", f'filter=userName eq "{name}"') == ids
    assert entra.found("Users", f'filter=externalId eq "{user["externalId"]}"') == [user["id"]]
    assert entra.found("Users", f'filter=emails[type eq "work"].value eq "{user["emails"][0]["value"]}"') == [user["id"]]
    assert entra.found("Users", f'filter=DisplayName eq "{user["displayName"]}" and UserName eq "{user["userName"]}"') == [user["id"]]


def test_replace_attributes_verbose(entra, user):
    """As sent by the validator: the work values replaced, home and other ones made, displays, and primary switched in one request."""
    flat = {"displayName": "New", "name.givenName": "Given", "name.familyName": "Family", "active": True, f"{ENTERPRISE}:employeeNumber": "77",
            f"{ENTERPRISE}:department": "Research"}
    for kind, primary in (("work", False), ("home", True), ("other", False)):
        flat |= {f'emails[type eq "{kind}"].value': f"{kind}@new.example.com", f'emails[type eq "{kind}"].display': kind.upper(),
                 f'emails[type eq "{kind}"].primary': primary}
    flat |= {'phoneNumbers[type eq "mobile"].value': "555", 'addresses[type eq "work"].locality': "Berlin", 'addresses[type eq "work"].formatted': "B"}
    entra.change(f"/Users/{user['id']}", flat)
    after = read(entra, user)
    assert after["displayName"] == "New" and after["name"]["givenName"] == "Given" and after["name"]["formatted"] == "First Last"
    assert after[ENTERPRISE] == {"employeeNumber": "77", "department": "Research"}
    mails = {mail["type"]: (mail["value"], mail["display"], mail["primary"]) for mail in after["emails"]}
    assert mails == {kind: (f"{kind}@new.example.com", kind.upper(), kind == "home") for kind in ("work", "home", "other")}
    assert after["phoneNumbers"] == [{"type": "mobile", "value": "555"}] and after["addresses"][0]["locality"] == "Berlin"
    entra.change(f"/Users/{user['id']}", {"emails[primary eq true].value": "primary@new.example.com"})
    assert {mail["type"]: mail["value"] for mail in read(entra, user)["emails"]}["home"] == "primary@new.example.com"


def test_update_user_name_and_disable(entra, user, unique):
    name = f"{unique('renamed')}@example.com"
    entra.change(f"/Users/{user['id']}", {"userName": name})
    assert read(entra, user)["userName"] == name and entra.found("Users", f'filter=userName eq "{user["userName"]}"') == []
    for active in (False, True, False):
        entra.change(f"/Users/{user['id']}", {"active": active})
        assert read(entra, user)["active"] is active and entra.found("Users", f'filter=userName eq "{name}"') == [user["id"]]


@pytest.mark.parametrize("form", ["object", "list", "id"])
def test_add_replace_and_remove_the_manager(entra, user, unique, form):
    bosses = [entra.user(f"{unique('boss')}@example.com")["id"] for _ in range(2)]
    path = f"{ENTERPRISE}:manager"
    value = {"object": lambda one: {"value": one}, "list": lambda one: [{"value": one, "$ref": f"../Users/{one}"}], "id": lambda one: one}[form]
    for op, boss in (("Add", bosses[0]), ("Replace", bosses[1])):
        entra.patch(f"/Users/{user['id']}", {"op": op, "path": path, "value": value(boss)})
        assert read(entra, user)[ENTERPRISE]["manager"]["value"] == boss
        assert entra.found("Users", f'filter=id eq "{user["id"]}" and {path} eq "{boss}"&attributes=id') == [user["id"]]
    removal = {"object": {"op": "Remove", "path": path}, "list": {"op": "Replace", "path": path, "value": ""},
               "id": {"op": "Remove", "path": f'{path}[value eq "{bosses[1]}"]'}}[form]
    entra.patch(f"/Users/{user['id']}", removal)
    assert "manager" not in read(entra, user)[ENTERPRISE]


def test_delete_a_user_then_404(entra, user):
    entra("DELETE", f"/Users/{user['id']}", expect=204)
    assert entra("GET", f"/Users/{user['id']}", expect=404).json["status"] == "404"
    assert entra.found("Users", f'filter=userName eq "{user["userName"]}"') == []


# ---- groups, required ----

def test_get_and_filter_groups_without_members(entra, user, group):
    entra.member("add", group, user["id"])
    assert "members" not in entra("GET", f"/Groups/{group['id']}?excludedAttributes=members", expect=200).json
    for name, ids in ((group["displayName"], [group["id"]]), (group["displayName"].upper(), [group["id"]]), (str(uuid.uuid4()), [])):
        reply = entra("GET", f'/Groups?excludedAttributes=members&filter=displayName eq "{name}"', expect=200).json
        assert [one["id"] for one in reply.get("Resources", [])] == ids and all("members" not in one for one in reply.get("Resources", []))
    assert entra.found("Groups", f'filter=id eq "{group["id"]}" and members eq "{user["id"]}"') == [group["id"]]


def test_create_a_group_and_a_duplicate(entra, group):
    assert group["schemas"] == [GROUP]
    entra("POST", "/Groups", {"schemas": [GROUP], "displayName": group["displayName"]}, expect=409)


def test_replace_attributes_and_rename_a_group(entra, group, unique):
    name = unique("Renamed group")
    entra.change(f"/Groups/{group['id']}", {"displayName": name, "externalId": "new-id"}, expect=204)
    after = entra("GET", f"/Groups/{group['id']}", expect=200).json
    assert (after["displayName"], after["externalId"]) == (name, "new-id")


def test_add_and_remove_a_member(entra, user, group, unique):
    other = entra.user(f"{unique('other')}@example.com")["id"]
    entra.member("add", group, user["id"])
    entra.member("add", group, other)
    assert entra.scim.members(group["id"]) == {user["id"], other}
    entra.member("remove", group, user["id"])
    assert entra.scim.members(group["id"]) == {other}


def test_delete_a_group_then_404(entra, group):
    entra("DELETE", f"/Groups/{group['id']}", expect=204)
    entra("GET", f"/Groups/{group['id']}", expect=404)
    assert entra.found("Groups", f'filter=displayName eq "{group["displayName"]}"') == []


# ---- preview ----

def test_several_operations_on_different_attributes_and_on_one(entra, user):
    entra.patch(f"/Users/{user['id']}", {"op": "Add", "path": "nickName", "value": "N"}, {"op": "Replace", "path": "displayName", "value": "D"},
                {"op": "Remove", "path": "name.familyName"})
    after = read(entra, user)
    assert (after["nickName"], after["displayName"], "familyName" in after["name"]) == ("N", "D", False)
    entra.patch(f"/Users/{user['id']}", {"op": "Add", "path": "displayName", "value": "First"}, {"op": "Remove", "path": "displayName"},
                {"op": "Add", "path": "displayName", "value": "Last"})
    assert read(entra, user)["displayName"] == "Last"


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_delete_what_is_not_there_and_twice(entra, user, group, kind):
    entra("DELETE", f"/{kind}/{uuid.uuid4()}", expect=404)
    made = user if kind == "Users" else group
    entra("DELETE", f"/{kind}/{made['id']}", expect=204)
    entra("DELETE", f"/{kind}/{made['id']}", expect=404)


def test_add_and_remove_members_in_one_patch(entra, user, group, unique):
    other = entra.user(f"{unique('other')}@example.com")["id"]
    entra.member("add", group, user["id"])
    removal = {"op": "Remove", "path": "members", "value": [{"value": user["id"]}]}
    if entra.is_new:
        removal = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
    entra.patch(f"/Groups/{group['id']}", {"op": "Add", "path": "members", "value": [{"value": other}]}, removal, expect=204)
    assert entra.scim.members(group["id"]) == {other}


# ---- forms of section 3.1 that no test of the validator sends ----

def test_roles_as_text_and_the_primary_one_by_text(entra, user):
    role = json.dumps({"id": "18d14569", "value": "Admin", "displayName": "Admin"})
    sent = {"primary": "True", "type": "WindowsAzureActiveDirectoryRole", "value": role}
    entra.patch(f"/Users/{user['id']}", {"op": "Add", "path": "roles", "value": [sent]})
    assert read(entra, user)["roles"][0]["value"] == role  # stored verbatim
    entra.patch(f"/Users/{user['id']}", {"op": "Replace", "path": 'roles[primary eq "True"].value', "value": "Reader"})
    assert read(entra, user)["roles"] == [{"primary": True, "type": "WindowsAzureActiveDirectoryRole", "value": "Reader"}]


def test_remove_may_carry_the_old_value(entra, user):
    mail = user["emails"][0]["value"]
    entra.patch(f"/Users/{user['id']}", {"op": "Remove", "path": 'emails[type eq "work"].value', "value": mail},
                {"op": "Remove", "path": "displayName", "value": "x"})
    after = read(entra, user)
    assert "emails" not in after and "displayName" not in after


def test_misspelt_schema_and_unquoted_literal_of_the_samples(entra, user, unique):
    body = {"schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"], "userName": f"{unique('typo')}@example.com",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": {"department": "x"}}
    assert ENTERPRISE not in entra("POST", "/Users", body, expect=201).json
    assert entra.found("Users", f"filter=externalId eq {user['externalId']}") == [user["id"]]
