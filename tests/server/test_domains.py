# SPDX-License-Identifier: Apache-2.0
"""R6 from outside: e-mail domains proved by DNS or a word, and what leans on them: adoption (R13) and userNames (R10)."""
import threading
import time

import pytest

from harness.dns import Dns

pytestmark = pytest.mark.sanitize
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def dns():
    made = Dns()
    yield made
    made.stop()


@pytest.fixture
def house(bare_server, dns):
    """A server with acme and globex that asks our DNS."""
    bare_server.write_conf(domains={"dns_server": dns.address})
    bare_server.install("acme")
    bare_server.install("globex")
    return bare_server.start()


def add(root, name, **more):
    return root.api("POST", "/domains", {"name": name, **more}, expect=201).json


def prove(root, dns, name):
    made = add(root, name)
    dns.set(made["record"])
    return root.api("POST", f"/domains/{made['id']}/verify", expect=200).json


def bare(reply, *words):
    text = reply.text
    for word in (*words, reply.headers["X-Request-ID"]):
        text = text.replace(word, "X")
    return reply.status, text


def test_r6_a_domain_is_proved_by_its_record(house, dns):
    acme = house.acme
    made = add(acme, "Example.COM")
    assert made["name"] == "example.com" and made["state"] == "pending" and made["proof"] is None and made["verified_at"] is None
    assert made["record"]["name"] == "_muster-challenge.example.com" and made["record"]["type"] == "TXT"
    assert made["record"]["value"].startswith("muster-domain-verification=") and len(made["record"]["value"]) > 50
    assert acme.api("POST", "/domains?dry_run=true", {"name": "tried.example"}, expect=200).json["answer"]["name"] == "tried.example"
    refused = acme.api("POST", f"/domains/{made['id']}/verify", expect=409).json
    assert made["record"]["value"] in refused["detail"]
    dns.mood = "fails"
    away = acme.api("POST", "/domains/example.com/verify", expect=503)
    assert away.headers["Retry-After"]
    dns.mood = "answers"
    dns.set(made["record"])
    assert acme.api("POST", "/domains/example.com/verify?dry_run=true", expect=200).json["event"] == "domain-verified"
    assert acme.api("GET", "/domains/example.com", expect=200).json == made
    done = acme.api("POST", "/domains/EXAMPLE.com/verify", expect=200).json
    assert done["state"] == "verified" and done["proof"] == "dns" and done["verified_at"] and done["version"] > made["version"]
    assert acme.api("GET", "/domains", expect=200).json["items"] == [done]
    assert [entry["event"] for entry in acme.audit() if entry.get("object", {}).get("id") == made["id"]] == ["created", "domain-verified"]
    acme.api("PATCH", f"/domains/{made['id']}", {"name": "other.example"}, expect=405)
    acme.api("POST", "/domains", {"name": "example.com"}, expect=409)
    for wrong in ("com", "bücher.example", "a..b", "192.0.2.1", "*.example.com", ""):
        assert acme.api("POST", "/domains", {"name": wrong}, expect=400).json["field"] == "name"
    acme.api("POST", f"/domains/{made['id']}/verify", {"token": "x"}, expect=400)
    acme.api("DELETE", f"/domains/{made['id']}", expect=204)
    acme.api("GET", f"/domains/{made['id']}", expect=404)
    assert acme.verify()["reason"] == ""


def test_r6_law1_another_roots_domain_is_like_one_that_never_was(house, dns):
    acme, globex = house.acme, house.globex
    theirs = prove(globex, dns, "globex.example")
    asked = len(dns.asked)
    unknown = theirs["id"][:-4] + ("0000" if theirs["id"][-4:] != "0000" else "1111")
    for method, path in (("GET", "/domains/{}"), ("DELETE", "/domains/{}"), ("POST", "/domains/{}/verify")):
        for one, other in ((theirs["id"], unknown), ("globex.example", "never.example")):
            assert bare(acme.api(method, path.format(one), expect=404), one) == bare(acme.api(method, path.format(other), expect=404), other)
    assert len(dns.asked) == asked
    assert acme.api("GET", "/domains", expect=200).json["items"] == []
    answers = [acme.api("POST", "/connections", {"name": "c", "kind": "scim", "domains": [name]}, expect=400) for name in ("globex.example", "never.example")]
    assert bare(answers[0], "globex.example") == bare(answers[1], "never.example")
    refused = acme.api("POST", "/domains", {"name": "GLOBEX.example"}, expect=409)  # what is proved is one root's
    assert refused.json["field"] == "name" and "Globex" not in refused.text and "globex" not in refused.text.replace("globex.example", "")
    assert globex.api("GET", "/domains/globex.example", expect=200).json["state"] == "verified"


