# SPDX-License-Identifier: Apache-2.0
"""R8 and law 6 from outside: nothing above a connection's ceiling is tied to its groups, by any route; members are never refused."""
import threading

import pytest

pytestmark = pytest.mark.sanitize
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
DEFAULT = ["organization:member", "project:regular"]


def raise_to(server, scim, *roles):
    server.acme.api("PATCH", f"/connections/{scim.id}", {"ceiling": list(roles)}, expect=200)


def local_group(server, unique, stem="local"):
    return server.acme.api("POST", "/groups", {"displayName": unique(stem)}, expect=201).json["id"]


def nest(server, group, member, expect):
    return server.acme.api("POST", f"/groups/{group}/members", {"members": [member]}, expect=expect)


def alerts(server):
    return [entry for entry in server.acme.audit(class_="alert") if entry["event"] == "ceiling-raised"]


def test_r8_a_new_connection_has_the_default_ceiling(server, fresh):
    assert server.acme.api("GET", f"/connections/{fresh.id}", expect=200).json["ceiling"] == DEFAULT


# What each ceiling lets a pushed group hold: (role or privilege, in a project) -> which of CEILINGS allow it.
CEILINGS = {"default": None, "admin": ["organization:admin"], "project admin": ["project:admin"], "viewer": ["project:viewer"], "none": ["organization:no-access"]}
GIFTS = [
    ({"role": "admin"}, False, {"admin"}), ({"role": "member"}, False, {"default", "admin"}), ({"role": "auditor"}, False, {"admin"}),
    ({"role": "no-access"}, False, set(CEILINGS)), ({"privilege": "member:edit"}, False, {"admin"}),
    ({"privilege": "groups:read"}, False, {"default", "admin"}), ({"role": "admin"}, True, {"project admin"}),
    ({"role": "member"}, True, {"default", "project admin"}), ({"role": "viewer"}, True, {"default", "project admin", "viewer"}),
    ({"privilege": "member:assign-role"}, True, {"project admin"}), ({"privilege": "secrets:edit"}, True, {"default", "project admin"}),
]


@pytest.mark.parametrize("name", CEILINGS)
def test_r8_sec21_what_each_ceiling_lets_a_pushed_group_hold(server, fresh, unique, name):
    acme, project = server.acme, server.acme.project(unique("r8"))
    if CEILINGS[name]:
        raise_to(server, fresh, *CEILINGS[name])
    group = fresh.group(unique("pushed"))
    for gift, in_project, allowed in GIFTS:
        body = {"principal": group["id"], "scope": project["id"] if in_project else acme.id, **gift}
        reply = acme.api("POST", "/grants", body)
        assert reply.status == (201 if name in allowed else 403), (gift, in_project, reply)
        if reply.status == 403:
            assert "ceiling" in reply.json["detail"] and reply.json["field"] in gift


def test_r8_every_tie_over_the_management_api_is_judged(server, fresh, unique):
    acme = server.acme
    top, middle, pushed = local_group(server, unique, "top"), local_group(server, unique, "middle"), fresh.group(unique("pushed"))["id"]
    nest(server, top, middle, 200)
    nest(server, middle, pushed, 200)
    for group in (top, middle, pushed):
        acme.grant(group, acme.id, role="admin", expect=403)
    other = local_group(server, unique, "other")
    acme.grant(other, acme.id, role="admin")
    for group in (top, middle, pushed):
        nest(server, other, group, 403)
    over = local_group(server, unique, "over")
    ended = acme.grant(over, acme.id, role="admin", until="2001-01-01T00:00:00Z")
    nest(server, over, pushed, 200)
    acme.api("PATCH", f"/grants/{ended['id']}", {"until": None}, expect=403)
    acme.api("PATCH", f"/grants/{ended['id']}", {"until": "2000-01-01T00:00:00Z", "reason": "over"}, expect=200)
    acme.api("PATCH", f"/groups/{pushed}", {"active": False}, expect=200)
    acme.grant(pushed, acme.id, role="admin", expect=403)
    acme.api("PATCH", f"/groups/{pushed}", {"active": True}, expect=200)
    acme.api("PATCH", f"/connections/{fresh.id}", {"active": False}, expect=200)
    acme.grant(pushed, acme.id, role="admin", expect=403)


