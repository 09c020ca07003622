# SPDX-License-Identifier: Apache-2.0
"""Replay of logged requests (R19): as their connection, by an administrator, audited; and what cannot be replayed."""
import json
import os
import subprocess

import pytest

from harness.server import BUILD
from test_scim_log import USER, log_of

pytestmark = pytest.mark.sanitize

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def replay(root, row, dry_run=False, **more):
    return root.api("POST", f"/scim-log/{row['id']}/replay" + ("?dry_run=true" if dry_run else ""), **more)


def whole_ledger(root):
    return root.audit(class_="change")


def test_R19_a_refused_request_is_replayed_as_its_connection_once_the_cause_is_gone(server, fresh, unique):
    acme, name = server.acme, unique("taken@example.com")
    local = acme.api("POST", "/users", {"userName": name}, expect=201).json
    fresh("POST", "/Users", {"schemas": [USER], "userName": name, "externalId": "e1"}, expect=409)
    row = log_of(acme, fresh, 1)[0]
    again = replay(acme, row, expect=200).json
    assert again["status"] == 409 and again["answer"]["scimType"] == "uniqueness" and again["id"] == row["id"]
    acme.api("DELETE", f"/users/{local['id']}", expect=204)
    before = whole_ledger(acme)

    tried = replay(acme, row, dry_run=True, expect=200).json
    assert tried["dry_run"] is True and tried["status"] == 201 and tried["event"] == "created" and tried["answer"]["userName"] == name
    assert tried["difference"]["document"]["userName"] == name and tried["difference"]["replay_of"] == row["id"]
    assert whole_ledger(acme) == before and fresh("GET", "/Users", expect=200).json["totalResults"] == 0

    done = replay(acme, row, expect=200).json
    assert done["dry_run"] is False and done["status"] == 201 and done["answer"]["userName"] == name
    assert fresh("GET", f"/Users/{done['answer']['id']}", expect=200).json["externalId"] == "e1"
    entry = whole_ledger(acme)[-1]
    assert entry["event"] == "created" and entry["actor"]["kind"] == "connection" and entry["actor"]["id"] == fresh.id
    assert entry["body"]["replay_of"] == row["id"] and entry["object"]["id"] == done["answer"]["id"]
    bootstrap = acme.api("GET", "/status", expect=200).json["caller"]["id"]
    assert entry["body"]["replayed_by"] == bootstrap
    assert acme.verify()["whole"] is True


def test_R19_every_kind_of_write_can_be_replayed(server, fresh, unique):
    acme = server.acme
    user = fresh.user(unique("ann@example.com"), password="correct horse")
    group = fresh.group(unique("crew"))
    fresh.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": user["id"]}]})
    fresh.activate(user["id"], False)
    fresh("PUT", f"/Users/{user['id']}", {"schemas": [USER], "userName": user["userName"], "active": True, "title": "Dr"}, expect=200)
    fresh("DELETE", f"/Groups/{group['id']}", expect=204)
    rows = {(row["method"], row["path"].split("/")[3]): row for row in log_of(acme, fresh, 6)}
    off = replay(acme, rows["PATCH", "Users"], dry_run=True, expect=200).json
    assert (off["status"], off["event"], off["answer"]["active"]) == (200, "deactivated", False)
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json["active"] is True
    assert replay(acme, rows["PATCH", "Users"], expect=200).json["answer"]["active"] is False
    back = replay(acme, rows["PUT", "Users"], expect=200).json
    assert back["answer"]["active"] is True and back["answer"]["title"] == "Dr"
    assert replay(acme, rows["PUT", "Users"], dry_run=True, expect=200).json["changed"] is False
    assert replay(acme, rows["DELETE", "Groups"], expect=200).json["status"] == 404
    assert replay(acme, rows["PATCH", "Groups"], expect=200).json["status"] == 404
    revived = replay(acme, rows["POST", "Groups"], expect=200).json
    assert revived["status"] == 201 and revived["answer"]["id"] != group["id"]


