# SPDX-License-Identifier: Apache-2.0
"""R4: what becomes of all that a connection gave: kept or removed with it, through API and command line, also after a kill in the middle."""
import contextlib
import http.client
import threading
import time

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def bulk(scim, endpoint, bodies):
    """Creates them, a thousand a request; returns their ids."""
    ids = []
    for start in range(0, len(bodies), 1000):
        operations = [{"method": "POST", "path": f"/{endpoint}", "bulkId": f"b{n}", "data": body} for n, body in enumerate(bodies[start : start + 1000])]
        reply = scim("POST", "/Bulk", {"schemas": [BULK], "Operations": operations}, expect=200).json["Operations"]
        assert all(one["status"] == "201" for one in reply), reply[:3]
        ids += [one["location"].rsplit("/", 1)[1] for one in reply]
    return ids


def people(scim, stem, count):
    return bulk(scim, "Users", [{"schemas": [USER], "userName": f"{stem}-{n}", "externalId": f"x-{stem}-{n}"} for n in range(count)])


def state(root, scim):
    return root.api("GET", f"/connections/{scim.id}/work")


def wait_end(root, scim, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        reply = state(root, scim)
        if reply.status == 404:
            return
        time.sleep(0.2)
    raise AssertionError(f"the work did not end: {reply}")


def test_r4_a_delete_without_a_word_names_both_and_of_another_root_is_404(server, fresh):
    refused = server.acme.api("DELETE", f"/connections/{fresh.id}", expect=400)
    assert "keep" in refused.json["detail"] and "remove" in refused.json["detail"]
    server.acme.api("DELETE", f"/connections/{fresh.id}?keep=true&remove=true", expect=400)
    server.acme.api("DELETE", f"/connections/{fresh.id}?keep=perhaps", expect=400)
    for count in ("x", "-1"):
        server.acme.api("DELETE", f"/connections/{fresh.id}?remove=true&confirm={count}", expect=400)
    for query in ("keep=true", "remove=true", "keep=true&preview=true", "remove=true&confirm=1"):
        foreign = server.globex.api("DELETE", f"/connections/{fresh.id}?{query}", expect=404)
        unknown = server.globex.api("DELETE", f"/connections/01890a5d-ac96-774b-bcce-b302099a8057?{query}", expect=404)
        assert foreign.json.keys() == unknown.json.keys()
    assert server.globex.api("GET", f"/connections/{fresh.id}/work").status == 404
    fresh("GET", "/Users?count=1", expect=200)
    for path in (f"/connections/{fresh.id}?keep=true", f"/connections/{server.acme.id}?keep=true"):
        server.acme.api("DELETE", path, token=fresh.token, expect=(401, 403))


def test_r4_preview_counts_and_changes_nothing(server, fresh, unique):
    ids = people(fresh, unique("preview"), 7)
    fresh.activate(ids[0], False)
    server.acme.api("PATCH", f"/connections/{fresh.id}", {"ceiling": ["organization:admin"]}, expect=200)
    group = fresh.group(unique("crew"), members=ids[:3])
    server.acme.grant(group["id"], server.acme.id, role="auditor")
    seen = server.acme.api("DELETE", f"/connections/{fresh.id}?remove=true&preview=true", expect=200).json
    assert seen == {"id": fresh.id, "verb": "remove", "preview": True, "users": 7, "users_into_bin": 7, "groups": 1, "groups_into_bin": 1,
                    "edges": 3, "grants": 1, "suspensions": 1, "confirm": 7}
    kept = server.cli_json("connection", "delete", fresh.id, "--keep", "--preview")
    assert kept["users_into_bin"] == 0 and kept["verb"] == "keep" and "confirm" not in kept
    fresh("GET", f"/Users/{ids[1]}", expect=200)
    refused = server.cli("connection", "delete", fresh.id, "--remove", check=False)
    assert refused.returncode == 5 and "confirm=7" in refused.stderr
    assert server.cli("connection", "delete", fresh.id, check=False).returncode == 2
    done = server.cli_json("connection", "delete", fresh.id, "--remove", "--confirm", "7")
    assert done["done"] is True and (done["users"], done["groups"], done["edges"]) == (7, 1, 3)
    assert fresh("GET", f"/Users/{ids[1]}").status == 401  # the token died
    assert server.acme.api("GET", f"/connections/{fresh.id}").status == 404
    assert not any(server.acme.decide(one) for one in ids)


def test_r4_keep_leaves_people_as_they_are(server, fresh, unique):
    stem = unique("kept")
    ids = people(fresh, stem, 12)
    fresh.activate(ids[0], False)
    server.acme.api("PATCH", f"/connections/{fresh.id}", {"ceiling": ["organization:admin"]}, expect=200)
    group = fresh.group(unique("crew"), members=ids[:5])
    server.acme.grant(group["id"], server.acme.id, role="auditor")
    before = [server.acme.decide(one, "read", "audit-logs") for one in ids]
    assert before == [False] + [True] * 4 + [False] * 7
    done = server.acme.api("DELETE", f"/connections/{fresh.id}?keep=true", expect=200).json
    assert done["done"] is True and (done["users"], done["groups"], done["edges"]) == (12, 1, 5)
    assert [server.acme.decide(one, "read", "audit-logs") for one in ids] == before
    user = server.acme.api("GET", f"/users/{ids[1]}", expect=200).json
    assert user["source"] == "local" and user["externalId"] == f"x-{stem}-1"
    server.acme.api("PATCH", f"/users/{ids[0]}", {"active": True}, expect=200)  # the veto is a local suspension now
    assert server.acme.decide(ids[0], "read", "audit-logs") is True
    edges = server.acme.api("GET", f"/groups/{group['id']}/members", expect=200).json["items"]
    assert {edge["source"] for edge in edges} == {"local"}
    assert server.acme.verify()["whole"] is True


def test_r1_a_name_that_is_taken_says_by_what(server, unique):
    name = unique("Again")
    first = server.acme.connection(name)
    refused = server.acme.api("POST", "/connections", {"name": name.upper(), "kind": "scim"}, expect=409).json
    assert refused["field"] == "name" and f'another connection is called "{name.upper()}"' in refused["detail"]
    upstream = server.acme.api("GET", f"/connections/{first.id}", expect=200).json["upstream"]
    server.acme.api("DELETE", f"/connections/{first.id}?keep=true", expect=(200, 202))
    refused = server.acme.api("POST", "/connections", {"name": name, "kind": "scim"}, expect=409).json
    assert refused["field"] == "upstream" and "name it as the upstream" in refused["detail"]
    second = server.acme.connection(name, upstream=name)
    assert server.acme.api("GET", f"/connections/{second.id}", expect=200).json["upstream"] == upstream


def test_r24_the_last_administrator_is_not_removed(own_server):
    acme = own_server.acme
    scim = acme.connection("okta")
    boss = scim.user("boss@example.com")
    acme.grant(boss["id"], acme.id, role="admin")
    for word in ("keep", "remove"):
        refused = acme.api("DELETE", f"/connections/{scim.id}?{word}=true", expect=409)
        assert refused.json["type"].endswith("last-admin")
    scim("GET", f"/Users/{boss['id']}", expect=200)


@pytest.mark.parametrize("word", ["keep", "remove"])
def test_r4_killed_in_the_middle_it_is_finished_after_the_start(own_server, word):
    server, acme = own_server, own_server.acme
    scim, other = acme.connection("big"), acme.connection("other")
    ids = people(scim, "big", 1500)
    for start in range(0, 1500, 500):
        scim.group(f"team-{start}", members=ids[start : start + 500])
    stranger = other.user("stranger")
    for kill in range(3):
        def end():
            with contextlib.suppress(OSError, http.client.HTTPException):  # killed: no answer comes
                acme.api("DELETE", f"/connections/{scim.id}?{word}=true&confirm=1500")

        thread = threading.Thread(target=end)
        thread.start()
        time.sleep(0.1 * (kill + 1))
        server.kill9()
        thread.join()
        server.start()
        assert scim("GET", "/Users?count=1").status == 401
        if state(acme, scim).status == 404:
            break
    wait_end(acme, scim)
    assert acme.api("DELETE", f"/connections/{scim.id}?{word}=true").status == 404
    users = acme.api("GET", "/users?limit=1", expect=200).json["total"]
    groups = acme.api("GET", "/groups?limit=1", expect=200).json["total"]
    assert (users, groups) == ((1502, 3) if word == "keep" else (2, 0))  # and the administrator of init, and the stranger
    assert acme.decide(ids[7]) is (word == "keep") and acme.decide(stranger["id"]) is True
    assert acme.verify()["whole"] is True
    if word == "keep":
        edges = acme.api("GET", "/groups/team-0/members?limit=1000", expect=200).json["items"]
        assert len(edges) == 500 and {edge["source"] for edge in edges} == {"local"}


def test_r4_replace_first_tells_and_then_does(server, unique):
    old, new, stem = server.acme.connection(unique("old")), server.acme.connection(unique("new")), unique("r")
    there = [old.user(f"{stem}-{n}@old", externalId=f"{stem}-{n}")["id"] for n in range(5)]
    here = [new.user(f"{stem}-{n}@new", externalId=f"{stem}-{n}")["id"] for n in range(3)]
    group = old.group(f"{stem}-g", externalId=f"{stem}-g", members=there)["id"]
    new.group(f"{stem}-new", externalId=f"{stem}-g", members=here)
    project = server.acme.project(f"p-{stem}")
    server.acme.grant(group, project["id"], privilege="project:read")
    path = f"/connections/{old.id}/replace"
    for root, body in ((server.globex, {"by": new.id, "join": "externalId"}), (server.acme, {"by": server.globex.connection(unique("x")).id, "join": "externalId"})):
        assert root.api("POST", path + "?dry_run=true", body).status == 404
    for wrong in ({}, {"by": new.id}, {"by": new.id, "join": "emails"}, {"by": old.id, "join": "userName"}, {"by": new.id, "join": "userName", "force": True}):
        server.acme.api("POST", path, wrong, expect=400)
    seen = server.cli_json("connection", "replace", old.id, new.id, "--join", "externalId", "--dry-run")
    assert seen["users"] == {"matched": 3, "unmatched": 2, "unmatched_there": 0, "ambiguous": 0} and seen["confirm"] == 4
    assert seen["groups"] == {"matched": 1, "unmatched": 0, "unmatched_there": 0, "ambiguous": 0}
    old("GET", f"/Users/{there[0]}", expect=200)
    server.acme.api("POST", path, {"by": new.id, "join": "externalId"}, expect=409)
    server.acme.api("POST", path, {"by": new.id, "join": "externalId", "confirm": 3}, expect=409)
    assert server.cli("connection", "replace", old.id, new.id, "--join", "externalId", check=False).returncode == 2
    done = server.cli_json("connection", "replace", old.id, new.id, "--join", "externalId", "--confirm", "4")
    assert done["done"] is True and (done["users"], done["groups"]) == (3, 1)
    assert old("GET", f"/Users/{there[0]}").status == 404 and old("GET", f"/Users/{there[4]}").status == 200
    assert new("GET", f"/Users/{there[0]}", expect=200).json["userName"] == f"{stem}-0@new" and new("GET", f"/Users/{here[0]}").status == 404
    assert new.members(group) == set(there[:3])  # R14: its own edges
    assert all(server.acme.decide(one, "read", "project", project["id"]) for one in there)
    assert server.acme.verify()["whole"] is True