def test_r8_a_group_from_the_bin_is_judged_again(server, fresh, unique):
    acme = server.acme
    high, inner, pushed = local_group(server, unique, "high"), local_group(server, unique, "inner"), fresh.group(unique("low"))["id"]
    nest(server, high, inner, 200)
    acme.grant(high, acme.id, role="admin")
    acme.api("DELETE", f"/groups/{high}", expect=204)
    nest(server, inner, pushed, 200)
    acme.api("POST", f"/groups/{high}/restore", {}, expect=403)
    raise_to(server, fresh, "organization:admin")
    acme.api("POST", f"/groups/{high}/restore", {}, expect=200)


def scim_ties(high, low, user):
    members = [{"value": user}, {"value": low}]
    operation = {"op": "add", "path": "members", "value": [{"value": low}]}
    return {
        "patch add": lambda scim: scim.patch(f"/Groups/{high}", operation, expect=403),
        "patch replace": lambda scim: scim.patch(f"/Groups/{high}", {"op": "replace", "path": "members", "value": members}, expect=403),
        "pathless": lambda scim: scim.patch(f"/Groups/{high}", {"op": "add", "value": {"members": members}}, expect=403),
        "put": lambda scim: scim("PUT", f"/Groups/{high}", {"schemas": [GROUP], "displayName": high, "members": members}, expect=403),
        "bulk": lambda scim: scim("POST", "/Bulk", {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [{"method": "PATCH", "path": f"/Groups/{high}", "data": {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}}]}, expect=200),
    }


@pytest.mark.parametrize("way", list(scim_ties("", "", "")))
def test_r8_nesting_over_scim_lifts_nobody_above_the_ceiling(server, fresh, unique, way):
    acme, project = server.acme, server.acme.project(unique("r8"))
    raise_to(server, fresh, "project:admin")
    user, low, high = fresh.user(unique("u@example.com"))["id"], fresh.group(unique("low"))["id"], fresh.group(unique("high"))["id"]
    acme.grant(high, project["id"], role="admin")
    raise_to(server, fresh, *DEFAULT)  # what is tied stands; nothing more is tied
    reply = scim_ties(high, low, user)[way](fresh)
    error = reply.json["Operations"][0]["response"] if way == "bulk" else reply.json
    assert error["status"] == "403" and "ceiling" in error["detail"] and project["slug"] not in reply.text
    assert fresh.members(high) == set()
    assert acme.decide(user, "edit", "project", project["id"]) is False
    conflicts = acme.api("GET", f"/connections/{fresh.id}/conflicts", expect=200).json["items"]
    assert [(one["attribute"], one["object"]) for one in conflicts] == [("ceiling", high)]
    # A member who is pushed is no tie.
    fresh.patch(f"/Groups/{high}", {"op": "add", "path": "members", "value": [{"value": user}]})
    assert acme.decide(user, "edit", "project", project["id"]) is True
    fresh("POST", "/Groups", {"schemas": [GROUP], "displayName": unique("holder"), "members": [{"value": low}]}, expect=201)


def test_r8_members_are_pushed_whatever_the_ceiling_says_now(server, fresh, unique):
    acme = server.acme
    raise_to(server, fresh, "organization:admin")
    group, users = fresh.group(unique("bosses")), [fresh.user(unique("b@example.com"))["id"] for _ in range(3)]
    acme.grant(group["id"], acme.id, role="auditor")
    raise_to(server, fresh, "organization:no-access")
    fresh.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": users[0]}]})
    fresh("PUT", f"/Groups/{group['id']}", {"schemas": [GROUP], "displayName": unique("b"), "members": [{"value": one} for one in users]}, expect=200)
    assert all(acme.decide(one, "read", "audit-logs") for one in users)


