# SPDX-License-Identifier: Apache-2.0
"""One habit each of the other clients: JumpCloud, OneLogin, PingFederate, SailPoint, authentik, Google Workspace, Keycloak. Okta stands in
test_scim_users.py and test_scim_groups.py, Entra in test_scim_entra.py."""
import threading

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
pytestmark = pytest.mark.sanitize


@pytest.fixture
def people(fresh, unique):
    return [fresh.user(unique("client@example.com"))["id"] for _ in range(6)]


def test_jumpcloud_makes_and_deletes_a_user_and_a_group_to_activate(fresh, unique):
    user = fresh("POST", "/Users", {"schemas": [USER], "userName": unique("jc@example.com"), "externalId": unique("jc"), "active": True,
                                    "emails": [{"value": "jc@example.com", "type": "work", "primary": True}],
                                    "name": {"givenName": "Test", "familyName": "User"}},
                 expect=201).json
    group = fresh("POST", "/Groups", {"schemas": [GROUP], "displayName": unique("jc group"), "members": [{"value": user["id"], "display": "x"}]},
                  expect=201).json
    fresh.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members", "value": [{"value": user["id"]}]})
    assert fresh.members(group["id"]) == set()
    for kind, made in (("Groups", group), ("Users", user)):
        fresh("DELETE", f"/{kind}/{made['id']}", expect=204)
        fresh("GET", f"/{kind}/{made['id']}", expect=404)


def test_onelogin_names_the_schema_of_scim_1(fresh, unique):
    body = {"schemas": ["urn:scim:schemas:core:1.0"], "userName": unique("onelogin@example.com"), "active": True,
            "urn:scim:schemas:extension:enterprise:1.0": {}}
    user = fresh("POST", "/Users", body, expect=201).json
    assert user["schemas"][0] == USER
    assert fresh("PUT", f"/Users/{user['id']}", {**body, "id": user["id"], "title": "T"}, expect=200).json["title"] == "T"
    group = fresh("POST", "/Groups", {"schemas": ["urn:scim:schemas:core:1.0"], "displayName": unique("onelogin")}, expect=201).json
    assert group["schemas"] == [GROUP]


def test_ping_looks_up_by_emails_without_sub_attribute_and_falls_back_to_put(fresh, unique):
    mail = unique("ping") + "@example.com"
    user = fresh.user(unique("ping@example.com"), emails=[{"value": mail, "type": "work", "primary": True}])
    for query in (f'emails eq "{mail}"', f'emails eq "{mail.upper()}"', f'emails.value eq "{mail}"'):
        assert [one["id"] for one in fresh("GET", f"/Users?filter={query}", expect=200).json["Resources"]] == [user["id"]]
    after = fresh("PUT", f"/Users/{user['id']}", {"schemas": [USER], "id": user["id"], "userName": user["userName"], "active": False}, expect=200).json
    assert after["active"] is False and "emails" not in after


def test_sailpoint_replaces_what_is_not_there_and_sends_members_one_by_one_in_parallel(server, fresh, unique, people):
    fresh.patch(f"/Users/{people[0]}", {"op": "replace", "path": "name", "value": {"givenName": "Sail"}},
                {"op": "replace", "path": f"{ENTERPRISE}:manager.value", "value": people[1]})
    user = fresh("GET", f"/Users/{people[0]}", expect=200).json
    assert user["name"] == {"givenName": "Sail"} and user[ENTERPRISE]["manager"]["value"] == people[1]
    group = fresh.group(unique("sailpoint"))
    failures = []

    def add(one):
        try:
            fresh.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": one}]})
        except AssertionError as failure:
            failures.append(failure)

    threads = [threading.Thread(target=add, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and fresh.members(group["id"]) == set(people)


def test_authentik_reads_the_configuration_and_patches_a_group_with_its_id(fresh, unique, people):
    assert fresh("GET", "/ServiceProviderConfig", expect=200).json["patch"]["supported"] is True
    group = fresh.group(unique("authentik"), people[:2], externalId=unique("ak"))
    name = unique("authentik renamed")
    whole = {"id": group["id"], "displayName": name, "externalId": group["externalId"]}
    fresh.patch(f"/Groups/{group['id']}", {"op": "replace", "path": None, "value": whole})
    after = fresh("GET", f"/Groups/{group['id']}", expect=200).json
    assert (after["displayName"], len(after["members"])) == (name, 2)
    fresh("PUT", f"/Groups/{group['id']}", {"schemas": [GROUP], "id": group["id"], "displayName": name,
                                             "members": [{"value": one} for one in people]}, expect=200)
    assert fresh.members(group["id"]) == set(people)


def test_google_probes_for_one_user(fresh, people):
    page = fresh("GET", "/Users?count=1", expect=200).json
    assert (page["totalResults"], page["itemsPerPage"], len(page["Resources"])) == (len(people), 1, 1)


def test_keycloak_sends_all_members_for_one_change(fresh, unique, people):
    group = fresh.group(unique("keycloak"), people[:5])
    version = fresh("GET", f"/Groups/{group['id']}", expect=200).json["meta"]["version"]
    same = [{"value": one} for one in people[:5]]
    fresh.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "members", "value": same})
    assert fresh("GET", f"/Groups/{group['id']}", expect=200).json["meta"]["version"] == version
    fresh.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "members", "value": same + [{"value": people[5]}]})
    assert fresh.members(group["id"]) == set(people)
