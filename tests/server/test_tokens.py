# SPDX-License-Identifier: Apache-2.0
"""Tokens of connections (R19): what one may, from where, how many live."""
import sqlite3
import time

import pytest

pytestmark = pytest.mark.sanitize

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def with_token(server, scim, **body):
    """A second token of the same connection."""
    return server.acme.api("POST", f"/connections/{scim.id}/rotate", body, expect=200).json["token"]


def tokens(server, scim):
    return server.acme.api("GET", f"/connections/{scim.id}", expect=200).json["tokens"]


def test_R19_a_token_for_reading_changes_nothing_on_any_route(server, fresh, unique):
    user, group = fresh.user(unique("ro@example.com")), fresh.group(unique("crew"))
    token = with_token(server, fresh, scopes=["read"])
    before = server.acme.audit(class_="change")
    new_user = {"schemas": [USER], "userName": unique("new@example.com")}
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    for method, path, body in (("POST", "/Users", new_user), ("PUT", f"/Users/{user['id']}", new_user), ("PATCH", f"/Users/{user['id']}", patch),
                               ("DELETE", f"/Users/{user['id']}", None), ("POST", "/Groups", {"schemas": [GROUP], "displayName": unique("g")}),
                               ("PATCH", f"/Groups/{group['id']}", {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "members", "value": []}]}),
                               ("DELETE", f"/Groups/{group['id']}", None)):
        assert fresh(method, path, body, token=token).status == 403, (method, path)
    bulk = {"schemas": [BULK], "Operations": [{"method": "POST", "path": "/Users", "bulkId": "a", "data": new_user},
                                              {"method": "DELETE", "path": f"/Users/{user['id']}"}]}
    done = fresh("POST", "/Bulk", bulk, token=token, expect=(200, 403))
    assert done.status == 403 or [op["status"] for op in done.json["Operations"]] == ["403", "403"]
    for method, path, body in (("GET", "/Users", None), ("GET", f"/Groups/{group['id']}", None), ("POST", "/Users/.search", {"schemas": [SEARCH]}),
                               ("POST", "/.search", {"schemas": [SEARCH]}), ("GET", "/ServiceProviderConfig", None), ("GET", "/Schemas", None)):
        assert fresh(method, path, body, token=token).status == 200, (method, path)
    assert server.acme.audit(class_="change") == before


@pytest.mark.parametrize(("scope", "open_to", "closed_to"), [("users", "Users", "Groups"), ("groups", "Groups", "Users")])
def test_R19_a_token_for_one_type_does_not_reach_the_other(server, fresh, unique, scope, open_to, closed_to):
    made = {"Users": fresh.user(unique("one@example.com")), "Groups": fresh.group(unique("crew"))}
    token = with_token(server, fresh, scopes=[scope])
    bodies = {"Users": {"schemas": [USER], "userName": unique("new@example.com")}, "Groups": {"schemas": [GROUP], "displayName": unique("g")}}
    resource = made[closed_to]["id"]
    for method, path, body in (("GET", "", None), ("POST", "", bodies[closed_to]), ("GET", f"/{resource}", None), ("PUT", f"/{resource}", bodies[closed_to]),
                               ("DELETE", f"/{resource}", None), ("POST", "/.search", {"schemas": [SEARCH]}),
                               ("PATCH", f"/{resource}", {"schemas": [PATCH_OP], "Operations": [{"op": "add", "value": {"displayName": "x"}}]})):
        assert fresh(method, f"/{closed_to}{path}", body, token=token).status == 403, (method, path)
    bulk = {"schemas": [BULK], "Operations": [{"method": "POST", "path": f"/{closed_to}", "bulkId": "a", "data": bodies[closed_to]},
                                              {"method": "POST", "path": f"/{open_to}", "bulkId": "b", "data": bodies[open_to]}]}
    assert [op["status"] for op in fresh("POST", "/Bulk", bulk, token=token, expect=200).json["Operations"]] == ["403", "201"]
    found = fresh("POST", "/.search", {"schemas": [SEARCH], "count": 100}, token=token, expect=200).json["Resources"]
    assert {one["meta"]["resourceType"] for one in found} == {open_to[:-1]}
    fresh("GET", f"/{open_to}", token=token, expect=200)
    for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas"):
        fresh("GET", path, token=token, expect=200)


