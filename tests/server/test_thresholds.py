# SPDX-License-Identifier: Apache-2.0
"""R16: deactivations are in force whatever their number, and an alarm; a list that empties a group waits for an administrator."""
import datetime
import time

import pytest

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def alerts(root, event):
    return [entry for entry in root.audit(class_="alert") if entry["event"] == event]


@pytest.mark.sanitize
def test_r16_security_24_mass_deactivation_is_in_force_and_one_alarm(server, fresh, unique):
    ids = [fresh.user(unique("leaver"))["id"] for _ in range(40)]
    before, counted = len(alerts(server.acme, "many-deactivated")), server.metrics()['muster_audit_events_total{class="alert"}']
    for user in ids[:12]:  # 30 %
        fresh.activate(user, False)
        assert server.acme.decide(user) is False
    raised = alerts(server.acme, "many-deactivated")[before:]
    assert len(raised) == 1 and raised[0]["body"] == {"connection": fresh.id, "deactivated": 6, "threshold": 5, "users": 40}
    assert server.metrics()['muster_audit_events_total{class="alert"}'] >= counted + 1
    assert any(line.get("alert") == "many-deactivated" for line in server.events("alert"))
    assert server.acme.decide(ids[20]) is True


def test_r16_who_is_put_back_in_the_same_request_was_not_taken(server, fresh, unique):
    ids = [fresh.user(unique("member"))["id"] for _ in range(30)]
    group = fresh.group(unique("crew"), members=ids)["id"]
    removal, addition = {"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": [{"value": one} for one in ids[:28]]}
    fresh.patch(f"/Groups/{group}", removal, addition)
    assert fresh.members(group) == set(ids[:28])
    fresh.patch(f"/Groups/{group}", {"op": "replace", "path": "members", "value": []}, addition, removal, addition)
    assert fresh.members(group) == set(ids[:28])
    assert server.acme.api("GET", f"/connections/{fresh.id}/holds", expect=200).json["items"] == []
    addition["value"] = addition["value"][:10]
    fresh.patch(f"/Groups/{group}", removal, addition, expect=429)
    fresh.patch(f"/Groups/{group}", addition, removal, addition, expect=429)
    assert fresh.members(group) == set(ids[:28])
    waits = server.acme.api("GET", f"/connections/{fresh.id}/holds", expect=200).json["items"]
    assert (waits[0]["removes"], waits[0]["of"]) == (18, 28)


def test_r16_security_10_emptying_a_group_waits_for_an_administrator(server, fresh, unique):
    ids = [fresh.user(unique("member"))["id"] for _ in range(24)]
    name = unique("crew")
    group = fresh.group(name, members=ids)["id"]
    whole = {"schemas": [GROUP], "displayName": name}
    before = len(alerts(server.acme, "members-held"))
    fresh("PUT", f"/Groups/{group}", whole, expect=200)  # R14: no members means unchanged
    held = fresh("PUT", f"/Groups/{group}", {**whole, "members": []}, expect=429)
    assert held.headers["Retry-After"] == "600" and held.json["status"] == "429"
    waits = server.acme.api("GET", f"/connections/{fresh.id}/holds", expect=200).json["items"]
    assert len(waits) == 1 and (waits[0]["group"], waits[0]["removes"], waits[0]["of"]) == (group, 24, 24)
    assert f"hold {waits[0]['id']}" in held.json["detail"] and waits[0]["released_at"] is None and waits[0]["until"] > waits[0]["at"]
    for operation in ({"op": "replace", "path": "members", "value": []}, {"op": "remove", "path": "members"},
                      {"op": "replace", "path": "members", "value": [{"value": one} for one in ids[:8]]}):
        fresh.patch(f"/Groups/{group}", operation, expect=429)
    assert fresh.members(group) == set(ids)
    assert len(alerts(server.acme, "members-held")) == before + 1
    again = fresh("PUT", f"/Groups/{group}", {**whole, "members": []}, expect=429)
    hold = server.acme.api("GET", f"/connections/{fresh.id}/holds", expect=200).json["items"][0]["id"]
    assert f"hold {hold}" in again.json["detail"]

    release = f"/connections/{fresh.id}/holds/{hold}/release"
    assert server.globex.api("POST", release, {}).status == 404
    assert server.globex.api("GET", f"/connections/{fresh.id}/holds").status == 404
    server.acme.api("POST", release, {}, token=server.acme.identity(unique("weak"), role="member")["token"], expect=403)
    server.acme.api("POST", release, {}, token=fresh.token, expect=(401, 403))
    for nothing in ("nobody", "-1", "99999999999999999999"):
        server.acme.api("POST", f"/connections/{fresh.id}/holds/{nothing}/release", {}, expect=404)
    assert "released" in server.cli("connection", "release", fresh.id, hold).stdout
    assert hold in server.cli("connection", "holds", fresh.id).stdout
    fresh("PUT", f"/Groups/{group}", {**whole, "members": []}, expect=200)
    assert fresh.members(group) == set()
    assert server.acme.api("GET", f"/connections/{fresh.id}/holds", expect=200).json["items"] == []