def test_r6_a_squatter_who_proves_nothing_blocks_nobody(house, dns):
    acme, globex = house.acme, house.globex
    squat = add(globex, "acme.example")
    mine = add(acme, "acme.example")
    assert squat["record"]["value"] != mine["record"]["value"]
    dns.set(mine["record"])
    globex.api("POST", "/domains/acme.example/verify", expect=409)
    assert acme.api("POST", "/domains/acme.example/verify", expect=200).json["state"] == "verified"
    dns.set(squat["record"])  # whoever has the zone for a moment takes nothing away
    assert globex.api("POST", "/domains/acme.example/verify", expect=409).json["field"] == "name"
    acme.api("DELETE", "/domains/acme.example", expect=204)
    assert globex.api("POST", "/domains/acme.example/verify", expect=200).json["state"] == "verified"


def test_r6_an_operators_word_with_several_organizations(house):
    acme = house.acme
    assert "operator_organizations" in acme.api("POST", "/domains", {"name": "a.example", "operator_verified": True}, expect=403).json["detail"]
    assert acme.api("POST", "/domains", {"name": "a.example", "operator_verified": "yes"}, expect=400).json["field"] == "operator_verified"
    house.stop()
    house.write_conf(domains={"operator_organizations": "acme"})
    house.start()
    made = add(acme, "a.example", operator_verified=True)
    assert made["state"] == "verified" and made["proof"] == "operator"
    assert [entry["body"]["proof"] for entry in acme.audit() if entry.get("object", {}).get("id") == made["id"]] == ["operator"]
    house.globex.api("POST", "/domains", {"name": "b.example", "operator_verified": True}, expect=403)


def test_r6_the_command_line(house, dns):
    acme = house.acme
    made = house.cli_json("domain", "add", "example.com", root=acme)
    assert house.cli("domain", "verify", "example.com", root=acme, check=False).returncode == 5
    assert made["record"]["value"] in house.cli("domain", "show", "example.com", root=acme).stdout
    dns.set(made["record"])
    assert "verified" in house.cli("domain", "verify", "example.com", root=acme).stdout
    assert "example.com" in house.cli("domain", "list", root=acme).stdout
    house.cli("connection", "create", "scim", "--name", "okta", "--domain", "example.com", root=acme)
    assert house.cli("domain", "delete", "example.com", root=acme, check=False).returncode == 5  # it is listed
    house.cli("connection", "update", "okta", "--domain", "any", root=acme)
    house.cli("domain", "delete", "example.com", root=acme)
    assert house.cli("domain", "add", "b.example", "--operator-verified", root=acme, check=False).returncode == 3


def test_r6_r32_a_lapsed_domain_is_an_alert_and_makes_no_new_links(bare_server, dns):
    bare_server.write_conf(domains={"dns_server": dns.address, "recheck": "2s"})
    bare_server.install("acme")
    acme = bare_server.start().acme
    made = prove(acme, dns, "a.example")
    adopter = acme.connection("adopter", adoption="verified_domain", domains=["a.example"])
    local = acme.api("POST", "/users", {"userName": "lee", "emails": [{"value": "lee@a.example"}]}, expect=201).json
    shown = adopter("GET", '/Users?filter=userName eq "lee"', expect=200).json["Resources"]
    assert [one["id"] for one in shown] == [local["id"]]
    time.sleep(3)  # looked up again, and there
    assert acme.api("GET", "/domains/a.example", expect=200).json["failing_since"] is None
    dns.records.clear()
    line = bare_server.wait_event("domain-lapsed", timeout_s=20)[0]
    assert line["domain"] == "a.example"
    now = acme.api("GET", "/domains/a.example", expect=200).json
    assert now["state"] == "lapsed" and now["failing_since"]
    assert any("a.example" in warning and "lapsed" in warning for warning in acme.api("GET", "/status", expect=200).json["warnings"])
    assert [entry["object"]["id"] for entry in acme.audit() if entry["event"] == "domain-lapsed" and entry["class"] == "alert"] == [made["id"]]
    assert adopter("GET", '/Users?filter=userName eq "lee"', expect=200).json["totalResults"] == 0
    adopter("PUT", f"/Users/{local['id']}", {"schemas": [USER], "userName": "lee"}, expect=404)
    dns.set(made["record"])
    assert acme.api("POST", "/domains/a.example/verify", expect=200).json["state"] == "verified"
    adopter("PUT", f"/Users/{local['id']}", {"schemas": [USER], "userName": "lee"}, expect=200)


