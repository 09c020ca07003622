# SPDX-License-Identifier: Apache-2.0
"""POST .search (RFC 7644 section 3.4.3): what GET answers, with the question in the body; at the root over both types."""
import time

import pytest

pytestmark = pytest.mark.sanitize
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def ask(client, path, expect=200, **more):
    return client("POST", f"{path}/.search", {"schemas": [SEARCH], **more}, expect=expect).json


@pytest.fixture
def people(fresh, unique):
    return [fresh.user(unique("search@example.com"), title=title) for title in ("b", "a", "c")]


@pytest.mark.parametrize("question", [
    {},
    {"filter": 'title eq "a"'},
    {"filter": "title pr", "sortBy": "title", "sortOrder": "descending"},
    {"startIndex": 2, "count": 1},
    {"attributes": ["userName", "title"]},
    {"attributes": "userName"},
    {"excludedAttributes": ["title"]},
    {"count": 0},
])
def test_search_equals_get(fresh, people, question):
    query = "&".join(f"{key}={','.join(value) if isinstance(value, list) else value}" for key, value in question.items())
    assert ask(fresh, "/Users", **question) == fresh("GET", f"/Users?{query}", expect=200).json


def test_root_goes_over_users_and_groups(fresh, people, unique):
    time.sleep(0.002)  # meta.created is in milliseconds
    group = fresh.group(unique("searched"), [people[0]["id"]])
    found = ask(fresh, "")
    assert found["totalResults"] == 4
    assert [row["id"] for row in found["Resources"]] == [person["id"] for person in people] + [group["id"]]
    assert {row["meta"]["resourceType"] for row in found["Resources"]} == {"User", "Group"}
    assert [row["id"] for row in ask(fresh, "", startIndex=3, count=5)["Resources"]] == [people[2]["id"], group["id"]]
    only = ask(fresh, "", filter='meta.resourceType eq "Group"')
    assert [row["id"] for row in only["Resources"]] == [group["id"]]
    assert ask(fresh, "", filter=f'title eq "a" or displayName eq "{group["displayName"]}"')["totalResults"] == 2
    by_time = ask(fresh, "", sortBy="meta.created", sortOrder="descending")
    assert by_time["Resources"][0]["id"] == group["id"] and by_time["totalResults"] == 4


def test_root_by_cursor_goes_from_one_type_to_the_next(fresh, people, unique):
    group = fresh.group(unique("searched"))
    for count in (1, 2, 3, 4):
        seen, cursor = [], ""
        while cursor is not None:
            page = ask(fresh, "", cursor=cursor, count=count)
            assert page["totalResults"] == 4 and page["itemsPerPage"] == len(page["Resources"]) <= count
            seen += [row["id"] for row in page["Resources"]]
            cursor = page.get("nextCursor")
        assert seen == [person["id"] for person in people] + [group["id"]]


def test_a_token_of_one_type_sees_that_type_alone(server, unique):
    both = server.acme.connection(unique("both"))
    both.user(unique("scoped@example.com"))
    both.group(unique("scoped"))
    assert ask(both, "")["totalResults"] == 2
    assert ask(both, "/Users")["totalResults"] == 1


@pytest.mark.parametrize("body, kind", [
    ({"schemas": ["urn:other"]}, "invalidSyntax"),
    ({"schemas": [SEARCH], "filter": "x"}, "invalidFilter"),
    ({"schemas": [SEARCH], "filter": 7}, "invalidValue"),
    ({"schemas": [SEARCH], "count": "many"}, "invalidValue"),
    ({"schemas": [SEARCH], "attributes": [1]}, "invalidValue"),
    ({"schemas": [SEARCH], "attributes": ["a"], "excludedAttributes": ["b"]}, "invalidValue"),
    ({"schemas": [SEARCH], "filter": "title eq \"" + "x" * 1_000_000 + "\""}, "invalidFilter"),
    ({"schemas": [SEARCH], "filter": "(" * 1000 + "title pr" + ")" * 1000}, "invalidFilter"),
    ([], "invalidSyntax"),
])
@pytest.mark.parametrize("path", ["/Users", ""])
def test_refusals_name_what_was_wrong(fresh, path, body, kind):
    reply = fresh("POST", f"{path}/.search", body, expect=400).json
    assert reply["scimType"] == kind and reply["detail"]


