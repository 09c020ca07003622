# SPDX-License-Identifier: Apache-2.0
"""Captures of reads (R19), and the health of a connection in words and numbers."""
import time

import pytest

from test_scim_log import USER, log_of

pytestmark = pytest.mark.sanitize

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def health(server, scim):
    return server.acme.api("GET", f"/connections/{scim.id}", expect=200).json["health"]


def test_R19_reads_are_rows_while_a_capture_is_on_and_not_before_or_after(server, fresh, unique):
    acme, name = server.acme, unique("seen@example.com")
    fresh("GET", "/Users", expect=200)
    started = acme.api("POST", f"/connections/{fresh.id}/capture", {"minutes": 2}, expect=200).json
    assert started["minutes"] == 2 and started["until"] and health(server, fresh)["capture_until"]
    user = fresh.user(name, password="correct horse")
    fresh("GET", f'/Users?filter=userName%20eq%20%22{name}%22&count=5', expect=200)
    fresh("POST", "/Users/.search", {"schemas": [SEARCH], "filter": f'userName eq "{name}"'}, expect=200)
    fresh("GET", f"/Users/{user['id']}", expect=200)
    fresh("GET", "/ServiceProviderConfig", expect=200)
    acme.api("DELETE", f"/connections/{fresh.id}/capture", expect=204)
    fresh("GET", f"/Users/{user['id']}", expect=200)
    write, listed, searched, got, schemas = log_of(acme, fresh, 5)
    assert [(row["method"], row["status"]) for row in (write, listed, searched, got, schemas)] == [("POST", 201), ("GET", 200), ("POST", 200),
                                                                                                 ("GET", 200), ("GET", 200)]
    body = acme.api("GET", f"/scim-log/{listed['id']}", expect=200).json["body"]
    assert body["query"] == f'filter=userName eq "{name}"&count=5' and body["response"]["Resources"][0]["id"] == user["id"]
    body = acme.api("GET", f"/scim-log/{searched['id']}", expect=200).json["body"]
    assert body["query"] == "" and body["request"]["filter"] == f'userName eq "{name}"' and body["response"]["totalResults"] == 1
    assert acme.api("GET", f"/scim-log/{schemas['id']}", expect=200).json["body"]["response"] is not None
    assert acme.api("GET", f"/scim-log/{write['id']}", expect=200).json["body"] == {"schemas": [USER], "userName": name, "active": True}
    acme.api("POST", f"/scim-log/{listed['id']}/replay", expect=409)
    events = [entry["event"] for entry in acme.audit(class_="change") if entry["object"].get("id") == fresh.id]
    assert events[-2:] == ["capture-started", "capture-stopped"]
    auditor = acme.identity(unique("auditor"), role="auditor")["token"]
    acme.api("GET", f"/scim-log/{listed['id']}", token=auditor, expect=403)
    acme.api("POST", f"/connections/{fresh.id}/capture", {}, token=auditor, expect=403)
    acme.api("POST", f"/connections/{fresh.id}/capture", {}, token=fresh.token, expect=403)
    server.globex.api("POST", f"/connections/{fresh.id}/capture", {}, expect=404)


@pytest.mark.parametrize("body", [{"minutes": 0}, {"minutes": 16}, {"minutes": -1}, {"minutes": "5"}, {"hours": 1}])
def test_R19_a_capture_has_bounds(server, fresh, body):
    server.acme.api("POST", f"/connections/{fresh.id}/capture", body, expect=400)
    assert health(server, fresh)["capture_until"] is None


def test_R19_a_captured_answer_too_large_to_keep_is_named(server, fresh, unique):
    acme = server.acme
    for _ in range(30):
        fresh.user(unique("large@example.com"), displayName="x" * 1000, title="y" * 1000)
    server.cli("scim", "capture", fresh.id)
    fresh("GET", "/Users", expect=200)
    assert "no longer captured" in server.cli("scim", "capture", fresh.id, "--stop").stdout
    row = log_of(acme, fresh, 31)[-1]
    body = acme.api("GET", f"/scim-log/{row['id']}", expect=200).json["body"]
    assert body["response"] is None and body["response_bytes"] > 60000


