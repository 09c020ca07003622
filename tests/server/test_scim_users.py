# SPDX-License-Identifier: Apache-2.0
"""SCIM users: what Okta and Entra really send, and what must not happen (negative tests of the security list carry its number)."""
import json
import pathlib
import threading
import time
import uuid

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
DATA = pathlib.Path(__file__).parent / "data"
pytestmark = pytest.mark.sanitize


def at(document, path):
    """Value at a dotted path; a URN key is one step. None: absent."""
    steps = [path] if path.startswith("urn:") else path.split(".")
    for step in steps:
        if isinstance(document, list):
            document = document[int(step)] if int(step) < len(document) else None
        else:
            document = (document or {}).get(step)
        if document is None:
            return None
    return document


def fill(value, words):
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace("{" + name + "}", word)
        return value
    if isinstance(value, list):
        return [fill(item, words) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, words) for key, item in value.items()}
    return value


def full_user(name):
    return {
        "schemas": [USER, ENTERPRISE],
        "userName": name,
        "externalId": f"ext-{name}",
        "name": {"givenName": "Barbara", "familyName": "Jensen", "formatted": "Barbara Jensen"},
        "displayName": "Babs Jensen",
        "title": "old",
        "emails": [{"primary": True, "value": f"{name}", "type": "work"}],
        "active": True,
        ENTERPRISE: {"employeeNumber": "701984", "department": "Tour"},
    }


def check_okta_step(step, reply, elapsed_ms, words):
    assert reply.status == step["status"], f"{step['step']}: {reply}"
    document = reply.json
    if "schemas" in step:
        assert any(urn.endswith(":" + step["schemas"]) for urn in document["schemas"]), step["step"]
    for path in step.get("present", []):
        assert at(document, path) is not None, f"{step['step']}: {path} absent in {document}"
    for path in step.get("not_empty", []):
        assert at(document, path), f"{step['step']}: {path} empty"
    for path in step.get("numbers", []):
        assert type(at(document, path)) is int, f"{step['step']}: {path} is no integer"
    for path in step.get("arrays", []):
        assert isinstance(at(document, path), list), f"{step['step']}: {path} is no array"
    for path, value in fill(step.get("equal", {}), words).items():
        assert at(document, path) == value, f"{step['step']}: {path}"
    assert elapsed_ms < 10 * step.get("under_ms", 1e9), step["step"]  # Okta's bar; a test tells answers from hangs


def test_okta_spec_test_of_twelve_requests(server, unique):
    scim = server.acme.connection(unique("okta-spec"), preset="okta")
    scim.user(unique("first@example.com"), name={"givenName": "A", "familyName": "B"}, emails=[{"value": "a@b.example", "type": "work", "primary": True}])
    scim.group(unique("a group"))
    mail = f"{uuid.uuid4()}@okta.example"
    words = {"random_mail": mail, "random_mail_upper": mail.upper(), "random_given": "Given", "random_family": "Family"}
    for step in json.loads((DATA / "okta_spec.json").read_text()):
        headers = {"Accept": "application/scim+json; charset=utf-8", "Accept-Charset": "utf-8", "User-Agent": "OKTA SCIM Integration"}
        if "authorization" in step:
            headers["Authorization"] = step["authorization"]
        start = time.monotonic()
        reply = scim(step["method"], fill(step["path"], words), fill(step.get("body"), words), headers=headers, content_type="application/json")
        check_okta_step(step, reply, (time.monotonic() - start) * 1000, words)
        assert reply.headers["Content-Type"].startswith("application/scim+json")
        for name, path in step.get("keep", {}).items():
            words[name] = at(reply.json, path)


def test_okta_life_of_a_user_keeps_its_id(fresh, unique):
    name = unique("okta@example.com")
    user = fresh("POST", "/Users", {**full_user(name), "groups": [], "password": "not-for-us-1", "locale": "en-US"}, expect=201).json
    assert "password" not in user
    found = fresh("GET", f'/Users?filter=userName eq "{name}"&startIndex=1&count=100', expect=200).json
    assert [r["id"] for r in found["Resources"]] == [user["id"]]
    user["name"]["givenName"] = "Renamed"
    assert fresh("PUT", f"/Users/{user['id']}", user, expect=200).json["name"]["givenName"] == "Renamed"
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": False}})
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json["active"] is False
    assert fresh("GET", f'/Users?filter=userName eq "{name}"', expect=200).json["totalResults"] == 1
    again = fresh.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": True}})
    assert again.status == 204 or again.json["active"] is True
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json["active"] is True


