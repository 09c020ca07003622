# SPDX-License-Identifier: Apache-2.0
"""What holds for any SCIM request: random users, groups and PATCH messages (harness/scim_random.py), seeds fixed. Paging by cursor while rows
come and go stands in test_scim_paging.py, PATCH against another implementation in test_scim_differential.py."""
import random
import threading

import pytest
from conftest import LONG

from harness.scim_random import PATCH, USER, random_operation, random_user

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ROUNDS = 2000 if LONG else 100


def read(connection, path):
    return connection("GET", path, expect=200).json


def shape(resource):
    """Without what tells two resources or two times apart."""
    return {key: value for key, value in resource.items() if key not in ("id", "userName", "externalId", "meta")}


def message(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


@pytest.fixture(params=["lenient", "strict"])
def connection(request, server, unique):
    return server.acme.connection(unique(request.param), profile=request.param)


def make(connection, chance, name):
    return connection("POST", "/Users", random_user(chance, name), expect=201).json


def keeps_names(operation):
    """Names differ between the copies, and so would what happens to them."""
    words = [operation.get("path") or "", *(operation["value"] if isinstance(operation.get("value"), dict) else ())]
    return not any(word.lower().endswith(("username", "externalid")) for word in words)


def test_any_patch_sequence_one_by_one_equals_the_same_in_bulk(connection, unique):
    """The same operations as requests, as Bulk and as Bulk behind the POST that makes the user: the same statuses, the same user."""
    chance = random.Random("bulk")
    for _ in range(ROUNDS // 10):
        seed = chance.random()
        operations = [one for one in (random_operation(chance) for _ in range(12)) if keeps_names(one)]
        singly, together = (make(connection, random.Random(seed), unique("same@example.com")) for _ in range(2))
        statuses = [connection("PATCH", f"/Users/{singly['id']}?attributes=id", message(one)).status for one in operations]
        steps = [{"method": "PATCH", "path": f"/Users/{together['id']}", "data": message(one)} for one in operations]
        reply = connection("POST", "/Bulk", {"schemas": [BULK], "Operations": steps}, expect=200).json
        assert [int(one["status"]) for one in reply["Operations"]] == statuses
        born = {"method": "POST", "path": "/Users", "bulkId": "x", "data": random_user(random.Random(seed), unique("same@example.com"))}
        reply = connection("POST", "/Bulk", {"schemas": [BULK], "Operations": [born] + [{**one, "path": "/Users/bulkId:x"} for one in steps]}, expect=200).json
        assert [int(one["status"]) for one in reply["Operations"]] == [201] + statuses
        third = reply["Operations"][0]["location"].split("/scim/v2")[1]
        expected = shape(read(connection, f"/Users/{singly['id']}"))
        assert shape(read(connection, f"/Users/{together['id']}")) == expected and shape(read(connection, third)) == expected


def test_any_patch_message_equals_its_operations_one_by_one(connection, unique):
    """As far as they go: a message that is refused changes nothing, whatever its first operations were."""
    chance = random.Random("message")
    for _ in range(ROUNDS // 3):
        seed = chance.random()
        operations = [one for one in (random_operation(chance) for _ in range(3)) if keeps_names(one)]
        whole, singly = (make(connection, random.Random(seed), unique("whole@example.com")) for _ in range(2))
        if not operations:
            continue
        status = connection("PATCH", f"/Users/{whole['id']}?attributes=id", message(*operations)).status
        statuses = [connection("PATCH", f"/Users/{singly['id']}?attributes=id", message(one)).status for one in operations]
        if status == 200:
            assert set(statuses) == {200}, operations
            assert shape(read(connection, f"/Users/{whole['id']}")) == shape(read(connection, f"/Users/{singly['id']}")), operations
        else:
            assert status in statuses, operations
            assert read(connection, f"/Users/{whole['id']}") == whole, operations


def test_an_operation_that_comes_twice_counts_once(connection, unique):
    """RFC 7644 section 3.5.2.1: what is there already changes nothing, its version included; what is gone cannot be selected again."""
    chance = random.Random("twice")
    user = make(connection, chance, unique("twice@example.com"))
    for number in range(ROUNDS):
        if number % 5 == 4:
            connection("PUT", f"/Users/{user['id']}", random_user(chance, user["userName"]), expect=200)
        operation = random_operation(chance)
        if connection("PATCH", f"/Users/{user['id']}", message(operation)).status != 200:
            continue
        once = read(connection, f"/Users/{user['id']}")
        again = connection("PATCH", f"/Users/{user['id']}", message(operation))
        assert again.status == 200 or again.json["scimType"] == "noTarget", (operation, again)
        assert read(connection, f"/Users/{user['id']}") == once, operation
        user = once


def test_put_of_what_get_returned_changes_nothing(connection, unique):
    chance = random.Random("put")
    people = [make(connection, chance, unique("put@example.com")) for _ in range(ROUNDS // 5)]
    groups = [connection.group(unique("put"), [one["id"] for one in chance.sample(people, chance.randrange(5))]) for _ in range(10)]
    connection.patch(f"/Groups/{groups[0]['id']}", {"op": "add", "path": "members", "value": [{"value": groups[1]["id"]}]})
    for path in [f"/Users/{one['id']}" for one in people] + [f"/Groups/{one['id']}" for one in groups]:
        before = connection("GET", path, expect=200)
        for headers in ({}, {"If-Match": before.headers["ETag"]}):
            after = connection("PUT", path, before.json, headers=headers, expect=200)
            assert after.json == before.json and after.headers["ETag"] == before.headers["ETag"], path
    for one in people[:20]:  # what POST answered, too
        assert connection("PUT", f"/Users/{one['id']}", one, expect=200).json["meta"]["version"] == read(connection, f"/Users/{one['id']}")["meta"]["version"]


@pytest.mark.parametrize("query", ["", "&filter=title pr", "&filter=active eq true or active eq false"])
def test_paging_by_index_sees_every_row_once_while_others_come_and_change(fresh, unique, query):
    """Rows that come stand behind all others and changes move none. What goes moves those behind it (RFC 7644 section 3.4.2.4): that is what
    cursors are for."""
    chance = random.Random(query)
    still = [fresh.user(unique("still@example.com"), title="T")["id"] for _ in range(40)]
    stop, failures = threading.Event(), []

    def churn():
        try:
            while not stop.is_set():
                fresh.user(unique("coming@example.com"), title="T")
                fresh.patch(f"/Users/{chance.choice(still)}", {"op": "replace", "path": "title", "value": f"T{chance.random()}"},
                            {"op": "replace", "path": "active", "value": chance.random() < 0.5})
        except AssertionError as failure:
            failures.append(failure)

    other = threading.Thread(target=churn)
    other.start()
    try:
        for count in (3, 7, 50):
            seen, start, page = [], 1, None
            while page is None or (page["Resources"] and len(seen) < 400):
                page = fresh("GET", f"/Users?startIndex={start}&count={count}{query}", expect=200).json
                assert page["itemsPerPage"] == len(page["Resources"]) <= count and page["totalResults"] >= len(still)
                seen += [one["id"] for one in page["Resources"]]
                start += len(page["Resources"])
            assert sorted(one for one in seen if one in set(still)) == sorted(still)
            assert len(set(seen)) == len(seen)
    finally:
        stop.set()
        other.join()
    assert not failures, failures[0]


def random_member_operation(chance, people, is_strict):
    """An operation on members, and what it makes of a set of them (R14)."""
    some = chance.sample(people, chance.randrange(4))
    values = [{"value": one} for one in some]
    one = chance.choice(people)
    listed = " or ".join(f'value eq "{each}"' for each in some) or "value eq null"
    choices = [
        ({"op": "add", "path": "members", "value": values}, lambda held: held | set(some)),
        ({"op": "replace", "path": "members", "value": values}, lambda held: set(some)),
        ({"op": "remove", "path": f'members[value eq "{one}"]'}, lambda held: held - {one}),
        ({"op": "remove", "path": f"members[{listed}]"}, lambda held: held - set(some)),
        ({"op": "remove", "path": 'members[type eq "User"]'}, lambda held: set()),
        ({"op": "remove", "path": 'members[type eq "Group"]'}, lambda held: held),
        ({"op": "remove", "path": f'members[not (value eq "{one}")]'}, lambda held: held & {one}),
        ({"op": "remove", "path": "members"}, lambda held: set()),
    ]
    lenient = [
        ({"op": "Remove", "path": "members", "value": values}, lambda held: held - set(some)),
        ({"op": "Add", "value": {"members": values}}, lambda held: held | set(some)),
        ({"op": "add", "path": "members", "value": {"value": one}}, lambda held: held | {one}),
        ({"op": "Add", "path": "members", "value": some}, lambda held: held | set(some)),
    ]
    return chance.choice(choices if is_strict else choices + lenient)


@pytest.mark.parametrize("profile", ["lenient", "strict"])
def test_members_are_the_set_that_the_operations_make(server, unique, profile):
    """Against a set in memory; at most 15 people, whom no threshold holds (R16). What moves nobody
    leaves the version."""
    connection, chance = server.acme.connection(unique(profile), profile=profile), random.Random("members")
    people = [connection.user(unique("member@example.com"))["id"] for _ in range(15)]
    group, held = connection.group(unique("set")), set()
    path, version = f"/Groups/{group['id']}", group["meta"]["version"]
    for _ in range(ROUNDS):
        steps = [random_member_operation(chance, people, profile == "strict") for _ in range(chance.randrange(1, 4))]
        moved = False
        connection("PATCH", path, message(*(operation for operation, _ in steps)), expect=204)
        for _, becomes in steps:
            moved, held = moved or becomes(held) != held, becomes(held)
        after = read(connection, path)
        assert {one["value"] for one in after.get("members", [])} == held, [operation for operation, _ in steps]
        assert len(after.get("members", [])) == len(held)
        assert moved or after["meta"]["version"] == version, [operation for operation, _ in steps]
        version = after["meta"]["version"]
    for one in people:
        assert bool(read(connection, f"/Users/{one}").get("groups")) == (one in held)
