# SPDX-License-Identifier: Apache-2.0
"""Bulk (RFC 7644 section 3.7): every operation for itself, references forward, backward and in circles, limits."""
import pytest

pytestmark = pytest.mark.sanitize
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def bulk(client, *operations, expect=200, **more):
    reply = client("POST", "/Bulk", {"schemas": [BULK], "Operations": list(operations), **more}, expect=expect)
    return reply.json["Operations"] if expect == 200 else reply.json


def user(bulk_id, name, **attributes):
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": {"schemas": [USER], "userName": name, **attributes}}


def group(bulk_id, name, *members):
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def managed_by(value):
    return {ENTERPRISE: {"manager": {"value": value}}}


def statuses(entries):
    return [entry["status"] for entry in entries]


def id_of(entry):
    return entry["location"].rsplit("/", 1)[1]


def manager_of(client, entry):
    return client("GET", f"/Users/{id_of(entry)}", expect=200).json.get(ENTERPRISE, {}).get("manager", {}).get("value")


def test_each_verb_answers_for_itself(fresh, unique):
    old = fresh.user(unique("old@example.com"))
    gone = fresh.user(unique("gone@example.com"))
    entries = bulk(
        fresh,
        user("a", unique("new@example.com")),
        {"method": "PUT", "path": f"/Users/{old['id']}", "data": {"schemas": [USER], "userName": old["userName"], "title": "put"}},
        {"method": "patch", "path": f"/Users/{old['id']}", "bulkId": "echo",
         "data": {"schemas": [PATCH], "Operations": [{"op": "add", "path": "nickName", "value": "patched"}]}},
        {"method": "DELETE", "path": f"/Users/{gone['id']}"},
    )
    assert statuses(entries) == ["201", "200", "200", "204"]
    assert [entry["method"] for entry in entries] == ["POST", "PUT", "PATCH", "DELETE"]
    assert entries[0]["bulkId"] == "a" and entries[2]["bulkId"] == "echo" and "version" not in entries[3]
    assert all("response" not in entry for entry in entries)
    stored = fresh("GET", f"/Users/{old['id']}", expect=200).json
    assert (stored["title"], stored["nickName"]) == ("put", "patched")
    assert entries[2]["location"] == stored["meta"]["location"] and entries[2]["version"] == stored["meta"]["version"]
    fresh("GET", f"/Users/{gone['id']}", expect=404)


def test_members_made_later_in_the_list(fresh, unique):
    entries = bulk(fresh, group("g", unique("forward"), "bulkId:a", "bulkId:b"), user("a", unique("a@example.com")), user("b", unique("b@example.com")))
    assert statuses(entries) == ["201"] * 3
    assert fresh.members(id_of(entries[0])) == {id_of(entries[1]), id_of(entries[2])}


def test_references_in_paths_filters_and_refs(fresh, unique):
    entries = bulk(
        fresh,
        {"method": "PATCH", "path": "/Groups/bulkId:g", "data": {"schemas": [PATCH], "Operations": [
            {"op": "remove", "path": 'members[value eq "bulkId:a"]'}, {"op": "add", "path": "members", "value": [{"value": "bulkId:b"}]}]}},
        group("g", unique("pathed"), "bulkId:a"),
        user("a", unique("a@example.com")),
        user("b", unique("b@example.com"), displayName="see bulkId:a"),
    )
    assert statuses(entries) == ["200", "201", "201", "201"]
    assert fresh.members(id_of(entries[1])) == {id_of(entries[3])}
    assert fresh("GET", f"/Users/{id_of(entries[3])}", expect=200).json["displayName"] == "see bulkId:a"  # no reference


def test_a_long_chain_in_reverse(fresh, unique):
    names = [unique("chain@example.com") for _ in range(60)]
    entries = bulk(fresh, *[user(f"u{i}", name, **(managed_by(f"bulkId:u{i + 1}") if i < 59 else {})) for i, name in enumerate(names)])
    assert statuses(entries) == ["201"] * 60
    for i in (0, 30, 58):
        assert manager_of(fresh, entries[i]) == id_of(entries[i + 1])
    assert manager_of(fresh, entries[59]) is None


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_circles_are_resolved(fresh, unique, size):
    entries = bulk(fresh, *[user(f"u{i}", unique("circle@example.com"), **managed_by(f"bulkId:u{(i + 1) % size}")) for i in range(size)],
                   group("g", unique("circle"), *[f"bulkId:u{i}" for i in range(size)]))
    assert statuses(entries) == ["201"] * (size + 1)
    for i in range(size):
        assert manager_of(fresh, entries[i]) == id_of(entries[(i + 1) % size])
        stored = fresh("GET", f"/Users/{id_of(entries[i])}", expect=200).json
        assert stored["meta"]["version"] == entries[i]["version"]
    assert fresh.members(id_of(entries[size])) == {id_of(entry) for entry in entries[:size]}


