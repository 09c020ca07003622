# SPDX-License-Identifier: Apache-2.0
"""A connection may make so many requests a second; beyond, 429 with Retry-After in the form of SCIM, and nobody else is slowed."""
import time


def flood(scim, times):
    return [scim("GET", "/ServiceProviderConfig") for _ in range(times)]


def test_a_connection_is_limited_alone_and_told_when_to_come_back(server, fresh, unique):
    slow = server.acme.connection(unique("slow"), rate_limit=25)
    replies = flood(slow, 150)
    refused = [reply for reply in replies if reply.status != 200]
    assert 50 <= len(replies) - len(refused) < 150
    assert {reply.status for reply in refused} == {429} and refused[0].headers["Retry-After"] == "1"
    assert refused[0].json["status"] == "429" and refused[0].json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert {reply.status for reply in flood(fresh, 150)} == {200}
    time.sleep(1.1)
    slow("GET", "/Users", expect=200)
    assert "muster_scim_rate_limited_total 0" not in server.ops.request("GET", "/metrics").text


def test_the_limit_changes_at_once(server, unique):
    scim = server.acme.connection(unique("changed"), rate_limit=25)
    server.acme.api("PATCH", f"/connections/{scim.id}", {"rate_limit": 100000}, expect=200)
    assert {reply.status for reply in flood(scim, 150)} == {200}
    assert server.acme.api("GET", f"/connections/{scim.id}", expect=200).json["rate_limit"] == 100000


def test_a_limit_below_what_providers_send_is_refused(server, unique):
    for wrong in (0, 24, 100001, "50", -1):
        server.acme.api("POST", "/connections", {"name": unique("wrong"), "kind": "scim", "rate_limit": wrong}, expect=400)


def test_wrong_tokens_over_loopback_are_401_however_many(server):
    assert {server.http.request("GET", "/scim/v2/Users", token="mus_nonsense").status for _ in range(150)} == {401}
