# SPDX-License-Identifier: Apache-2.0
"""R9 and R24 from outside: break-glass users by API and CLI, what the ledger says, what a connection sees of them in whole HTTP answers, and
that with one a provider may remove every other administrator."""
import uuid

import pytest

pytestmark = pytest.mark.sanitize
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def alerts(root, after):
    return [entry for entry in root.api("GET", f"/audit?after={after}&class=alert", expect=200).json["items"] if entry["event"] == "break-glass-changed"]


def revision(root):
    return int(root.api("GET", "/status", expect=200).json["revision"].rsplit(".", 1)[1])


def make(root, name, **attributes):
    return root.api("POST", "/users", {"userName": name, "break_glass": True, **attributes}, expect=201).json


def patch(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


def ways(one, name, mail, external_id, own, group):
    """Every route and verb, with every place where he could be named."""
    filters = [f'id eq "{one}"', f'id ne "{one}"', f'userName eq "{name}"', f'externalId eq "{external_id}"', f'emails.value eq "{mail}"', f'emails[value eq "{mail}"]']
    inactive = patch({"op": "replace", "path": "active", "value": False})
    member = [{"value": one}]
    yield from (("GET", f"/Users?filter={text}", None) for text in filters)
    yield from (("POST", place, {"schemas": [SEARCH], "filter": text}) for text in filters for place in ("/.search", "/Users/.search"))
    yield from (("GET", f"/Groups?filter={text}", None) for text in (f'members.value eq "{one}"', f'members[value eq "{one}"]'))
    for kind in ("Users", "Groups"):
        yield "GET", f"/{kind}/{one}", None
        yield "PUT", f"/{kind}/{one}", {"schemas": [USER if kind == "Users" else GROUP], "userName": "x", "displayName": "x"}
        yield "PATCH", f"/{kind}/{one}", inactive
        yield "DELETE", f"/{kind}/{one}", None
    yield "POST", "/Groups", {"schemas": [GROUP], "displayName": "g", "members": member}
    yield "PUT", f"/Groups/{group}", {"schemas": [GROUP], "displayName": "crew", "members": [{"value": own}, *member]}
    for operation in ("add", "replace", "remove"):
        yield "PATCH", f"/Groups/{group}", patch({"op": operation, "path": "members", "value": member})
    yield "PATCH", f"/Groups/{group}", patch({"op": "remove", "path": f'members[value eq "{one}"]'})
    yield "POST", "/Bulk", {"schemas": [BULK], "Operations": [{"method": "DELETE", "path": f"/Users/{one}"}, {"method": "PATCH", "path": f"/Users/{one}", "data": inactive}]}
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        yield method, "/Me", None if method in ("GET", "DELETE") else {"id": one}


VARIES = {"date", "x-request-id", "muster-revision", "content-length"}


def picture(reply, *words):
    headers = {name.lower(): value for name, value in reply.headers.items() if name.lower() not in VARIES}
    text = f"{reply.status}\n{sorted(headers.items())}\n{reply.text}".replace(reply.headers["X-Request-ID"], "<request>")
    for index, word in enumerate(words):
        text = text.replace(word, f"<{index}>")
    return text


@pytest.mark.parametrize("profile", ["lenient", "strict"])
def test_r9_a_connection_gets_the_answers_of_an_unknown_id(server, unique, profile):
    root, stem = server.acme, unique("g")
    upstream = root.api("POST", "/upstreams", {"name": unique("upstream")}, expect=201).json["id"]
    scim = root.connection(unique("idp"), profile=profile, upstream=upstream, adoption="same_upstream")
    own = scim.user(unique("own"))["id"]
    group = scim.group(unique("crew"), [own])["id"]
    names = {}
    for who in ("glass", "nobod"):
        names[who] = [str(uuid.uuid4()), f"{stem}-{who}", f"{stem}-{who}@a.example", f"x-{stem}-{who}"]
    made = make(root, names["glass"][1], externalId=names["glass"][3], emails=[{"value": names["glass"][2]}])
    names["glass"][0] = made["id"]
    root.api("POST", f"/groups/{group}/members", {"members": [made["id"]]}, expect=200)
    listed = [scim("GET", path, expect=200).json["totalResults"] for path in ("/Users", "/Users?count=0")]
    assert listed == [1, 1]
    for nobody, glass in zip(ways(*names["nobod"], own, group), ways(*names["glass"], own, group)):
        answers = [picture(scim(*way), *names[who]) for way, who in ((nobody, "nobod"), (glass, "glass"))]
        assert answers[0] == answers[1], glass
    assert made["id"] not in scim("GET", f"/Groups/{group}", expect=200).text
    after = root.api("GET", f"/users/{made['id']}", expect=200).json
    assert after == {**made, "active": True}
    assert {item["id"] for item in root.api("GET", f"/groups/{group}/members", expect=200).json["items"]} == {own, made["id"]}
    assert root.api("GET", f"/connections/{scim.id}/conflicts", expect=200).json["items"] == []


def test_r9_r11_his_name_is_taken_and_an_administrator_learns_by_whom(server, fresh, unique):
    root, other = server.acme, server.acme.connection(unique("other"))
    glass, ordinary = make(root, unique("glass")), other.user(unique("plain"))
    replies = [fresh("POST", "/Users", {"schemas": [USER], "userName": user["userName"]}, expect=409) for user in (glass, ordinary)]
    assert replies[0].json["scimType"] == "uniqueness"
    assert picture(replies[0], glass["userName"]) == picture(replies[1], ordinary["userName"])
    conflicts = root.api("GET", f"/connections/{fresh.id}/conflicts", expect=200).json["items"]
    assert {item["object"] for item in conflicts} == {glass["id"], ordinary["id"]}


def test_r9_api_and_cli_mark_and_each_time_is_an_alert(server, unique):
    root, name, before = server.acme, unique("glass"), revision(server.acme)
    made = server.cli_json("user", "create", name, "--break-glass", root=root)
    assert made["break_glass"] is True
    assert server.cli_json("user", "end-break-glass", name, root=root)["break_glass"] is False
    dry = root.api("PATCH", f"/users/{made['id']}?dry_run=true", {"break_glass": True}, expect=200).json
    assert dry["alert"] == "break-glass-changed" and dry["answer"]["break_glass"] is True
    assert root.api("GET", f"/users/{made['id']}", expect=200).json["break_glass"] is False
    server.cli("user", "set-break-glass", name, root=root)
    root.api("PATCH", f"/users/{made['id']}", {"displayName": "Glass", "break_glass": True}, expect=200)
    listed = {user["id"]: user["break_glass"] for user in root.api("GET", "/users?limit=1000", expect=200).json["items"]}
    assert listed[made["id"]] is True and not all(listed.values())
    assert [(entry["body"]["what"], entry["body"]["id"] == made["id"]) for entry in alerts(root, before)] == [
        ("made", True), ("unmarked", True), ("marked", True), ("updated", True)]
    for wrong in ("yes", 1, None):
        assert root.api("PATCH", f"/users/{made['id']}", {"break_glass": wrong}, expect=400).json["field"] == "break_glass"
    assert "break_glass" in root.api("PATCH", f"/users/{made['id']}", {"brake_glass": True}, expect=400).text


def test_r9_only_administrators_and_only_local_users(server, fresh, unique):
    root, claimed, glass = server.acme, fresh.user(unique("claimed")), make(server.acme, unique("glass"))
    assert "connection" in root.api("PATCH", f"/users/{claimed['id']}", {"break_glass": True}, expect=409).json["detail"]
    keeper = root.identity(unique("keeper"))
    for action in ("read", "create", "edit", "delete"):
        root.grant(keeper["id"], root.id, privilege=f"member:{action}")
    for method, path, body in (
            ("POST", "/users", {"userName": unique("evil"), "break_glass": True}), ("PATCH", f"/users/{glass['id']}", {"break_glass": False}),
            ("PATCH", f"/users/{glass['id']}", {"active": False}), ("DELETE", f"/users/{glass['id']}", None)):
        assert "administrator" in root.api(method, path, body, token=keeper["token"], expect=403).json["detail"]
    assert root.api("GET", f"/users/{glass['id']}", expect=200).json["active"] is True
    fresh("POST", "/Users", {"schemas": [USER], "userName": unique("n"), "break_glass": True}, expect=201)  # unknown to SCIM, as ever
    assert len([user for user in root.api("GET", "/users?limit=1000", expect=200).json["items"] if user["break_glass"] and user["source"] != "local"]) == 0


def test_r24_security_22_with_one_a_provider_may_remove_all_others(own_server, unique):
    root = own_server.acme
    scim = root.connection(unique("idp"), ceiling=["organization:admin"])
    boss = scim.user(unique("boss"))
    root.grant(boss["id"], root.id, role="admin")
    scim("DELETE", f"/Users/{boss['id']}", expect=409)
    glass = make(root, unique("glass"))
    root.grant(glass["id"], root.id, role="admin")
    scim("DELETE", f"/Users/{boss['id']}", expect=204)
    refused = "last-admin"
    for method, path, body in (("PATCH", f"/users/{glass['id']}", {"break_glass": False}), ("PATCH", f"/users/{glass['id']}", {"active": False}), ("DELETE", f"/users/{glass['id']}", None)):
        assert refused in root.api(method, path, body, expect=409).text
    grant = next(item for item in root.api("GET", "/grants?limit=1000", expect=200).json["items"] if item["principal"] == glass["id"])
    root.api("PATCH", f"/grants/{grant['id']}", {"until": "2999-01-01T00:00:00Z"}, expect=409)
    assert root.api("GET", f"/users/{glass['id']}", expect=200).json["break_glass"] is True