def test_post_answers_what_get_answers_and_names_its_place(server, fresh, unique):
    reply = fresh("POST", "/Users", full_user(unique("echo@example.com")), expect=201)
    made = reply.json
    assert reply.headers["Location"] == made["meta"]["location"] == f"{server.url}/scim/v2/Users/{made['id']}"
    assert reply.headers["ETag"] == made["meta"]["version"]
    assert made["meta"]["resourceType"] == "User" and made["meta"]["created"] and made["meta"]["lastModified"]
    read = fresh("GET", f"/Users/{made['id']}", expect=200)
    assert read.json == made and read.headers["ETag"] == reply.headers["ETag"]
    assert made[ENTERPRISE] == {"employeeNumber": "701984", "department": "Tour"} and ENTERPRISE in made["schemas"]


def test_values_are_stored_as_sent(fresh, unique):
    mail = f"MiXed.{unique('case')}@Example.COM"
    user = fresh.user(mail, emails=[{"value": mail, "type": "work"}], phoneNumbers=[{"value": "tel:+1 (555) 0100", "type": "work"}])
    assert user["userName"] == mail and user["emails"][0]["value"] == mail and user["phoneNumbers"][0]["value"] == "tel:+1 (555) 0100"


@pytest.mark.parametrize("case", json.loads((DATA / "entra_forms.json").read_text()), ids=lambda case: case["form"])
def test_entra_patch_form(fresh, unique, case):
    name = unique("entra")
    body = full_user(f"{name}@example.com")
    for attribute in case.get("without", []):
        body.pop(attribute)
    user = fresh("POST", "/Users", body, expect=201).json
    words = {"unique": unique("renamed")}
    fresh.patch(f"/Users/{user['id']}", *fill(case["operations"], words))
    after = fresh("GET", f"/Users/{user['id']}", expect=200).json
    for path, value in fill(case["expect"], words).items():
        got = at(after, path)
        if isinstance(value, dict):
            assert {key: (got or {}).get(key) for key in value} == value, after
        else:
            assert got == value, after


def test_entra_test_connection_is_an_empty_list(fresh):
    reply = fresh("GET", f'/Users?filter=userName eq "{uuid.uuid4()}"', expect=200).json
    assert reply["totalResults"] == 0 and not reply.get("Resources")


def test_entra_create_with_nulls_meta_and_empty_lists(fresh, unique):
    body = {**full_user(unique("nulls@example.com")), "meta": {"resourceType": "User"}, "roles": [], "nickName": None, "addresses": []}
    user = fresh("POST", "/Users", body, expect=201).json
    assert "nickName" not in user and not user.get("roles") and not user.get("addresses")


def test_put_replaces_and_leaves_active_when_absent(fresh, unique):
    name = unique("put@example.com")
    user = fresh("POST", "/Users", full_user(name), expect=201).json
    fresh.activate(user["id"], False)
    after = fresh("PUT", f"/Users/{user['id']}", {"schemas": [USER], "userName": name, "displayName": "Only"}, expect=200).json
    assert after["displayName"] == "Only" and "title" not in after and "name" not in after
    assert after["active"] is False  # R15: absent in PUT is unchanged


def test_patch_is_all_or_nothing(fresh, unique):
    user = fresh("POST", "/Users", full_user(unique("atomic@example.com")), expect=201).json
    operations = [{"op": "replace", "path": "displayName", "value": "half"}, {"op": "replace", "path": "userName", "value": None}]
    fresh.patch(f"/Users/{user['id']}", *operations, expect=400)
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json == user


@pytest.mark.parametrize(
    ("operations", "scim_type"),
    [
        ([{"op": "replace", "path": "name..x", "value": 1}], "invalidPath"),
        ([{"op": "replace", "path": "id", "value": "x"}], "mutability"),
        ([{"op": "remove"}], "noTarget"),
        ([{"op": "frobnicate", "path": "title", "value": "x"}], "invalidSyntax"),
        ([{"op": "remove", "path": "userName"}], "mutability"),
        ([{"op": "replace", "path": "emails[type eq", "value": "x"}], ("invalidPath", "invalidFilter")),
        ([{"op": "replace", "path": "name", "value": "not an object"}], "invalidValue"),
    ],
)
def test_wrong_patch_names_its_kind(fresh, unique, operations, scim_type):
    user = fresh.user(unique("wrong@example.com"))
    reply = fresh.patch(f"/Users/{user['id']}", *operations, expect=400).json
    assert reply["scimType"] in (scim_type if isinstance(scim_type, tuple) else (scim_type,)) and reply["detail"] and reply["status"] == "400"