def test_R19_bulk_is_replayed_whole_and_has_no_dry_run(server, fresh, unique):
    acme, name = server.acme, unique("bulk@example.com")
    fresh("POST", "/Bulk", {"schemas": [BULK], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": name}}]}, expect=200)
    row = log_of(acme, fresh, 1)[0]
    replay(acme, row, dry_run=True, expect=400)
    assert replay(acme, row, expect=200).json["answer"]["Operations"][0]["status"] == "409"


def test_R19_only_an_administrator_replays(server, fresh, unique):
    acme = server.acme
    fresh.user(unique("who@example.com"))
    row = log_of(acme, fresh, 1)[0]
    before = whole_ledger(acme)
    auditor = acme.identity(unique("auditor"), role="auditor")["token"]
    before = whole_ledger(acme)
    for token in (auditor, fresh.token):
        replay(acme, row, token=token, expect=403)
        replay(acme, row, dry_run=True, token=token, expect=403)
    server.globex.api("POST", f"/scim-log/{row['id']}/replay", expect=404)
    assert whole_ledger(acme) == before


def test_R19_what_cannot_be_replayed_says_why(server, fresh, unique):
    acme = server.acme
    fresh("GET", "/Users/nobody", expect=404)
    fresh("POST", "/Users", "no json", expect=400)
    fresh.user(unique("why@example.com"))
    read, broken, good = log_of(acme, fresh, 3)
    assert "only read" in replay(acme, read, expect=409).json["detail"]
    assert "not kept" in replay(acme, broken, expect=409).json["detail"]
    for wrong in ("1", "x", "0"):
        acme.api("POST", f"/scim-log/{wrong}/replay", expect=404)
    acme.api("POST", f"/scim-log/{good['id']}/replay", {"force": True}, expect=400)
    acme.api("POST", f"/scim-log/{good['id']}/replay?dry_run=perhaps", expect=400)
    acme.api("PATCH", f"/connections/{fresh.id}", {"active": False}, expect=200)
    assert "disabled" in replay(acme, good, expect=409).json["detail"]
    acme.api("PATCH", f"/connections/{fresh.id}", {"active": True}, expect=200)
    assert replay(acme, good, expect=200).json["status"] == 409


def test_R19_a_request_refused_at_the_door_is_not_replayed(server, fresh, unique):
    acme = server.acme
    user = fresh.user(unique("door@example.com"))
    acme.api("PATCH", f"/connections/{fresh.id}", {"allowed_addresses": ["192.0.2.1"]}, expect=200)
    fresh("DELETE", f"/Users/{user['id']}", expect=403)
    acme.api("PATCH", f"/connections/{fresh.id}", {"allowed_addresses": None}, expect=200)
    row = log_of(acme, fresh, 2)[1]
    assert "before it was read" in replay(acme, row, expect=409).json["detail"]
    fresh("GET", f"/Users/{user['id']}", expect=200)


def test_R19_a_replay_may_no_more_than_the_token_it_came_with(server, fresh, unique):
    acme = server.acme
    token = acme.api("POST", f"/connections/{fresh.id}/rotate", {"scopes": ["read"]}, expect=200).json["token"]
    fresh("POST", "/Users", {"schemas": [USER], "userName": unique("narrow@example.com")}, token=token, expect=403)
    assert replay(acme, log_of(acme, fresh, 1)[0], expect=200).json["status"] == 403


def test_the_command_line_replays(server, fresh, unique):
    acme, name = server.acme, unique("cli@example.com")
    user = fresh.user(name)
    row = log_of(acme, fresh, 1)[0]
    refused = server.cli("scim", "replay", row["id"], check=False)
    assert refused.returncode == 5 and "refused again" in refused.stderr
    acme.api("DELETE", f"/users/{user['id']}", expect=204)
    assert server.cli_json("scim", "replay", row["id"], "--dry-run")["event"] == "created"
    assert server.cli_json("scim", "replay", row["id"])["status"] == 201


def test_the_command_line_follows_the_log(server, fresh, unique):
    """A row a line, each once, as they come, of one connection."""
    acme, name = server.acme, unique("follow@example.com")
    env = {"PATH": os.environ["PATH"], "MUSTER_URL": server.url, "MUSTER_TOKEN": acme.token}
    fresh.user(unique("before@example.com"))
    log_of(acme, fresh, 1)
    following = subprocess.Popen([str(BUILD / "muster"), "scim", "log", "--follow", "--connection", fresh.id, "--json"], stdout=subprocess.PIPE, env=env,
                                 text=True)
    try:
        assert json.loads(following.stdout.readline())["status"] == 201
        fresh.user(name)
        fresh("POST", "/Users", {"schemas": [USER], "userName": name}, expect=409)
        assert [json.loads(following.stdout.readline())["status"] for _ in range(2)] == [201, 409]
        assert following.poll() is None
    finally:
        following.kill()
        assert following.stdout.read() == ""
        following.wait()


def test_R19_a_request_of_a_connection_that_is_gone_is_not_replayed(server, unique):
    acme = server.acme
    scim = acme.connection(unique("gone"))
    scim("POST", "/Users", {"schemas": [USER], "active": True}, expect=400)
    row = log_of(acme, scim, 1)[0]
    assert replay(acme, row, expect=200).json["status"] == 400
    acme.api("DELETE", f"/connections/{scim.id}?keep=true", expect=(200, 202, 204))
    for dry_run in (True, False):
        assert "gone" in replay(acme, row, dry_run=dry_run, expect=409).json["detail"]
