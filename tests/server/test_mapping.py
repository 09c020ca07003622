# SPDX-License-Identifier: Apache-2.0
"""R18 from outside: roles, entitlements and enterprise attributes of SCIM users give nothing by themselves, and what mapping rules make of
them holds when the write is answered, and not a moment longer."""
import json
import threading

import pytest

pytestmark = pytest.mark.sanitize
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# What Entra sends for an app role with AppRoleAssignmentsComplex off, as it stands on the wire (reference/scim.md 3.1).
ENTRA_ROLE = json.dumps({"id": "18d14569-c3bd-439b-9a66-3a2aee01d14f", "value": "App.Admin", "displayName": "App admin"})


@pytest.fixture
def project(server, unique):
    return server.acme.project(unique("mapping"))


def rule(server, scim, attribute="roles.value", values=None, expect=201, **gift):
    body = {"connection": scim.id, "attribute": attribute, **({"values": values} if values else {}), **gift}
    return server.acme.api("POST", "/mapping-rules", body, expect=expect).json


def group(server, unique, stem="mapped"):
    return server.acme.api("POST", "/groups", {"displayName": unique(stem)}, expect=201).json["id"]


def may(server, user, project):
    return server.acme.decide(user["id"], "read", "project", project["id"], project=project["id"])


def roles(*values):
    return [{"value": value} for value in values]


def test_r18_without_a_rule_they_are_only_data(server, fresh, unique, project):
    user = fresh.user(unique("ann"), roles=roles("admin", "organization:admin"), entitlements=roles("project:viewer"),
                      **{ENTERPRISE: {"organization": server.acme.slug, "division": project["slug"]}})
    assert [role["value"] for role in fresh("GET", f"/Users/{user['id']}", expect=200).json["roles"]] == ["admin", "organization:admin"]
    assert not may(server, user, project)
    assert not server.acme.decide(user["id"], "read", "audit-logs")


GIFTS = {
    "okta role": ("roles.value", ["viewer"], lambda: {"roles": roles("viewer")}),
    "entra role": ("roles[primary eq true].value", ["App.Admin"], lambda: {"roles": [{"value": "App.Admin", "primary": "True"}]}),
    "entra role as text": ("roles.value", [ENTRA_ROLE], lambda: {"roles": roles(ENTRA_ROLE)}),
    "entitlement": ("entitlements", ["a", "b"], lambda: {"entitlements": [{"value": "b", "display": "Bee"}]}),
    "division": (f"{ENTERPRISE}:division", ["R&D, Berlin"], lambda: {ENTERPRISE: {"division": "R&D, Berlin"}}),
    "title": ("title", ["Engineer"], lambda: {"title": "Engineer"}),
}


@pytest.mark.parametrize("name", GIFTS)
def test_r18_what_a_value_gives_holds_at_once_and_its_loss_takes_at_once(server, fresh, unique, project, name):
    attribute, values, said = GIFTS[name]
    rule(server, fresh, attribute, values, role="viewer", scope=project["id"])
    plain = fresh.user(unique("plain"))
    user = fresh.user(unique("said"), **said())
    assert may(server, user, project) and not may(server, plain, project)
    key = next(iter(said()))
    fresh("PUT", f"/Users/{user['id']}", {"schemas": [USER], "userName": user["userName"], "active": True}, expect=200)
    assert not may(server, user, project)
    path = f"{ENTERPRISE}:division" if key == ENTERPRISE else key
    value = said()[key]["division"] if key == ENTERPRISE else said()[key]
    fresh.patch(f"/Users/{plain['id']}", {"op": "add", "path": path, "value": value})
    assert may(server, plain, project)
    fresh.patch(f"/Users/{plain['id']}", {"op": "remove", "path": path})
    assert not may(server, plain, project)


def test_r18_r30_inactive_keeps_and_delete_takes(server, fresh, unique, project):
    rule(server, fresh, values=["v"], role="viewer", scope=project["id"])
    user = fresh.user(unique("ann"), roles=roles("v"))
    fresh.activate(user["id"], False)
    assert not may(server, user, project)
    fresh.activate(user["id"], True)
    assert may(server, user, project)
    grants = [grant for grant in server.acme.api("GET", "/grants?limit=1000", expect=200).json["items"] if grant["principal"] == user["id"]]
    assert len(grants) == 1 and grants[0]["source"] == fresh.id and grants[0]["rule"]
    server.acme.api("DELETE", f"/grants/{grants[0]['id']}", expect=409)
    fresh("DELETE", f"/Users/{user['id']}", expect=204)
    assert server.acme.api("GET", f"/grants/{grants[0]['id']}", expect=404)


def test_r18_r14_the_connection_neither_sees_nor_takes_what_its_rule_gave(server, fresh, unique):
    crew = fresh.group(unique("crew"))
    rule(server, fresh, values=["crew"], group=crew["id"])
    user = fresh.user(unique("ann"), roles=roles("crew"))
    assert not fresh.members(crew["id"]) and not fresh("GET", f"/Users/{user['id']}", expect=200).json.get("groups")
    fresh.patch(f"/Groups/{crew['id']}", {"op": "replace", "path": "members", "value": []})
    members = server.acme.api("GET", f"/groups/{crew['id']}/members", expect=200).json["items"]
    assert [(member["id"], member["source"]) for member in members] == [(user["id"], fresh.id)] and members[0]["rule"]
    fresh("DELETE", f"/Groups/{crew['id']}", expect=204)  # never refused: the rule goes along
    assert not server.acme.api("GET", f"/connections/{fresh.id}/mapping-rules", expect=200).json["items"]