def test_delete_then_404_everywhere_and_the_name_is_free_with_a_new_id(fresh, unique):
    name = unique("gone@example.com")
    user = fresh.user(name)
    group = fresh.group(unique("of the gone"), [user["id"]])
    assert fresh("DELETE", f"/Users/{user['id']}", expect=204).body == b""
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"schemas": [USER], "userName": name})):
        fresh(method, f"/Users/{user['id']}", body, expect=404)
    assert fresh("GET", f'/Users?filter=userName eq "{name}"', expect=200).json["totalResults"] == 0
    assert fresh.members(group["id"]) == set()
    assert fresh.user(name)["id"] != user["id"]  # R12


def test_r11_post_again_revives_an_inactive_user_of_the_same_connection(fresh, unique):
    name = unique("rehired@example.com")
    user = fresh.user(name, externalId=f"ext-{name}")
    fresh.activate(user["id"], False)
    again = fresh("POST", "/Users", {"schemas": [USER], "userName": name, "externalId": f"ext-{name}", "active": True}, expect=(200, 201)).json
    assert again["id"] == user["id"] and again["active"] is True


def test_list_pages_count_and_stop(server, unique):
    scim = server.acme.connection(unique("paging"))
    names = [unique("page") for _ in range(7)]
    for name in names:
        scim.user(name)
    seen, start = [], 1
    while True:
        page = scim("GET", f"/Users?startIndex={start}&count=3", expect=200).json
        assert page["totalResults"] == 7 and page["startIndex"] == start and page["itemsPerPage"] == len(page.get("Resources", []))
        if not page.get("Resources"):
            break
        seen += [user["userName"] for user in page["Resources"]]
        start += len(page["Resources"])
    assert sorted(seen) == sorted(names)
    none = scim("GET", "/Users?count=0", expect=200).json
    assert none["totalResults"] == 7 and not none.get("Resources") and none["itemsPerPage"] == 0


def test_attributes_and_excluded_attributes_select(fresh, unique):
    user = fresh("POST", "/Users", full_user(unique("select@example.com")), expect=201).json
    only = fresh("GET", f"/Users/{user['id']}?attributes=userName", expect=200).json
    assert only["userName"] == user["userName"] and only["id"] == user["id"] and "emails" not in only
    less = fresh("GET", f"/Users/{user['id']}?excludedAttributes=emails,name", expect=200).json
    assert "emails" not in less and "name" not in less and less["displayName"]


def test_sec01_external_id_is_opaque_and_never_an_identity(fresh, unique):
    victim = fresh.user(unique("victim@example.com"))
    for external in ("1", "0", "-1", victim["id"]):
        user = fresh.user(unique("opaque@example.com"), externalId=external)
        assert user["id"] not in ("1", victim["id"]) and user["externalId"] == external
        fresh("DELETE", f"/Users/{user['id']}", expect=204)
    assert fresh("GET", f"/Users/{victim['id']}", expect=200).json == victim
    fresh("GET", "/Users/1", expect=404)


def test_sec02_client_cannot_set_id_meta_or_groups(fresh, unique):
    group = fresh.group(unique("wanted"))
    wanted = {"id": str(uuid.uuid4()), "meta": {"created": "2001-01-01T00:00:00Z", "location": "http://evil/"}, "groups": [{"value": group["id"]}]}
    reply = fresh("POST", "/Users", {**full_user(unique("sly@example.com")), **wanted}, expect=(201, 400))
    if reply.status == 201:
        user = reply.json
        assert user["id"] != wanted["id"] and not user["meta"]["created"].startswith("2001") and not user.get("groups")
        after = fresh("PUT", f"/Users/{user['id']}", {**user, **wanted}, expect=(200, 400))
        if after.status == 200:
            assert after.json["id"] == user["id"] and not after.json.get("groups")
    assert fresh.members(group["id"]) == set()


@pytest.mark.parametrize("value", ["False", "false", "FALSE", False])
def test_sec11_listed_forms_of_inactive_work(fresh, unique, value):
    user = fresh.user(unique("off@example.com"))
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": value})
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json["active"] is False


