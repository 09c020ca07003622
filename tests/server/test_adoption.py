# SPDX-License-Identifier: Apache-2.0
"""R13 from outside: what a plain `eq` shows of a user who may be adopted, what the adopting request does, who waits for an administrator."""
import uuid

import pytest

pytestmark = pytest.mark.sanitize
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
SHOWN = {"schemas", "id", "userName", "active", "meta"}


@pytest.fixture
def pair(server, unique):
    """(maker, adopter) of one upstream."""
    upstream = server.acme.api("POST", "/upstreams", {"name": unique("upstream")}, expect=201).json["id"]
    maker = server.acme.connection(unique("maker"), upstream=upstream)
    return maker, server.acme.connection(unique("adopter"), upstream=upstream, adoption="same_upstream")


@pytest.fixture
def ann(pair, unique):
    name = unique("ann@example.com")
    return pair[0].user(name, externalId=unique("ext"), displayName="Ann A", emails=[{"value": unique("Mail") + "@a.example", "type": "work", "primary": True}])


def find(scim, text, **more):
    return scim("GET", f"/Users?filter={text}", expect=200, **more).json


def queries(user):
    mail = user["emails"][0]["value"]
    return {
        "userName": f'userName eq "{user["userName"]}"', "upper case": f'USERNAME EQ "{user["userName"].upper()}"',
        "externalId": f'externalId eq "{user["externalId"]}"', "email": f'emails.value eq "{mail.upper()}"', "bare email": f'emails eq "{mail}"',
        "path": f'emails[value eq "{mail}"]', "entra": f'emails[type eq "work" and value eq "{mail}"]',
    }


KINDS = ["userName", "upper case", "externalId", "email", "bare email", "path", "entra"]


def bare(document, *words):
    text = str(document)
    for word in words:
        text = text.replace(word, "X")
    return text


@pytest.mark.parametrize("kind", KINDS)
def test_r13_refuse_by_default_answers_like_unknown(server, pair, ann, unique, kind):
    default = server.acme.connection(unique("default"), upstream=server.acme.api("GET", f"/connections/{pair[0].id}", expect=200).json["upstream"])
    assert server.acme.api("GET", f"/connections/{default.id}", expect=200).json["adoption"] == "refuse"
    nobody = {"userName": unique("zz@example.com"), "externalId": unique("zz"), "emails": [{"value": unique("zz@a.example")}]}
    assert find(default, queries(ann)[kind]) == find(default, queries(nobody)[kind])
    unknown = str(uuid.uuid4())
    for method, body in (("GET", None), ("PUT", {"schemas": [USER], "userName": "x"}), ("DELETE", None)):
        answers = [default(method, f"/Users/{one}", body, expect=404) for one in (ann["id"], unknown)]
        assert len({bare(answer.text, ann["id"], unknown, answer.headers["X-Request-ID"]) for answer in answers}) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["index", "cursor", "search", "sorted"])