def test_r6_a_silent_dns_holds_up_nobody_else(house, dns):
    acme = house.acme
    made = add(acme, "slow.example")
    dns.mood = "silent"
    done = []
    waiting = threading.Thread(target=lambda: done.append(house.program("muster", "domain", "verify", made["id"], check=False,
                                                                        env={"MUSTER_URL": house.url, "MUSTER_TOKEN": acme.token}).returncode))
    waiting.start()
    while not dns.asked:
        time.sleep(0.01)
    acme.api("POST", "/users", {"userName": "quick"}, expect=201)
    assert not done
    waiting.join()
    assert done == [7]  # unavailable, and within the look-up's bound


@pytest.fixture
def scene(house, dns):
    """okta lists a.example; entra adopts by it; stranger lists nothing."""
    prove(house.acme, dns, "a.example")
    acme = house.acme
    return acme, acme.connection("okta", domains=["a.example"]), acme.connection("entra", adoption="verified_domain", domains=["a.example"]), acme.connection("stranger")


def find(scim, text):
    return scim("GET", f"/Users?filter={text}", expect=200).json["Resources"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_r13_adoption_by_a_verified_domain(house, scene, method):
    acme, okta, entra, stranger = scene
    ann = okta.user("ann", externalId="e1", emails=[{"value": "Ann@A.example", "primary": True}])
    sam = stranger.user("sam", externalId="s1", emails=[{"value": "sam@a.example", "primary": True}])
    theirs = house.globex.connection("g").user("gus", emails=[{"value": "gus@a.example"}])
    for text in ('userName eq "ANN"', 'externalId eq "e1"', 'emails.value eq "ann@a.example"', 'emails[value eq "Ann@A.example"]'):
        assert [set(one) for one in find(entra, text)] == [{"schemas", "id", "userName", "active", "meta"}], text
    for text in ('userName eq "sam"', 'externalId eq "s1"', 'emails.value eq "sam@a.example"', 'userName eq "gus"'):
        assert find(entra, text) == [], text
    for user in (sam, theirs):
        entra("PUT", f"/Users/{user['id']}", {"schemas": [USER], "userName": "x"}, expect=404)
    assert find(stranger, 'userName eq "ann"') == []
    if method == "PUT":
        mine = entra("PUT", f"/Users/{ann['id']}", {"schemas": [USER], "userName": "evil", "title": "Dr", "emails": [{"value": "evil@a.example"}]}, expect=200).json
    else:
        mine = entra.patch(f"/Users/{ann['id']}", {"op": "replace", "value": {"userName": "evil", "title": "Dr"}},
                           {"op": "replace", "path": 'emails[type eq "work"].value', "value": "evil@a.example"}, expect=200).json
    assert mine["userName"] == "ann" and [one["value"] for one in mine["emails"]] == ["Ann@A.example"] and mine["title"] == "Dr"
    last = [entry for entry in acme.audit() if entry["event"] == "adopted"][-1]
    assert last["actor"]["id"] == entra.id and "evil" not in str(last["body"])


def test_r10_security17_a_username_equal_to_anothers_verified_email(house, scene):
    acme, okta, _, stranger = scene
    ann = okta.user("ann", emails=[{"value": "ann@a.example"}])
    before = acme.api("GET", "/status", expect=200).json
    refused = stranger("POST", "/Users", {"schemas": [USER], "userName": "ANN@A.example"}, expect=409)
    taken = stranger("POST", "/Users", {"schemas": [USER], "userName": "ANN"}, expect=409)
    assert refused.json["scimType"] == "uniqueness" and "userName" in refused.json["detail"]
    assert bare(refused, "ann@a.example") == bare(taken, "ann")  # one answer for every reason
    assert acme.api("GET", "/status", expect=200).json["counts"] == before["counts"]  # security.md 12: no side effect
    assert ("userName", ann["id"]) in [(one["attribute"], one["object"]) for one in acme.api("GET", f"/connections/{stranger.id}/conflicts", expect=200).json["items"]]
    mine = stranger.user("other")
    stranger.patch(f"/Users/{mine['id']}", {"op": "replace", "path": "userName", "value": "ann@a.example"}, expect=409)
    okta.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "userName", "value": "ann@a.example"})  # her own
    stranger.user("bob@a.example")
