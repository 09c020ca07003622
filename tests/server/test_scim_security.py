# SPDX-License-Identifier: Apache-2.0
"""Cases of the security list that need more than one request or one resource; the others stand beside what they try to break."""
import re

import pytest

from harness.server import ROOT

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def snapshot(server, connection):
    """All that a refused request must leave alone: every user of the root, and the revision of the ledger."""
    users = connection("GET", "/Users?count=1000", expect=200).json["Resources"]
    return users, server.acme.api("GET", "/status", expect=200).json.get("revision")


@pytest.mark.parametrize("state", ["active", "inactive", "of another connection", "local", "deleted by its connection, held by another"])
def test_sec12_post_of_an_existing_user_in_each_state_is_409_without_side_effect(server, fresh, unique, state):
    name = unique("state@example.com")
    other = server.acme.connection(unique("other"))
    if state == "local":
        server.acme.api("POST", "/users", {"userName": name}, expect=201)
    else:
        owner = other if "another" in state else fresh
        made = owner.user(name, externalId=f"ext-{name}", displayName="Before")
        if state == "inactive":
            owner.activate(made["id"], False)
        if state.startswith("deleted"):
            fresh.user(unique("bystander@example.com"))
    before = snapshot(server, fresh)
    thief = {"schemas": [USER], "userName": name.upper(), "externalId": "ext-of-a-thief", "displayName": "Thief", "active": True}
    reply = fresh("POST", "/Users", thief, expect=409)
    assert reply.json["scimType"] == "uniqueness" and f"ext-{name}" not in reply.text and "Before" not in reply.text
    assert snapshot(server, fresh) == before


def test_sec13_reactivated_users_hold_what_they_held_and_keep_their_id(server, fresh, unique):
    user = fresh.user(unique("back@example.com"))
    group = fresh.group(unique("crew"), [user["id"]])
    for active in (False, True, False, True):
        fresh.activate(user["id"], active)
        assert server.acme.decide(user["id"]) is active
        assert fresh("GET", f"/Users/{user['id']}", expect=200).json["id"] == user["id"] and fresh.members(group["id"]) == {user["id"]}


def test_sec16_a_circle_that_cannot_be_is_refused_whole(fresh, unique):
    names = [unique("circle") for _ in range(3)]
    operations = [{"method": "POST", "path": "/Groups", "bulkId": str(i),
                   "data": {"schemas": [GROUP], "displayName": names[i], "members": [{"value": f"bulkId:{(i + 1) % 3}"}]}} for i in range(3)]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
    reply = fresh("POST", "/Bulk", body, expect=200).json
    assert {one["status"] for one in reply["Operations"]} == {"409"}
    for name in names:
        assert fresh("GET", f'/Groups?filter=displayName eq "{name}"', expect=200).json["totalResults"] == 0


def test_sec17_homoglyphs_are_other_names_and_never_match(fresh, unique):
    latin = unique("paypal@example.com")
    cyrillic = latin.replace("a", "\u0430")
    made = {name: fresh.user(name)["id"] for name in (latin, cyrillic)}
    for name, identifier in made.items():
        for query in (f'userName eq "{name}"', f'userName eq "{name.upper()}"'):
            assert [one["id"] for one in fresh("GET", f"/Users?filter={query}", expect=200).json["Resources"]] == [identifier]


COLLECTIONS = ["users", "groups", "organizations", "projects", "roles", "grants", "connections", "identities", "upstreams"]


def routes():
    """Method and path of every row of the management API, for each collection."""
    text = (ROOT / "src" / "api" / "routes.c").read_text()
    found = re.findall(r'METHOD_(GET|POST|PUT|PATCH|DELETE),\s*"(/[^"]+)"', text)
    assert len(found) > 25
    return [(method, pattern.replace("{collection}", name)) for method, pattern in found for name in (COLLECTIONS if "{collection}" in pattern else [""])]


def test_sec23_a_scim_token_opens_nothing_but_scim(server, fresh, unique):
    user = fresh.user(unique("victim@example.com"))
    other = server.acme.connection(unique("other"))
    for method, pattern in routes():
        path = re.sub(r"\{[^}]*\}", user["id"], pattern)
        body = {} if method in ("POST", "PUT", "PATCH") else None
        reply = server.http.request(method, f"/api/v1{path}", body, fresh.token)
        assert reply.status in (401, 403, 404), (method, path, reply)
        assert user["userName"] not in reply.text
    reply = server.http.request("POST", "/access/v1/evaluation", server.acme.question(user["id"], "read", "groups"), fresh.token)
    assert reply.status in (401, 403), reply
    for method, body in (("GET", None), ("PUT", {"schemas": [USER], "userName": "x"}), ("DELETE", None),
                         ("PATCH", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "remove", "path": "title"}]})):
        other(method, f"/Users/{user['id']}", body, expect=404)
    assert other("GET", f'/Users?filter=userName eq "{user["userName"]}"', expect=200).json["totalResults"] == 0
    fresh("GET", "/Users", token=server.acme.token, expect=(401, 403))  # and no other token opens SCIM
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json == user