def test_R19_scopes_are_kept_by_rotation_and_by_changes_of_the_connection(server, fresh):
    assert [row["scopes"] for row in tokens(server, fresh)] == [["users", "groups"]]
    with_token(server, fresh, scopes=["users", "read"])
    narrow = with_token(server, fresh)
    assert [row["scopes"] for row in tokens(server, fresh)] == [["users", "read"], ["users", "read"]]
    server.acme.api("PATCH", f"/connections/{fresh.id}", {"profile": "strict", "rate_limit": 50000}, expect=200)
    assert [row["scopes"] for row in tokens(server, fresh)] == [["users", "read"], ["users", "read"]]
    fresh("GET", "/Users", token=narrow, expect=200)
    fresh("GET", "/Groups", token=narrow, expect=403)


@pytest.mark.parametrize("scopes", [[], ["write"], "users", ["users", 1], [None], {}])
def test_R19_a_scope_that_is_none_is_refused_by_name(server, fresh, scopes):
    refused = server.acme.api("POST", f"/connections/{fresh.id}/rotate", {"scopes": scopes}, expect=400)
    assert refused.json["field"] == "scopes" and len(tokens(server, fresh)) == 1


def test_R19_two_tokens_live_and_the_third_ends_the_oldest(server, fresh):
    second = with_token(server, fresh)
    assert fresh("GET", "/Users").status == 200 and fresh("GET", "/Users", token=second).status == 200
    third = with_token(server, fresh)
    assert fresh("GET", "/Users").status == 401
    assert fresh("GET", "/Users", token=second).status == 200 and fresh("GET", "/Users", token=third).status == 200
    assert len(tokens(server, fresh)) == 2


@pytest.mark.parametrize("wrong", ["10.0.0.0/33", "example.com", "10.0.0", "2001:db8::/129", "", "10.0.0.1 ", "fe80::1%lo"])
def test_R19_an_address_that_is_none_is_400_and_named(server, fresh, wrong):
    refused = server.acme.api("PATCH", f"/connections/{fresh.id}", {"allowed_addresses": ["192.0.2.0/24", wrong]}, expect=400)
    assert refused.json["field"] == "allowed_addresses" and wrong in refused.json["detail"]
    fresh("GET", "/Users", expect=200)


@pytest.mark.parametrize("empty", [[], [None], [""], {}, ""])
def test_R19_a_list_without_an_address_is_400_and_changes_nothing(server, fresh, unique, empty):
    """[] could be meant as nobody and was taken as everybody: neither is guessed. null says everybody."""
    assert server.acme.api("POST", "/connections", {"name": unique("idp"), "kind": "scim", "allowed_addresses": empty}, expect=400).json["field"].startswith("allowed_addresses")
    server.acme.api("PATCH", f"/connections/{fresh.id}", {"allowed_addresses": ["192.0.2.0/24"]}, expect=200)
    assert server.acme.api("PATCH", f"/connections/{fresh.id}", {"allowed_addresses": empty}, expect=400).json["field"].startswith("allowed_addresses")
    assert server.acme.api("GET", f"/connections/{fresh.id}", expect=200).json["allowed_addresses"] == ["192.0.2.0/24"]
    fresh("GET", "/Users", expect=403)
    server.acme.api("PATCH", f"/connections/{fresh.id}", {"allowed_addresses": None}, expect=200)
    fresh("GET", "/Users", expect=200)