def test_health_of_a_connection(server, unique):
    acme = server.acme
    scim = acme.connection(unique("entra"), preset="entra")
    first = health(server, scim)
    assert first["state"] == "unused" and first["text"].startswith("no request yet") and first["last_request_at"] is None
    name = unique("well@example.com")
    scim.user(name)
    good = health(server, scim)
    assert good["state"] == "ok" and good["last_success_at"] == good["last_request_at"] and good["text"].startswith("Entra: last request ")
    scim("POST", "/Users", {"schemas": [USER], "userName": name, "externalId": "other"}, expect=409)
    scim("POST", "/Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": unique("g"), "members": [{"value": "nobody"}]},
         expect=400)
    log_of(acme, scim, 3)
    told = health(server, scim)
    assert told["state"] == "refusals" and told["refusals"]["count"] == 2
    assert "2 refusals in 24 hours: 1 unknown-member, 1 uniqueness (userName)" in told["text"]
    assert {(reason["scim_type"], reason["field"]) for reason in told["refusals"]["reasons"]} == {("invalidValue", "members.value"),
                                                                                                 ("uniqueness", "userName")}
    scim("GET", "/Users/00000000-0000-4000-8000-000000000000", expect=404)
    log_of(acme, scim, 4)
    told = health(server, scim)
    assert "1 status 404 (there is no such user)" in told["text"]
    assert {reason["note"] for reason in told["refusals"]["reasons"] if not reason["scim_type"]} == {"there is no such user"}
    listed = {row["id"]: row for row in acme.api("GET", "/connections?limit=1000", expect=200).json["items"]}
    assert listed[scim.id]["health"]["text"] == told["text"] or "second" in told["text"]
    assert "unknown-member" in server.cli("connection", "show", scim.id).stdout
    assert "unknown-member" in server.cli("connection", "list").stdout


def test_health_survives_a_restart_and_has_a_metric_without_names(own_server, unique):
    acme = own_server.acme
    scim, idle = acme.connection("okta", preset="okta"), acme.connection("idle")
    scim("GET", "/Users", expect=200)
    assert not [text for text in acme.api("GET", "/status", expect=200).json["warnings"] if "connection" in text]
    scim("POST", "/Users", {"schemas": [USER]}, expect=400)
    before = health(own_server, scim)
    own_server.restart()
    after = health(own_server, scim)
    assert after["last_request_at"] == before["last_request_at"] and after["last_success_at"] == before["last_success_at"]
    assert health(own_server, idle)["state"] == "unused"

    def oldest():
        text = own_server.ops.request("GET", "/metrics").text
        assert scim.id not in text and "okta" not in text
        return [float(line.split()[1]) for line in text.splitlines() if line.startswith("muster_scim_oldest_success_timestamp_seconds ")][0]

    deadline = time.monotonic() + 20
    while not oldest() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert abs(oldest() - time.time()) < 120


def test_status_warns_of_a_connection_that_needs_care(own_server, unique):
    acme = own_server.acme
    scim = acme.connection("okta", preset="okta", ttl_s=6 * 86400)
    warned = [text for text in acme.api("GET", "/status", expect=200).json["warnings"] if text.startswith("connection ")]
    assert warned == ['connection "okta": no request yet, its token expires in 6 days']
    acme.api("POST", f"/connections/{scim.id}/rotate", {}, expect=200)
    scim("POST", "/Users", {"schemas": [USER]}, expect=400)
    warned = [text for text in acme.api("GET", "/status", expect=200).json["warnings"] if text.startswith("connection ")]
    assert len(warned) == 1 and "nothing has succeeded yet" in warned[0]
    scim("GET", "/Users", expect=200)
    warned = [text for text in acme.api("GET", "/status", expect=200).json["warnings"] if text.startswith("connection ")]
    assert "nothing has succeeded" not in "".join(warned)
    reader = acme.identity(unique("reader"))["token"]
    assert not [text for text in acme.api("GET", "/status", token=reader, expect=200).json["warnings"] if text.startswith("connection ")]
