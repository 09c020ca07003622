# SPDX-License-Identifier: Apache-2.0
"""Decisions: AuthZEN evaluation by R20 and R21, the default role, grants, and revisions."""
import json
import time
import uuid

import pytest

pytestmark = pytest.mark.sanitize


@pytest.fixture
def person(fresh, unique):
    return fresh.user(unique("person@example.com"))


def test_a_user_who_arrives_over_scim_may_read_the_groups_of_its_root(server, person):
    reply = server.acme.evaluate(server.acme.question(person["id"], "read", "groups"))
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("application/json")
    assert reply.json["decision"] is True
    assert set(reply.json) == {"decision", "context"} and set(reply.json["context"]) == {"revision"}
    assert reply.headers["Muster-Revision"] == reply.json["context"]["revision"]


@pytest.mark.parametrize(("action", "resource_type"), [("edit", "groups"), ("read", "audit-logs"), ("create", "identity"), ("create", "project"),
                                                       ("delete", "member"), ("evaluate", "decisions")])
def test_r23_the_default_role_holds_no_more(server, person, action, resource_type):
    assert server.acme.decide(person["id"], action, resource_type) is False


def test_every_false_has_one_body(server, person):
    acme = server.acme
    questions = [
        acme.question(str(uuid.uuid4()), "read", "groups"), acme.question("nobody@example.com", "read", "groups"),
        acme.question(person["id"], "explode", "groups"), acme.question(person["id"], "read", "unheard-of"),
        acme.question(person["id"], "edit", "groups"), acme.question(person["id"], "read", "groups", str(uuid.uuid4())),
        acme.question(person["id"], "read", "groups", subject_type="martian"), acme.question(person["id"], "read", "member", project="no-such-project"),
        acme.question(server.globex.id, "read", "groups"), acme.question(person["id"], "read", "groups", server.globex.id),
    ]
    bodies = set()
    for question in questions:
        reply = acme.evaluate(question)
        assert reply.status == 200 and reply.json["decision"] is False, question
        bodies.add(reply.text.replace(reply.json["context"]["revision"], "R"))
    assert len(bodies) == 1


@pytest.mark.parametrize("missing", ["subject", "action", "resource", "subject.type", "subject.id", "action.name", "resource.type", "resource.id"])
def test_sec74_a_missing_field_is_400_never_all(server, person, missing):
    body = server.acme.question(person["id"], "read", "groups")
    first, _, second = missing.partition(".")
    if second:
        del body[first][second]
    else:
        del body[first]
    assert server.acme.evaluate(body).status == 400


@pytest.mark.parametrize(("path", "value"), [("subject", "alice"), ("subject", []), ("action", "read"), ("action.name", 7), ("resource.id", None), ("subject.id", ""),
                                             ("resource.type", {}), ("context", "x"), ("subject.id", ["a"])])
def test_sec74_a_mistyped_field_is_400(server, person, path, value):
    body = server.acme.question(person["id"], "read", "groups")
    first, _, second = path.partition(".")
    if second:
        body[first][second] = value
    else:
        body[first] = value
    assert server.acme.evaluate(body).status == 400


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "true", '{"subject":{"type":"user","type":"user"}}', "[" * 5000])
def test_malformed_json_is_400(server, text):
    assert server.acme.evaluate(text or b"").status == 400


def test_wrong_content_type_is_400_not_415(server, person):
    body = server.acme.question(person["id"], "read", "groups")
    assert server.acme.evaluate(body, content_type="text/plain").status == 400
    assert server.acme.evaluate(body, content_type="application/json; charset=latin1").status == 400
    assert server.acme.evaluate(body, content_type='application/json; charset="UTF-8"').status == 200


def test_unknown_fields_are_ignored(server, person):
    body = server.acme.question(person["id"], "read", "groups", time="2024-01-01T00:00:00Z", anything={"x": [1]})
    body["more"] = 1
    body["resource"]["properties"] = {"status": "archived"}
    body["action"]["properties"] = {"soft": True}
    assert server.acme.evaluate(body).json["decision"] is True