def test_r13_a_plain_eq_shows_that_he_is_there_and_no_more(pair, ann, kind, form):
    maker, adopter = pair
    text = queries(ann)[kind]
    if form == "search":
        reply = adopter("POST", "/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text}, expect=200).json
    else:
        reply = find(adopter, text + {"index": "&startIndex=1&count=100", "cursor": "&cursor=", "sorted": "&sortBy=userName"}[form])
    assert reply["totalResults"] == 1 and len(reply["Resources"]) == 1
    shown = reply["Resources"][0]
    assert set(shown) == SHOWN and shown["id"] == ann["id"] and shown["userName"] == ann["userName"] and shown["active"] is True
    assert shown["meta"]["version"] == ann["meta"]["version"]
    assert adopter("GET", f"/Users/{ann['id']}", expect=200).json == shown
    assert set(find(adopter, text + "&attributes=displayName,emails")["Resources"][0]) <= SHOWN


def test_r13_nothing_else_finds_him(pair, ann):
    adopter, mail = pair[1], ann["emails"][0]["value"]
    for text in (f'userName sw "{ann["userName"][:3]}"', f'userName eq "{ann["userName"]}" and displayName sw "A"', f'id eq "{ann["id"]}"',
                 f'emails.value eq "{mail}" and active eq true', f'not (userName ne "{ann["userName"]}")', f'userName eq "{ann["userName"]}" or active eq true',
                 'displayName eq "Ann A"', f'emails[value eq "{mail}" and type sw "w"]', f'emails[type eq "home" and value eq "{mail}"]', f'emails.value sw "{mail[:4]}"'):
        assert find(adopter, text)["totalResults"] == 0, text
    assert adopter("GET", "/Users", expect=200).json["totalResults"] == 0


def test_r13_who_is_not_shown(server, pair, ann, unique):
    maker, adopter = pair
    stranger = server.acme.connection(unique("stranger"), adoption="same_upstream")  # another upstream
    local = server.acme.api("POST", "/users", {"userName": unique("local@example.com")}, expect=201).json
    shared = unique("shared") + "@a.example"
    for _ in range(2):  # R10: an address that two have names neither
        maker.user(unique("twin@example.com"), emails=[{"value": shared}])
    assert find(stranger, queries(ann)["userName"])["totalResults"] == 0
    assert find(adopter, f'userName eq "{local["userName"]}"')["totalResults"] == 0
    assert find(adopter, f'emails.value eq "{shared}"')["totalResults"] == 0
    assert find(adopter, f'externalId eq "{ann["externalId"].upper()}"')["totalResults"] == 0
    assert find(server.globex.connection(unique("g"), adoption="same_upstream"), queries(ann)["userName"])["totalResults"] == 0
    maker("DELETE", f"/Users/{ann['id']}", expect=204)
    assert find(adopter, queries(ann)["userName"])["totalResults"] == 0
    adopter("GET", f"/Users/{ann['id']}", expect=404)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_r13_the_first_write_adopts_and_changes_no_identifier(server, pair, ann, unique, method):
    maker, adopter = pair
    external = unique("mine")
    if method == "PUT":
        body = {"schemas": [USER], "userName": unique("evil@example.com"), "externalId": external, "title": "Dr", "emails": [{"value": "evil@a.example"}]}
        reply = adopter("PUT", f"/Users/{ann['id']}", body, expect=200)
    else:
        reply = adopter.patch(f"/Users/{ann['id']}", {"op": "replace", "value": {"userName": unique("evil@example.com"), "externalId": external, "title": "Dr"}},
                              {"op": "replace", "path": 'emails[type eq "work"].value', "value": "evil@a.example"}, expect=200)
    mine = reply.json
    assert mine["userName"] == ann["userName"] and [one["value"] for one in mine["emails"]] == [ann["emails"][0]["value"]]
    assert mine["title"] == "Dr" and mine["externalId"] == external and "displayName" not in mine  # R3
    assert maker("GET", f"/Users/{ann['id']}", expect=200).json["userName"] == ann["userName"]
    assert server.acme.api("GET", f"/users/{ann['id']}", expect=200).json["userName"] == ann["userName"]
    last = [entry for entry in server.acme.audit() if entry["event"] == "adopted"][-1]
    assert last["object"]["id"] == ann["id"] and last["actor"]["id"] == adopter.id and "evil" not in str(last["body"])
    assert find(adopter, f'externalId eq "{external}"')["totalResults"] == 1
    # He is one of its own now: it changes him, deactivates him, lets him go.
    adopter.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "title", "value": "Prof"})
    adopter.activate(ann["id"], False)
    assert server.acme.decide(ann["id"]) is False
    assert maker("GET", f"/Users/{ann['id']}", expect=200).json["active"] is True
    adopter("DELETE", f"/Users/{ann['id']}", expect=204)
    adopter("GET", f"/Users/{ann['id']}", expect=404)
    adopter("PUT", f"/Users/{ann['id']}", {"schemas": [USER], "userName": "x"}, expect=404)  # R12: until an administrator releases him
    assert server.acme.verify()["reason"] == ""


def test_r13_adoption_lifts_no_veto(server, pair, ann):
    maker, adopter = pair
    maker.activate(ann["id"], False)
    assert find(adopter, queries(ann)["userName"])["Resources"][0]["active"] is False
    mine = adopter.patch(f"/Users/{ann['id']}", {"op": "replace", "value": {"active": True}}, expect=200).json
    extension = mine["urn:ietf:params:scim:schemas:extension:muster:2.0:User"]
    assert mine["active"] is True and extension == {"effectiveActive": False, "heldBy": [maker.id]}
    assert server.acme.decide(ann["id"]) is False


def test_r13_a_reading_token_and_if_match(server, pair, ann):
    adopter = pair[1]
    token = server.acme.api("POST", f"/connections/{adopter.id}/rotate", {"scopes": ["users", "read"]}, expect=200).json["token"]
    body = {"schemas": [USER], "userName": "x"}
    assert adopter("GET", f"/Users/{ann['id']}", token=token, expect=200).json["id"] == ann["id"]
    adopter("PUT", f"/Users/{ann['id']}", body, token=token, expect=403)
    adopter("PUT", f"/Users/{ann['id']}", body, headers={"If-Match": 'W/"1"'}, expect=412)
    adopter("PUT", f"/Users/{ann['id']}", body, headers={"If-Match": ann["meta"]["version"]}, expect=200)