def test_r18_rules_reach_those_who_are_there_and_take_back_only_their_own(server, fresh, unique, project):
    people = [fresh.user(unique("u"), roles=roles("a" if i % 2 else "b")) for i in range(6)]
    server.acme.grant(people[1]["id"], project["id"], role="viewer")
    made = rule(server, fresh, values=["a"], role="viewer", scope=project["id"])
    assert [may(server, user, project) for user in people] == [False, True] * 3
    server.acme.api("PATCH", f"/mapping-rules/{made['id']}", {"values": ["b"]}, expect=200)
    assert [may(server, user, project) for user in people] == [True, True, True, False, True, False]
    server.acme.api("PATCH", f"/mapping-rules/{made['id']}", {"active": False}, expect=200)
    assert [may(server, user, project) for user in people] == [False, True, False, False, False, False]
    server.acme.api("PATCH", f"/mapping-rules/{made['id']}", {"active": True}, expect=200)
    server.acme.api("DELETE", f"/mapping-rules/{made['id']}", expect=204)
    assert [may(server, user, project) for user in people] == [False, True, False, False, False, False]
    events = {entry["event"] for entry in server.acme.audit()}
    assert "mapped" in events


def test_r8_law6_what_a_rule_may_give(server, fresh, unique, project):
    acme = server.acme
    assert "ceiling" in rule(server, fresh, values=["x"], role="admin", scope=acme.id, expect=403)["detail"]
    admins, target = group(server, unique, "admins"), group(server, unique, "target")
    acme.grant(admins, acme.id, role="admin")
    assert "ceiling" in rule(server, fresh, values=["x"], group=admins, expect=403)["detail"]
    rule(server, fresh, values=["x"], group=target)
    acme.grant(target, acme.id, role="admin", expect=403)
    acme.api("POST", f"/groups/{admins}/members", {"members": [target]}, expect=403)
    acme.api("DELETE", f"/groups/{target}", expect=409)
    weak = acme.identity(unique("weak"), role="member")
    acme.api("POST", "/mapping-rules", {"connection": fresh.id, "attribute": "roles", "values": ["x"], "group": target},
             token=weak["token"], expect=403)


def test_r18_another_organization_knows_nothing_of_it(server, fresh, unique, project):
    made = rule(server, fresh, values=["x"], role="viewer", scope=project["id"])
    other = server.globex
    other.api("GET", f"/mapping-rules/{made['id']}", expect=404)
    other.api("GET", f"/connections/{fresh.id}/mapping-rules", expect=404)
    other.api("DELETE", f"/mapping-rules/{made['id']}", expect=404)
    other.api("POST", "/mapping-rules", {"connection": fresh.id, "attribute": "roles", "values": ["x"], "role": "member"}, expect=400)


def test_r18_the_test_of_the_rules_and_the_command_line(server, fresh, unique, project):
    acme, name = server.acme, unique("ann")
    acme.api("PATCH", f"/connections/{fresh.id}", {"ceiling": ["organization:admin", "project:viewer"]}, expect=200)
    user = fresh.user(name, roles=roles("v"))
    made = json.loads(server.cli("mapping", "add", fresh.id, "roles.value", "v", "w, too", "--role", "viewer", "--project", project["slug"],
                                 "--json").stdout)
    assert made["values"] == ["v", "w, too"] and may(server, user, project)
    server.cli("mapping", "add", fresh.id, "userName", "--prefix", name[:3], "--role", "admin")
    acme.api("PATCH", f"/connections/{fresh.id}", {"ceiling": None}, expect=200)
    shown = acme.api("GET", f"/connections/{fresh.id}/mapping-rules?user={name}", expect=200).json
    assert shown["user"] == user["id"]
    assert [(item["gives"], item["given"], item["above_ceiling"]) for item in shown["items"]] == [(True, True, False), (True, True, True)]
    assert [item["value"] for item in shown["items"]] == ["v", name]
    assert "v, " not in server.cli("mapping", "test", fresh.id, "--user", name).stdout
    assert made["id"] in server.cli("mapping", "list", fresh.id).stdout
    server.cli("mapping", "disable", made["id"])
    assert not may(server, user, project)
    server.cli("mapping", "enable", made["id"])
    assert json.loads(server.cli("mapping", "apply", fresh.id, "--json").stdout)["done"]
    server.cli("mapping", "delete", made["id"])
    assert not may(server, user, project)
    assert server.cli("mapping", "add", fresh.id, "roles", "--role", "viewer", check=False).returncode != 0


def test_r18_parallel_writes_end_as_the_last_one_says(server, fresh, unique, project):
    rule(server, fresh, values=["v"], role="viewer", scope=project["id"])
    user = fresh.user(unique("ann"))
    def write(n):
        fresh("PUT", f"/Users/{user['id']}", {"schemas": [USER], "userName": user["userName"], "roles": roles("v") if n % 2 else []})
    threads = [threading.Thread(target=write, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = bool(fresh("GET", f"/Users/{user['id']}", expect=200).json.get("roles"))
    assert may(server, user, project) == said
    assert server.acme.verify()