def test_security_14_metacharacters_match_nothing(fresh, people):
    for text in ("' OR 1=1 --", "%", "*", "_", "\\\\", ")(uid=*", "\\u0027;DROP TABLE resource"):
        assert ask(fresh, "/Users", filter=f'userName eq "{text}" or title eq "{text}"')["totalResults"] == 0


def test_no_search_elsewhere(fresh):
    fresh("POST", "/Nothing/.search", {"schemas": [SEARCH]}, expect=404)
    fresh("GET", "/Users/.search", expect=405)
    fresh("POST", "/.search", "", expect=400)


def test_strict_wants_the_schema_and_known_attributes(server, unique):
    strict = server.acme.connection(unique("strict"), profile="strict")
    strict.user(unique("strict@example.com"))
    assert strict("POST", "/Users/.search", {}, expect=400).json["scimType"] == "invalidSyntax"
    assert ask(strict, "", 400, filter='nothing eq "x"')["scimType"] == "invalidFilter"
    assert ask(strict, "", filter="userName pr")["totalResults"] == 1  # known to one of the types


@pytest.mark.parametrize("profile", ["lenient", "strict"])
def test_r17_what_one_of_the_types_names_is_known_at_the_root(server, unique, profile):
    connection = server.acme.connection(unique(profile), profile=profile)
    user = connection.user(unique("known@example.com"), title="T", emails=[{"value": "known@example.com", "type": "work"}])
    group = connection.group(unique("known"), [user["id"]])

    def rows(**question):
        return {row["id"]: row for row in ask(connection, "", **question)["Resources"]}

    both = {user["id"], group["id"]}
    found = rows(attributes=["userName", "displayName"])
    assert set(found) == both and found[user["id"]]["userName"] == user["userName"] and found[group["id"]]["displayName"] == group["displayName"]
    assert set(rows(attributes=["userName"])) == both
    found = rows(excludedAttributes=["members", "emails"])
    assert set(found) == both and "members" not in found[group["id"]] and "emails" not in found[user["id"]]
    assert set(rows(filter=f'title eq "T" or displayName eq "{group["displayName"]}"')) == both
    assert set(rows(filter=f'emails[type eq "work"] or members[value eq "{user["id"]}"]')) == both
    assert set(rows(filter='not (title eq "T")')) == set()  # to a group the title is unknown
    assert set(rows(sortBy="userName")) == both


@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("text", ["active gt true", "displayName pr or active gt true", "active gt true or displayName pr", 'userName pr or members pr "x"'])
def test_what_is_wrong_for_the_type_that_knows_it_is_refused_at_the_root(server, unique, profile, text):
    connection = server.acme.connection(unique(profile), profile=profile)
    connection.group(unique("wrong"))
    assert ask(connection, "", 400, filter=text)["scimType"] == "invalidFilter"


def test_strict_refuses_at_the_root_what_no_type_names(server, unique):
    strict = server.acme.connection(unique("strict"), profile="strict")
    for text in ('userName pr or nothing eq "x"', 'password eq "x"', 'emails[nothing eq "x"]', 'members.nothing eq "x"'):
        assert ask(strict, "", 400, filter=text)["scimType"] == "invalidFilter", text
    for name in ("attributes", "excludedAttributes"):
        assert ask(strict, "", 400, **{name: ["userName", "nothing"]})["scimType"] == "invalidValue"
    assert strict("GET", '/Users?attributes=emails[type%20eq%20"work"].value', expect=400).json["scimType"] == "invalidValue"