def test_a_circle_with_a_refused_one_leaves_nothing_behind(fresh, unique):
    taken = fresh.user(unique("taken@example.com"))["userName"]
    first, outsider = unique("first@example.com"), unique("outside@example.com")
    entries = bulk(fresh, user("a", first, **managed_by("bulkId:b")), user("b", taken, **managed_by("bulkId:a")),
                   user("c", outsider, **managed_by("bulkId:a")), user("d", unique("alone@example.com")))
    assert statuses(entries) == ["409", "409", "409", "201"]
    assert entries[1]["response"]["scimType"] == "uniqueness"
    for name in (first, outsider):
        assert fresh("GET", f'/Users?filter=userName eq "{name}"', expect=200).json["totalResults"] == 0


def test_groups_in_groups_but_never_in_a_circle(fresh, unique):
    entries = bulk(fresh, group("outer", unique("outer"), "bulkId:inner"), group("inner", unique("inner"), "bulkId:u"), user("u", unique("u@example.com")))
    assert statuses(entries) == ["201"] * 3
    assert fresh.members(id_of(entries[0])) == {id_of(entries[1])}
    names = [unique("ring") for _ in range(3)]
    entries = bulk(fresh, *[group(f"g{i}", name, f"bulkId:g{(i + 1) % 3}") for i, name in enumerate(names)])
    assert statuses(entries) == ["409"] * 3 and any("cannot hold itself" in entry["response"]["detail"] for entry in entries)
    for name in names:
        assert fresh("GET", f'/Groups?filter=displayName eq "{name}"', expect=200).json["totalResults"] == 0


def test_a_refused_operation_affects_no_other(fresh, unique):
    taken = fresh.user(unique("taken@example.com"))["userName"]
    entries = bulk(
        fresh,
        user("bad", taken),
        user("good", unique("good@example.com")),
        group("needs", unique("needs"), "bulkId:bad"),
        group("unknown", unique("unknown"), "bulkId:nobody"),
        user("good", unique("again@example.com")),
        {"method": "POST", "path": "/Users", "data": {"userName": "no bulkId"}},
        {"method": "GET", "path": "/Users"},
        {"method": "DELETE", "path": "/Users"},
        {"method": "POST", "path": "/Users/x", "bulkId": "p", "data": {}},
        {"method": "PATCH", "path": "/Users/bulkId:good", "version": 'W/"1"', "data": {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "x"}]}},
        {"method": "PATCH", "path": "/Users/bulkId:good", "data": {"op": "add", "path": "title", "value": "x"}},
        {"method": "PUT", "path": "/Users/bulkId:good"},
        {"method": "DELETE", "path": "/Users/00000000-0000-7000-8000-000000000000"},
        {"method": "POST", "path": "/Bulk", "bulkId": "n", "data": {"schemas": [BULK], "Operations": []}},
        {"method": "POST", "path": "/Me", "bulkId": "m", "data": {}},
        {"method": "POST", "path": "/Nothing", "bulkId": "o", "data": {}},
        {"method": 7, "path": "/Users"},
        "DELETE /Users",
        {"method": "DELETE", "path": "/Users/00000000-0000-7000-8000-000000000000", "version": 5},
        {"method": "DELETE", "path": "/Users/bulkId:good"},
    )
    assert statuses(entries) == ["409", "201", "409", "409", "400", "400", "405", "405", "405", "412", "400", "400", "404", "400", "501", "404",
                                 "400", "400", "400", "204"]
    for entry in entries:
        if entry["status"] >= "400":
            assert entry["response"]["schemas"] == ERROR and entry["response"]["status"] == entry["status"] and entry["response"]["detail"]
    assert "location" not in entries[0] and entries[12]["location"].endswith("/Users/00000000-0000-7000-8000-000000000000")
    assert entries[18]["method"] == "DELETE" and entries[18]["location"] == entries[12]["location"]  # whatever else is wrong
    assert "bulkId:bad" in entries[2]["response"]["detail"] and "nobody" in entries[3]["response"]["detail"]