@pytest.mark.parametrize("through", ["grant", "group", "nested group"])
def test_r13_an_admin_role_needs_an_administrators_approval(server, pair, ann, unique, through):
    acme, adopter = server.acme, pair[1]
    principal = ann["id"]
    for _ in range({"grant": 0, "group": 1, "nested group": 2}[through]):
        group = acme.api("POST", "/groups", {"displayName": unique("g")}, expect=201).json["id"]
        acme.api("POST", f"/groups/{group}/members", {"members": [principal]}, expect=200)
        principal = group
    project = acme.project(unique("r13"))
    acme.grant(principal, project["id"], role="admin")
    body = {"schemas": [USER], "userName": "evil"}
    reply = adopter("PUT", f"/Users/{ann['id']}", body, expect=403)
    assert "approve" in reply.json["detail"] and "admin role" not in reply.text
    conflicts = acme.api("GET", f"/connections/{adopter.id}/conflicts", expect=200).json["items"]
    assert [(one["kind"], one["attribute"], one["object"]) for one in conflicts] == [("user", "adoption", ann["id"])]
    clerk = acme.identity(unique("clerk"))
    acme.grant(clerk["id"], acme.id, privilege="scim:edit")
    acme.api("POST", f"/connections/{adopter.id}/adoptions", {"user": ann["id"]}, token=clerk["token"], expect=403)
    adopter("PUT", f"/Users/{ann['id']}", body, expect=403)
    assert server.cli("connection", "adopt", adopter.id, ann["userName"], root=acme).stdout.startswith("approved")
    assert adopter("PUT", f"/Users/{ann['id']}", body, expect=200).json["userName"] == ann["userName"]
    assert acme.api("GET", f"/connections/{adopter.id}/conflicts", expect=200).json["items"] == []
    events = [entry["event"] for entry in acme.audit() if entry.get("object", {}).get("id") == ann["id"]]
    assert events[-2:] == ["adoption-approved", "adopted"]


def test_r13_what_approval_asks_for(server, pair, ann, unique):
    acme, (maker, adopter) = server.acme, pair
    path = f"/connections/{adopter.id}/adoptions"
    acme.api("POST", path, {}, expect=400)
    acme.api("POST", path, {"user": ann["id"], "more": 1}, expect=400)
    acme.api("POST", path, {"user": str(uuid.uuid4())}, expect=404)
    acme.api("POST", f"/connections/{maker.id}/adoptions", {"user": ann["id"]}, expect=409)
    foreign = server.globex.connection(unique("f")).user(unique("f@example.com"))
    acme.api("POST", path, {"user": foreign["id"]}, expect=404)
    server.globex.api("POST", path, {"user": ann["id"]}, expect=404)


def test_r13_domains_cannot_be_proved_yet(server, pair, unique):
    reply = server.acme.api("PATCH", f"/connections/{pair[1].id}", {"adoption": "verified_domain"}, expect=400)
    assert reply.json["field"] == "adoption" and "domain" in reply.json["detail"]
    server.acme.api("POST", "/connections", {"name": unique("c"), "kind": "scim", "adoption": "verified_domain"}, expect=400)
    server.acme.api("PATCH", f"/connections/{pair[1].id}", {"adoption": "always"}, expect=400)
    made = server.cli_json("connection", "create", "scim", "--name", unique("cli"), "--adoption", "same_upstream", root=server.acme)
    assert server.acme.api("GET", f"/connections/{made['id']}", expect=200).json["adoption"] == "same_upstream"


def test_r3_each_source_finds_a_user_by_what_itself_says_and_by_nothing_else(pair, unique):
    """Names, addresses and ids that differ from those of another source: what is found is what is read."""
    maker, adopter = pair
    names = {maker: unique("mine@example.com"), adopter: unique("yours@example.com")}
    first = maker.user(unique("earlier@example.com"))
    user = maker.user(names[maker], externalId=unique("m"), emails=[{"value": names[maker], "type": "work", "primary": True}])["id"]
    adopter.patch(f"/Users/{user}", {"op": "replace", "value": {"title": "adopted"}})
    adopter.patch(f"/Users/{user}", {"op": "replace", "value": {"userName": names[adopter], "emails": [{"value": names[adopter], "type": "work"}]}})
    for one, other in ((maker, adopter), (adopter, maker)):
        for name in ("userName", "emails.value", "emails"):
            for more in ("", "&cursor=", "&sortBy=userName"):
                found = one("GET", f'/Users?filter={name} eq "{names[one].upper()}"{more}', expect=200).json
                assert [(row["id"], row["userName"]) for row in found["Resources"]] == [(user, names[one])] and found["totalResults"] == 1, (name, more)
                assert one("GET", f'/Users?filter={name} eq "{names[other]}"{more}', expect=200).json["totalResults"] == 0, (name, more)
        assert one("GET", f'/Users?filter=not (userName eq "{names[one]}") and id eq "{user}"', expect=200).json["totalResults"] == 0
    # the name that he bears goes to somebody else's claim and back: nothing stays behind
    adopter.patch(f"/Users/{user}", {"op": "replace", "path": "userName", "value": names[maker]})
    assert adopter("GET", f'/Users?filter=userName eq "{names[adopter]}"', expect=200).json["totalResults"] == 0
    assert adopter("GET", f'/Users?filter=userName eq "{names[maker]}"', expect=200).json["Resources"][0]["id"] == user
    assert maker("GET", f'/Users?filter=userName eq "{first["userName"]}"', expect=200).json["totalResults"] == 1