def test_request_id_comes_back_on_answers_and_errors(server, person):
    for body, status in ((server.acme.question(person["id"], "read", "groups"), 200), ({}, 400)):
        reply = server.acme.evaluate(body, headers={"X-Request-ID": "pep-17"})
        assert reply.status == status and reply.headers["X-Request-ID"] == "pep-17"


def test_metadata_names_the_endpoint(server):
    reply = server.http.request("GET", "/.well-known/authzen-configuration")
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("application/json")
    assert reply.json["policy_decision_point"] == server.url
    assert reply.json["access_evaluation_endpoint"] == server.url + "/access/v1/evaluation"
    assert all(value for value in reply.json.values())


def test_r20_caller_needs_the_right_to_evaluate(server, person, unique):
    body = server.acme.question(person["id"], "read", "groups")
    assert server.acme.evaluate(body, token="").status == 401
    assert server.acme.evaluate(body, token="mus_id_aaaaaaaa_nothing").status == 401
    member = server.acme.identity(unique("member-bot"), role="member")
    assert server.acme.evaluate(body, token=member["token"]).status == 403
    scim = server.acme.connection(unique("scim-asks"))
    assert server.acme.evaluate(body, token=scim.token).status in (401, 403)


def test_r21_subject_by_id_user_name_or_not_at_all(server, person):
    acme = server.acme
    assert acme.decide(person["id"]) is True
    assert acme.decide(person["userName"]) is True
    assert acme.decide(person["userName"].upper()) is True
    assert acme.decide(person["id"], subject_type="identity") is False
    assert acme.decide(person["id"], subject_type="group") is False


def test_r21_connections_own_subject_is_byte_exact(server, fresh, unique):
    external = unique("Ext-Case")
    user = fresh.user(unique("ext@example.com"), externalId=external)
    for subject, expected in ((external, True), (user["id"], True), (external.lower(), False), (user["userName"], False)):
        body = server.acme.question(subject, "read", "groups", properties={"connection": fresh.id})
        assert server.acme.evaluate(body).json["decision"] is expected, subject
    other = server.acme.connection(unique("other"))
    body = server.acme.question(external, "read", "groups", properties={"connection": other.id})
    assert server.acme.evaluate(body).json["decision"] is False


def test_identity_as_subject(server, unique):
    made = server.acme.identity(unique("bot"), role="auditor")
    assert server.acme.decide(made["id"], "read", "audit-logs", subject_type="identity") is True
    assert server.acme.decide(made["id"], "edit", "groups", subject_type="identity") is False
    server.acme.api("PATCH", f"/identities/{made['id']}", {"active": False}, expect=200)
    assert server.acme.decide(made["id"], "read", "audit-logs", subject_type="identity") is False


def test_a_project_role_works_in_its_project_only(server, person, unique):
    acme = server.acme
    one, two = acme.project(unique("one")), acme.project(unique("two"))
    grant = acme.grant(person["id"], one["id"], role="viewer")
    for named in (one["id"], one["slug"]):
        assert acme.decide(person["id"], "read", "member", one["id"], project=named) is True
    assert acme.decide(person["id"], "edit", "member", one["id"], project=one["id"]) is False
    assert acme.decide(person["id"], "read", "member", two["id"], project=two["id"]) is False
    acme.api("DELETE", f"/grants/{grant['id']}", expect=204)
    assert acme.decide(person["id"], "read", "member", one["id"], project=one["id"]) is False


def test_r20_project_as_resource_is_its_own_scope(server, person, unique):
    acme = server.acme
    one, two = acme.project(unique("self")), acme.project(unique("else"))
    acme.grant(person["id"], one["id"], role="admin")
    assert acme.decide(person["id"], "edit", "project", one["id"]) is True
    assert acme.decide(person["id"], "edit", "project", two["id"]) is False
    assert acme.evaluate(acme.question(person["id"], "edit", "project", one["id"], project=two["id"])).status == 400
    assert acme.evaluate(acme.question(person["id"], "read", "groups", project=one["id"], organization=acme.id)).status == 400