@pytest.mark.parametrize("value", [0, 1, None, "no", "off", "", [], {}, "Falsch"])
def test_sec11_other_forms_of_active_are_refused(fresh, unique, value):
    user = fresh.user(unique("on@example.com"))
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": value}, expect=400)
    fresh("PUT", f"/Users/{user['id']}", {**user, "active": value}, expect=400)
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json == user
    fresh("POST", "/Users", {"schemas": [USER], "userName": unique("born@example.com"), "active": value}, expect=400)


def test_sec11_active_cannot_be_removed(fresh, unique):
    user = fresh.user(unique("keep@example.com"))
    fresh.patch(f"/Users/{user['id']}", {"op": "remove", "path": "active"}, expect=400)


def test_sec11_strict_profile_takes_booleans_only(server, unique):
    scim = server.acme.connection(unique("strict"), profile="strict")
    user = scim.user(unique("strict@example.com"))
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": "False"}, expect=400)
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})


def test_sec12_post_of_an_existing_name_has_no_side_effect(fresh, unique):
    name = unique("twice@example.com")
    user = fresh("POST", "/Users", full_user(name), expect=201).json
    reply = fresh("POST", "/Users", {**full_user(name), "externalId": "another", "displayName": "Thief"}, expect=409).json
    assert reply["scimType"] == "uniqueness"
    fresh.activate(user["id"], False)
    fresh("POST", "/Users", {**full_user(name), "externalId": "another", "active": True}, expect=409)
    after = fresh("GET", f"/Users/{user['id']}", expect=200).json
    assert after["displayName"] == user["displayName"] and after["active"] is False


def test_sec14_filter_bombs_are_refused_at_once(fresh):
    for text in ("(" * 1000 + 'userName eq "x"' + ")" * 1000, 'userName eq "x', 'userName eq "x" and', "not (" * 500, 'userName eq "x" ' * 40):
        start = time.monotonic()
        reply = fresh("GET", f"/Users?filter={text}", expect=(400, 414))
        assert time.monotonic() - start < 5
        if reply.status == 400:
            assert reply.json["scimType"] in ("invalidFilter", "tooMany")


@pytest.mark.parametrize("literal", ["x' OR '1'='1", "%25", "_", "*)(uid=*", "\\\\", "x'; DROP TABLE resource; --", "$1", "\\u0027"])
def test_sec14_metacharacters_in_a_literal_match_nothing(fresh, unique, literal):
    fresh.user(unique("plain@example.com"))
    assert fresh("GET", f'/Users?filter=userName eq "{literal}"', expect=200).json["totalResults"] == 0


@pytest.mark.parametrize(
    ("query", "start", "most"),
    [("count=2147483647", 1, 1000), ("count=99999999999999999999", 1, 1000), ("count=-5", 1, 0), ("startIndex=-7", 1, 1000), ("startIndex=0", 1, 1000),
     ("startIndex=9223372036854775807&count=1", None, 0)],
)
def test_sec15_paging_numbers_are_clamped(fresh, unique, query, start, most):
    fresh.user(unique("clamp@example.com"))
    reply = fresh("GET", f"/Users?{query}", expect=200).json
    assert len(reply.get("Resources", [])) <= most and reply["totalResults"] == 1
    if start:
        assert reply["startIndex"] == start


def test_sec17_names_that_differ_by_case_or_form_are_one(fresh, unique):
    stem = unique("Zoe\u0308")
    fresh.user(f"{stem}@Example.com")
    for same in (f"{stem.upper()}@EXAMPLE.COM", stem.replace("e\u0308", "\u00eb") + "@example.com"):
        fresh("POST", "/Users", {"schemas": [USER], "userName": same}, expect=409)
    spaced = fresh("POST", "/Users", {"schemas": [USER], "userName": f"{stem}@example.com "}, expect=(400, 409))
    assert spaced.status in (400, 409)


def test_sec18_duplicate_keys_are_refused(fresh, unique):
    user = fresh.user(unique("dup@example.com"))
    text = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":true,"active":false}}]}'
    assert fresh("PATCH", f"/Users/{user['id']}", text, expect=400).json["scimType"] == "invalidSyntax"
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json["active"] is True


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "{} {}", '{"userName":"a\\u0000b"}', "[" * 200, '{"a":1e400}', "\xff"])
def test_broken_json_is_refused(fresh, text):
    assert fresh("POST", "/Users", text.encode("latin-1"), expect=400).json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_sec20_stale_etag_writes_nothing(fresh, unique):
    user = fresh.user(unique("etag@example.com"))
    old = user["meta"]["version"]
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "one"})
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "title", "value": "two"}]}
    for method, sent in (("PATCH", body), ("PUT", user), ("DELETE", None)):
        fresh(method, f"/Users/{user['id']}", sent, headers={"If-Match": old}, expect=412)
    now = fresh("GET", f"/Users/{user['id']}", expect=200)
    assert now.json["title"] == "one" and now.headers["ETag"] != old
    same = fresh("GET", f"/Users/{user['id']}", headers={"If-None-Match": now.headers["ETag"]}, expect=304)
    assert same.body == b"" and same.headers["ETag"] == now.headers["ETag"]
    fresh("PATCH", f"/Users/{user['id']}", body, headers={"If-Match": now.headers["ETag"]}, expect=(200, 204))