def test_r16_no_false_alarm_for_small_groups_and_single_members(server, fresh, unique):
    ids = [fresh.user(unique("few"))["id"] for _ in range(21)]
    small, name = unique("small"), unique("big")
    group, big = fresh.group(small, members=ids[:20])["id"], fresh.group(name, members=ids)["id"]
    before = len(alerts(server.acme, "members-held")) + len(alerts(server.acme, "many-members-removed"))
    fresh("PUT", f"/Groups/{group}", {"schemas": [GROUP], "displayName": small, "members": []}, expect=200)
    for user in ids[:6]:
        fresh.patch(f"/Groups/{big}", {"op": "remove", "path": f'members[value eq "{user}"]'})
    assert len(alerts(server.acme, "members-held")) + len(alerts(server.acme, "many-members-removed")) == before
    fresh.patch(f"/Groups/{big}", {"op": "remove", "path": f'members[value eq "{ids[6]}"]'})
    assert len(alerts(server.acme, "many-members-removed")) >= 1


def test_r16_members_that_are_named_are_never_held(server, fresh, unique):
    """A removal that names everybody it removes cannot be a list that came short: counted, told, in force."""
    ids = [fresh.user(unique("named"))["id"] for _ in range(60)]
    group = fresh.group(unique("large"), members=ids)["id"]
    before = len(alerts(server.acme, "many-members-removed"))
    fresh.patch(f"/Groups/{group}", *({"op": "remove", "path": f'members[value eq "{one}"]'} for one in ids[:50]), expect=204)
    fresh.patch(f"/Groups/{group}", {"op": "remove", "path": "members", "value": [{"value": one} for one in ids[50:55]]}, expect=204)
    assert fresh.members(group) == set(ids[55:])
    assert len(alerts(server.acme, "many-members-removed")) == before + 1


def test_r16_security_24_one_act_undoes_it(server, fresh, unique):
    ids = [fresh.user(unique("back"), externalId=unique("x"))["id"] for _ in range(30)]
    group = fresh.group(unique("team"), members=ids[:10])["id"]
    time.sleep(0.002)
    since = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    time.sleep(0.002)
    for user in ids[:10]:
        fresh.activate(user, False)
    for user in ids[10:20]:
        fresh("DELETE", f"/Users/{user}", expect=204)
    fresh("DELETE", f"/Groups/{group}", expect=204)
    server.acme.api("PATCH", f"/users/{ids[0]}", {"active": False}, expect=200)
    path = f"/connections/{fresh.id}/undo"
    assert server.globex.api("POST", path, {"since": since}).status == 404
    assert server.globex.api("POST", path + "?dry_run=true", {"since": since}).status == 404
    for wrong in ({}, {"since": "yesterday"}, {"since": "2999-01-01T00:00:00Z"}, {"since": since, "until": since}):
        server.acme.api("POST", path, wrong, expect=400)
    seen = server.acme.api("POST", path + "?dry_run=true", {"since": since}, expect=200).json
    assert seen["dry_run"] is True and (seen["users"], seen["groups"], seen["entries"]) == (20, 1, 21)
    assert not any(server.acme.decide(one) for one in ids[:20])
    done = server.cli_json("connection", "undo", fresh.id, "--since", since)
    assert done["done"] is True and (done["users"], done["groups"], done["edges"]) == (20, 1, 10)
    assert [server.acme.decide(one) for one in ids] == [False] + [True] * 29
    assert fresh.members(group) == set(ids[:10])
    assert fresh("GET", f"/Users/{ids[12]}", expect=200).json["active"] is True  # the provider finds them as they were
    assert server.acme.verify()["whole"] is True
    assert server.cli("connection", "undo", fresh.id, check=False).returncode == 2