def test_operations_that_share_a_commit_keep_their_order_and_their_answers(fresh, unique):
    """Far more operations than one group takes; refused ones between them, and several on one user."""
    taken = unique("taken")
    one = fresh("POST", "/Users", {"schemas": [USER], "userName": unique("one")}, expect=201).json["id"]
    fresh("POST", "/Users", {"schemas": [USER], "userName": taken}, expect=201)
    title = lambda text: {"method": "PATCH", "path": f"/Users/{one}", "data": {"schemas": [PATCH], "Operations": [
        {"op": "replace", "path": "title", "value": text}]}}
    operations, expected = [], []
    for i in range(70):
        operations.append(user(str(i), taken if i % 7 == 3 else unique(f"u{i}")))
        expected.append("409" if i % 7 == 3 else "201")
        if i % 10 == 5:
            operations.append(title(f"title {i}"))
            expected.append("200")
    operations += [{"method": "DELETE", "path": f"/Users/{one}"}, title("too late"), {"method": "PATCH", "path": "/Nothing/1", "data": {}}]
    expected += ["204", "404", "404"]
    entries = bulk(fresh, *operations)
    assert statuses(entries) == expected
    versions = [int(entry["version"][3:-1]) for entry in entries if "version" in entry]
    assert versions == sorted(set(versions))  # one after the other, as they stand in the message
    assert fresh("GET", f"/Users/{one}").status == 404
    assert {entry["response"]["scimType"] for entry in entries if entry["status"] == "409"} == {"uniqueness"}


@pytest.mark.parametrize("limit, attempted", [(0, 5), (1, 1), (2, 4), (3, 5)])
def test_fail_on_errors(fresh, unique, limit, attempted):
    taken = fresh.user(unique("taken@example.com"))["userName"]
    entries = bulk(fresh, user("a", taken), user("b", unique("b@example.com")), user("c", unique("c@example.com")), user("d", taken),
                   user("e", unique("e@example.com")), **({"failOnErrors": limit} if limit else {}))
    assert statuses(entries) == ["409", "201", "201", "409", "201"][:attempted]
    assert fresh("GET", "/Users?count=0", expect=200).json["totalResults"] == 1 + statuses(entries).count("201")


def test_security_16_limits(fresh, server):
    operation = {"method": "DELETE", "path": "/Users/x"}
    assert bulk(fresh, *[operation] * 1001, expect=413)["status"] == "413"
    assert bulk(fresh, *[operation] * 10001, expect=413)["status"] == "413"
    assert statuses(bulk(fresh, *[operation] * 1000)) == ["404"] * 1000
    head = f"POST /scim/v2/Bulk HTTP/1.1\r\nHost: {server.http.host}:{server.http.port}\r\nAuthorization: Bearer {fresh.token}\r\n" \
           "Content-Type: application/scim+json\r\nContent-Length: 10485760\r\n\r\n"
    received, _ = server.http.raw(head.encode())  # refused before it is sent
    assert received.startswith(b"HTTP/1.1 413 ") and b'"status":"413"' in received


def test_security_16_a_message_that_is_too_long_is_told_so_whatever_the_client(fresh):
    """An answer that comes with a reset is lost on clients that only write."""
    for size in [1048577, 3 << 20] * 5:
        refused = fresh("POST", "/Bulk", b" " * size, expect=413)
        assert refused.json["status"] == "413" and refused.headers.get("Connection") != "close"
    assert bulk(fresh) == []


@pytest.mark.parametrize("body", [{}, {"schemas": [BULK]}, {"schemas": [BULK], "Operations": {}}, {"schemas": ["urn:x"], "Operations": []},
                                  {"schemas": [BULK], "Operations": [], "failOnErrors": -1},
                                  {"schemas": [BULK], "Operations": [], "failOnErrors": "1"}, [], ""])
def test_what_is_no_bulk_request(fresh, body):
    fresh("POST", "/Bulk", body, expect=400)


def test_names_of_the_message_in_any_letter_case_but_once(fresh, unique):
    made = fresh("POST", "/Bulk", {"SCHEMAS": [BULK], "operations": [
        {"Method": "POST", "PATH": "/Users", "bulkid": "a", "Data": {"schemas": [USER], "userName": unique("case@example.com")}},
        {"method": "DELETE", "Path": "/Users/bulkId:a", "VERSION": 'W/"0"'},
        {"method": "DELETE", "path": "/Users/bulkId:a", "Path": "/Groups/x"}]}, expect=200).json["Operations"]
    assert statuses(made) == ["201", "412", "400"] and made[0]["bulkId"] == "a"
    assert "given twice" in made[2]["response"]["detail"] and made[2]["response"]["scimType"] == "invalidSyntax"
    twice = fresh("POST", "/Bulk", {"schemas": [BULK], "Operations": [], "operations": [{"method": "DELETE", "path": "/Users/x"}]}, expect=400)
    assert twice.json["scimType"] == "invalidSyntax"


def test_empty_is_answered_empty(fresh):
    assert bulk(fresh) == []
    fresh("GET", "/Bulk", expect=405)


def test_tenants_stay_apart(fresh, server, unique):
    foreign = server.globex.connection(unique("foreign")).user(unique("foreign@example.com"))["id"]
    entries = bulk(fresh, {"method": "DELETE", "path": f"/Users/{foreign}"}, group("g", unique("robbed"), foreign))
    assert statuses(entries) == ["404", "400"]