def test_a_group_carries_a_grant_and_takes_it_away(server, fresh, person, unique):
    acme = server.acme
    project, group = acme.project(unique("via-group")), fresh.group(unique("carriers"))
    acme.grant(group["id"], project["id"], role="viewer")
    ask = lambda: acme.decide(person["id"], "read", "member", project["id"], project=project["id"])  # noqa: E731
    assert ask() is False
    fresh.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": person["id"]}]})
    assert ask() is True
    fresh.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{person["id"]}"]'})
    assert ask() is False
    fresh.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": person["id"]}]})
    assert ask() is True
    fresh("DELETE", f"/Groups/{group['id']}", expect=204)
    assert ask() is False


def test_law3_anything_disabled_refuses(server, fresh, person, unique):
    acme = server.acme
    project, group = acme.project(unique("laws")), fresh.group(unique("law group"), [person["id"]])
    grant = acme.grant(group["id"], project["id"], role="viewer")
    ask = lambda: acme.decide(person["id"], "read", "member", project["id"], project=project["id"])  # noqa: E731
    assert ask() is True
    for path in (f"/projects/{project['id']}", f"/groups/{group['id']}", f"/users/{person['id']}"):
        acme.api("PATCH", path, {"active": False}, expect=200)
        assert ask() is False, path
        acme.api("PATCH", path, {"active": True}, expect=200)
        assert ask() is True, path
    acme.api("DELETE", f"/grants/{grant['id']}", expect=204)
    assert ask() is False


def iso(seconds_from_now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_from_now))


def test_a_time_window_holds_at_the_instant_of_the_check(server, person, unique):
    acme = server.acme
    project = acme.project(unique("window"))
    ask = lambda: acme.decide(person["id"], "read", "member", project["id"], project=project["id"])  # noqa: E731
    acme.grant(person["id"], project["id"], role="viewer", **{"from": iso(3600)})
    assert ask() is False
    acme.grant(person["id"], project["id"], role="member", until=iso(3))
    assert ask() is True
    time.sleep(4)
    assert ask() is False


def test_sec72_a_group_made_again_with_the_same_name_has_no_old_rights(server, fresh, person, unique):
    acme, name = server.acme, unique("reborn")
    project, group = acme.project(unique("rebirth")), fresh.group(name, [person["id"]])
    acme.grant(group["id"], project["id"], role="viewer")
    fresh("DELETE", f"/Groups/{group['id']}", expect=204)
    again = fresh.group(name, [person["id"]])
    assert again["id"] != group["id"]
    assert acme.decide(person["id"], "read", "member", project["id"], project=project["id"]) is False


def test_sec75_unknown_is_false_and_never_an_error(server, unique):
    for subject in (str(uuid.uuid4()), unique("nobody"), "x" * 500, "../../etc/passwd", "' OR 1=1 --", "\u202e"):
        assert server.acme.decide(subject) is False


def test_revision_moves_with_every_write_and_at_least_is_honoured(server, fresh, unique):
    before = server.acme.evaluate(server.acme.question("x", "read", "groups")).json["context"]["revision"]
    reply = fresh("POST", "/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": unique("rev@example.com")}, expect=201)
    written = reply.headers["Muster-Revision"]
    assert written.split(".")[:2] == before.split(".")[:2] and int(written.split(".")[2]) > int(before.split(".")[2])
    ask = lambda revision: server.acme.evaluate(server.acme.question(reply.json["id"], "read", "groups", at_least=revision))  # noqa: E731
    assert ask(written).json["decision"] is True
    handle, epoch, number = written.split(".")
    for wrong in (f"{handle}.{int(epoch) + 1}.{number}", f"zzzzzzzz.{epoch}.{number}", "nonsense", f"{handle}.{epoch}", "-1"):
        assert ask(wrong).status == 400, wrong
    assert ask(7).status == 400