def test_r8_raising_it_to_admin_roles_needs_an_administrator_and_is_an_alert(server, fresh, unique):
    acme, before = server.acme, len(alerts(server))
    editor = acme.identity(unique("editor"))
    for privilege in ("scim:edit", "scim:read", "scim:create"):
        acme.grant(editor["id"], acme.id, privilege=privilege)
    acme.api("PATCH", f"/connections/{fresh.id}", {"ceiling": ["organization:admin"]}, token=editor["token"], expect=403)
    raise_to(server, fresh, "organization:member", "project:viewer")
    assert len(alerts(server)) == before
    raise_to(server, fresh, "organization:admin")
    found = alerts(server)
    assert len(found) == before + 1 and found[-1]["body"] == {"id": fresh.id, "ceiling": ["organization:admin"]}
    assert found[-1]["class"] == "alert" and found[-1]["object"]["id"] == fresh.id
    raise_to(server, fresh, "organization:admin", "project:viewer")
    assert len(alerts(server)) == before + 1
    assert acme.verify()["reason"] == ""
    assert any('"alert":"ceiling-raised"' in line for line in server.log_path.read_text().splitlines())


@pytest.mark.parametrize("ceiling", [[], ["admin"], ["organization:owner"], ["project:*"], "organization:admin", [7], {"a": 1}, ["project:viewer", ""]])
def test_r8_what_is_no_ceiling_is_refused(server, fresh, unique, ceiling):
    reply = server.acme.api("PATCH", f"/connections/{fresh.id}", {"ceiling": ceiling}, expect=400)
    assert reply.json["field"].startswith("ceiling")
    server.acme.api("POST", "/connections", {"name": unique("bad"), "kind": "scim", "ceiling": ceiling}, expect=400)
    assert server.acme.api("GET", f"/connections/{fresh.id}", expect=200).json["ceiling"] == DEFAULT


def test_r8_null_is_the_default_again(server, fresh):
    raise_to(server, fresh, "project:viewer")
    server.acme.api("PATCH", f"/connections/{fresh.id}", {"ceiling": None}, expect=200)
    assert server.acme.api("GET", f"/connections/{fresh.id}", expect=200).json["ceiling"] == DEFAULT


def test_r8_parallel_ties_never_meet_above_the_ceiling(server, fresh, unique):
    """A grant above and a nesting below, each harmless alone: at most one of them stands."""
    acme = server.acme
    for _ in range(8):
        top, pushed = local_group(server, unique, "top"), fresh.group(unique("pushed"))["id"]
        statuses = []

        def grant():
            statuses.append(acme.api("POST", "/grants", {"principal": top, "scope": acme.id, "role": "admin"}).status)

        def tie():
            statuses.append(acme.api("POST", f"/groups/{top}/members", {"members": [pushed]}).status)

        threads = [threading.Thread(target=one) for one in (grant, tie)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) in ([200, 403], [201, 403]), statuses


def test_r8_by_the_command_line(server, unique):
    acme = server.acme
    made = server.cli_json("connection", "create", "scim", "--name", unique("cli"), "--ceiling", "organization:member,project:viewer", "--rate-limit", "50",
                         "--unknown-members", "skip", root=acme)
    shown = acme.api("GET", f"/connections/{made['id']}", expect=200).json
    assert (shown["ceiling"], shown["rate_limit"], shown["unknown_members"]) == (["organization:member", "project:viewer"], 50, "skip")
    server.cli_json("connection", "update", made["id"], "--ceiling", "project:admin", "--unknown-members", "refuse", root=acme)
    shown = acme.api("GET", f"/connections/{made['id']}", expect=200).json
    assert (shown["ceiling"], shown["rate_limit"], shown["unknown_members"]) == (["project:admin"], 50, "refuse")