def test_sec20_version_moves_only_with_a_change(fresh, unique):
    user = fresh.user(unique("same@example.com"), title="same")
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "same"})
    assert fresh("GET", f"/Users/{user['id']}", expect=200).json["meta"]["version"] == user["meta"]["version"]


def test_parallel_creates_of_one_name_make_one_user(server, fresh, unique):
    name, results = unique("race@example.com"), []

    def create():
        results.append(fresh("POST", "/Users", {"schemas": [USER], "userName": name}).status)
        server.http.close()

    threads = [threading.Thread(target=create) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [201] + [409] * 11
    assert fresh("GET", f'/Users?filter=userName eq "{name}"', expect=200).json["totalResults"] == 1


def test_parallel_patches_of_one_user_all_succeed(server, fresh, unique):
    """No optimistic lock error reaches a client that sent no If-Match."""
    user, results = fresh.user(unique("busy@example.com")), []

    def patch(number):
        results.append(fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": f"t{number}"}, expect=(200, 204)).status)
        server.http.close()

    threads = [threading.Thread(target=patch, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16


def test_r10_user_name_in_uuid_form_is_refused(fresh):
    fresh("POST", "/Users", {"schemas": [USER], "userName": str(uuid.uuid4())}, expect=409)


def test_r10_user_name_is_unique_over_connections_and_does_not_show_the_other(server, fresh, unique):
    name = unique("mine@example.com")
    other = server.acme.connection(unique("other"))
    user = other.user(name, displayName="Secret Name")
    reply = fresh("POST", "/Users", {"schemas": [USER], "userName": name}, expect=409)
    assert "Secret Name" not in reply.text and user["id"] not in reply.text and "userName" in reply.json["detail"]
    fresh("GET", f"/Users/{user['id']}", expect=404)
    assert fresh("GET", f'/Users?filter=userName eq "{name}"', expect=200).json["totalResults"] == 0


def test_numbers_where_texts_belong_become_texts(fresh, unique):
    user = fresh.user(unique("num@example.com"), externalId=701984)
    assert user["externalId"] == "701984"


def test_password_is_never_returned(fresh, unique):
    user = fresh.user(unique("pw@example.com"), password="correct horse battery")
    reply = fresh("GET", f"/Users/{user['id']}?attributes=password", expect=200)
    assert "password" not in reply.json and "correct horse" not in reply.text


def test_conflicts_are_listed_for_administrators(server, fresh, unique):
    other = server.acme.connection(unique("other"))
    name = unique("taken@example.com")
    kept = other.user(name)
    for _ in range(2):
        refused = fresh("POST", "/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name}, expect=409,
                        headers={"X-Request-ID": "conflict-1"}).json
        assert refused["scimType"] == "uniqueness" and kept["id"] not in refused["detail"]
    items = server.acme.api("GET", f"/connections/{fresh.id}/conflicts", expect=200).json["items"]
    assert [(i["kind"], i["attribute"], i["object"], i["times"], i["request_id"]) for i in items] == [("user", "userName", kept["id"], 2, "conflict-1")]
    assert items[0]["at"].endswith("Z")
    assert server.acme.api("GET", f"/connections/{other.id}/conflicts", expect=200).json["items"] == []
    server.acme.api("GET", "/connections/nobody/conflicts", expect=404)


def test_a_small_body_of_a_delete_or_a_read_means_nothing(fresh, unique):
    user = fresh.user(unique("gone@example.com"))
    path = f"/Users/{user['id']}"
    assert fresh("GET", path, {}, expect=200).json["id"] == user["id"]
    fresh("DELETE", path, "x" * 5000, expect=413)
    fresh("GET", path, expect=200)
    fresh("DELETE", path, {}, expect=204)
    fresh("GET", path, expect=404)