def test_R19_a_connection_calls_from_its_addresses_only(own_server, unique):
    """Behind a proxy, whose word alone makes the client's address (R33)."""
    server, acme = own_server, own_server.acme
    server.stop()
    server.write_conf(server={"behind_proxy": "yes", "trusted_proxies": "127.0.0.1"})
    server.start()
    scim, free = acme.connection("okta", allowed_addresses=["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]), acme.connection("entra")

    def status(address, connection=scim, **more):
        return connection("GET", "/Users", headers={"X-Forwarded-For": address}, **more).status

    def judge():
        for good in ("192.0.2.1", "192.0.2.255", "198.51.100.7", "2001:db8::5", "::ffff:192.0.2.9", "10.9.9.9, 192.0.2.1"):
            assert status(good) == 200, good
        for bad in ("192.0.3.1", "198.51.100.8", "2001:db9::5", "192.0.2.1, 10.9.9.9", "::1"):
            assert status(bad) == 403, bad
        assert scim("GET", "/Users").status == 403  # the proxy itself
        assert status("203.0.113.9", free) == 200

    judge()
    server.restart()  # what stands in memory after a change is what a load finds
    judge()
    acme.api("PATCH", f"/connections/{scim.id}", {"active": False}, expect=200)
    assert status("192.0.2.1") == 401
    acme.api("PATCH", f"/connections/{scim.id}", {"active": True}, expect=200)
    judge()
    refused = [entry["body"]["detail"] for entry in acme.audit(class_="notice") if entry["event"] == "refused"]
    assert "address 192.0.3.1" in refused and "address 2001:db9::5" in refused
    rows = acme.api("GET", f"/scim-log?connection={scim.id}&status_min=400&limit=1000", expect=200).json["items"]
    assert any(row["status"] == 403 for row in rows)
    # A flood with a good token from elsewhere is bounded like that of a stranger, and a good address goes on.
    assert 429 in [status("203.0.113.66") for _ in range(200)]
    assert status("192.0.2.1") == 200
    acme.api("PATCH", f"/connections/{scim.id}", {"allowed_addresses": None}, expect=200)
    assert status("203.0.113.77") == 200


def test_the_command_line_makes_narrow_tokens(server, unique):
    made = server.cli_json("connection", "create", "scim", "--name", unique("narrow"), "--scope", "groups,read", "--allow-address",
                           "127.0.0.0/8,::1")
    shown = server.cli_json("connection", "show", made["id"])
    assert shown["allowed_addresses"] == ["127.0.0.0/8", "::1"] and [row["scopes"] for row in shown["tokens"]] == [["groups", "read"]]
    assert server.cli_json("connection", "update", made["id"], "--allow-address", "192.0.2.1")["allowed_addresses"] == ["192.0.2.1"]
    assert "allowed_addresses" not in server.cli_json("connection", "update", made["id"], "--allow-address", "any")
    refused = server.cli("connection", "update", made["id"], "--allow-address", "192.0.2.1,x", check=False)
    assert refused.returncode == 6 and '"x"' in refused.stderr
    server.cli("connection", "rotate", made["id"], "--scope", "users")
    assert [row["scopes"] for row in server.cli_json("connection", "show", made["id"])["tokens"]] == [["groups", "read"], ["users"]]
    assert server.cli("connection", "rotate", made["id"], "--scope", "all", check=False).returncode == 6


def test_R19_the_server_warns_of_a_tokens_end(sqlite_server):
    """The rows are aged while the server is down; it warns when it starts."""
    acme = sqlite_server.acme
    scim = acme.connection("okta")
    with sqlite_server.stopped():
        database = sqlite3.connect(sqlite_server.folder / "muster.db")
        database.execute("UPDATE credential SET created_us = created_us - 8640000000000, expires_us = ? WHERE kind = 1",
                         (int((time.time() + 6 * 86400) * 1e6),))
        database.commit()
        database.close()
    line = sqlite_server.wait_event("token-expires")[0]
    assert line["owner"] == scim.id and line["days"] == 7
    warned = [entry for entry in acme.audit(class_="alert") if entry["event"] == "token-expires"]
    assert [entry["object"]["id"] for entry in warned] == [scim.id] and warned[0]["body"]["days"] == 7 and warned[0]["actor"]["kind"] == "system"
    assert "its token expires in 6 days" in acme.api("GET", f"/connections/{scim.id}", expect=200).json["health"]["text"]
    sqlite_server.restart()
    assert len([entry for entry in acme.audit(class_="alert") if entry["event"] == "token-expires"]) == 1
    assert acme.verify()["whole"] is True
