# SPDX-License-Identifier: Apache-2.0
"""Dry runs of the management API: what would come out, and nothing stored."""
import pytest

pytestmark = pytest.mark.sanitize


def ledger(server):
    return server.acme.audit(class_="change")


def test_a_dry_run_answers_what_would_come_out_and_stores_nothing(server, scim, unique):
    acme, name = server.acme, unique("dry@example.com")
    user = scim.user(unique("ann@example.com"))
    group = scim.group(unique("crew"))
    before = ledger(server)

    made = acme.api("POST", "/users?dry_run=true", {"userName": name, "externalId": "x"}, expect=200)
    assert made.json["dry_run"] is True and made.json["status"] == 201 and made.json["changed"] is True and made.json["event"] == "created"
    assert made.json["answer"]["userName"] == name and made.json["difference"]["document"]["userName"] == name
    assert "Location" not in made.headers and "Muster-Revision" not in made.headers
    acme.api("GET", f"/users/{made.json['answer']['id']}", expect=404)

    off = acme.api("PATCH", f"/users/{user['id']}?dry_run=true", {"active": False}, expect=200).json
    assert (off["status"], off["event"], off["answer"]["active"]) == (200, "deactivated", False)
    assert acme.api("GET", f"/users/{user['id']}", expect=200).json["active"] is True
    assert acme.api("PATCH", f"/users/{user['id']}?dry_run=true", {"active": True}, expect=200).json["changed"] is False

    moved = acme.api("POST", f"/groups/{group['id']}/members?dry_run=true", {"members": [user["id"]]}, expect=200).json
    assert moved["answer"] == {"added": 1} and user["id"] in moved["difference"]["members"]["added"]
    gone = acme.api("DELETE", f"/users/{user['id']}?dry_run=true", expect=200).json
    assert (gone["status"], gone["event"], gone["answer"]) == (204, "deleted", None)
    for path, body in (("/groups", {"displayName": unique("g")}), ("/projects", {"slug": unique("p"), "name": "P"}),
                       ("/identities", {"name": unique("robot"), "role": "member"}), ("/connections", {"name": unique("c"), "kind": "scim"}),
                       ("/grants", {"principal": user["id"], "scope": acme.id, "role": "auditor"})):
        tried = acme.api("POST", f"{path}?dry_run=true", body, expect=200)
        assert tried.json["status"] == 201 and "mus_" not in tried.text, tried
    assert ledger(server) == before
    acme.api("POST", "/users", {"userName": name}, expect=201)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/users?dry_run=true", 400), ("POST", "/users?dry_run=yes", 400),
                                                        ("POST", "/audit/verify?dry_run=true", 400), ("DELETE", "/users/nobody?dry_run=true", 404)])
def test_a_dry_run_of_what_cannot_be_is_refused(server, method, path, status):
    server.acme.api(method, path, {} if method == "POST" else None, expect=status)


def test_the_command_line_shows_a_dry_run(server, scim, unique):
    user = scim.user(unique("cli@example.com"))
    shown = server.cli_json("user", "deactivate", user["id"], "--dry-run")
    assert shown["dry_run"] is True and shown["event"] == "deactivated"
    assert "deactivated" in server.cli("user", "deactivate", user["id"], "--dry-run").stdout
    assert server.acme.api("GET", f"/users/{user['id']}", expect=200).json["active"] is True
    assert server.cli_json("identity", "create", unique("dry"), "--dry-run")["changed"] is True


def test_a_dry_run_names_the_alert_that_would_be_raised(server, fresh):
    alerts = server.acme.audit(class_="alert")
    tried = server.acme.api("PATCH", f"/connections/{fresh.id}?dry_run=true", {"ceiling": ["organization:admin"]}, expect=200).json
    assert tried["changed"] is True and tried["alert"] == "ceiling-raised"
    assert server.acme.api("PATCH", f"/connections/{fresh.id}?dry_run=true", {"description": "x"}, expect=200).json["alert"] is None
    assert server.acme.audit(class_="alert") == alerts