def test_at_least_ahead_of_this_node_is_503_with_retry_after(sqlite_server):
    server = sqlite_server
    server.write_conf(server={"request_timeout": "2s"})
    server.restart()
    server_revision = server.acme.evaluate(server.acme.question("x", "read", "groups")).json["context"]["revision"]
    handle, epoch, number = server_revision.split(".")
    reply = server.acme.evaluate(server.acme.question("x", "read", "groups", at_least=f"{handle}.{epoch}.{int(number) + 100000}"))
    assert reply.status == 503 and int(reply.headers["Retry-After"]) >= 1


def test_identity_token_is_refused_after_deactivation_rotation_and_deletion(server, unique):
    acme = server.acme
    made = acme.identity(unique("mortal"), role="admin")
    acme.api("GET", "/status", token=made["token"], expect=200)
    acme.api("PATCH", f"/identities/{made['id']}", {"active": False}, expect=200)
    acme.api("GET", "/status", token=made["token"], expect=401)
    acme.api("PATCH", f"/identities/{made['id']}", {"active": True}, expect=200)
    acme.api("GET", "/status", token=made["token"], expect=401)  # law 4: re-enabling revives no credential
    rotated = acme.api("POST", f"/identities/{made['id']}/rotate", {}, expect=(200, 201)).json
    acme.api("GET", "/status", token=rotated["token"], expect=200)
    again = acme.api("POST", f"/identities/{made['id']}/rotate", {}, expect=(200, 201)).json
    acme.api("GET", "/status", token=rotated["token"], expect=401)
    acme.api("DELETE", f"/identities/{made['id']}", expect=204)
    acme.api("GET", "/status", token=again["token"], expect=401)


def test_connection_rotation_keeps_two_tokens(server, unique):
    scim = server.acme.connection(unique("rotating"))
    second = server.acme.api("POST", f"/connections/{scim.id}/rotate", {}, expect=(200, 201)).json["token"]
    for token in (scim.token, second):
        scim("GET", "/Users?count=0", token=token, expect=200)
    third = server.acme.api("POST", f"/connections/{scim.id}/rotate", {}, expect=(200, 201)).json["token"]
    scim("GET", "/Users?count=0", token=scim.token, expect=401)
    for token in (second, third):
        scim("GET", "/Users?count=0", token=token, expect=200)


def test_r4_a_disabled_connection_refuses_and_what_it_gave_stands(server, unique):
    scim = server.acme.connection(unique("disabled"))
    user = scim.user(unique("stays@example.com"))
    server.acme.api("PATCH", f"/connections/{scim.id}", {"active": False}, expect=200)
    scim("GET", "/Users?count=0", expect=401)
    assert server.acme.decide(user["id"]) is True


def test_law6_nobody_grants_what_he_does_not_hold(server, person, unique):
    acme = server.acme
    project = acme.project(unique("contained"))
    weak = acme.identity(unique("weak"), role="member")
    for scope, role in ((acme.id, "admin"), (acme.id, "auditor"), (project["id"], "viewer")):
        acme.api("POST", "/grants", {"principal": weak["id"], "scope": scope, "role": role}, token=weak["token"], expect=(403, 404))
        acme.api("POST", "/grants", {"principal": person["id"], "scope": scope, "role": role}, token=weak["token"], expect=(403, 404))
    acme.api("POST", "/identities", {"name": unique("stronger"), "role": "admin"}, token=weak["token"], expect=403)
    acme.api("POST", "/connections", {"name": unique("mine"), "kind": "scim"}, token=weak["token"], expect=403)


def test_r22_organisation_admin_gains_access_to_a_project_audited(server, unique):
    acme = server.acme
    other = acme.identity(unique("second-admin"), role="admin")
    project = acme.project(unique("closed"))  # its creator is project admin, the second admin is not
    ask = lambda: acme.decide(other["id"], "edit", "member", project["id"], subject_type="identity", project=project["id"])  # noqa: E731
    assert ask() is False
    acme.api("POST", f"/projects/{project['id']}/gain-access", {}, token=other["token"], expect=(200, 201))
    assert ask() is True
    gained = [e for e in acme.audit(class_="change") if e["event"] == "access-gained"]
    assert any(e["object"]["kind"] == "grant" and project["id"] in json.dumps(e["body"]) for e in gained), gained
