# SPDX-License-Identifier: Apache-2.0
"""The request log (R19): writes and refusals of connections, bodies sealed and for administrators only, reads as counters."""
import time

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def log_of(root, scim, count, **query):
    """The rows of one connection, once there are `count` of them: they are written four times a second."""
    extra = "".join(f"&{name}={value}" for name, value in query.items())
    until = time.monotonic() + 20
    while True:
        page = root.api("GET", f"/scim-log?connection={scim.id}{extra}", expect=200).json
        if len(page["items"]) >= count or time.monotonic() > until:
            assert len(page["items"]) == count, page
            return page["items"]
        time.sleep(0.1)


def test_writes_and_refusals_are_rows_and_reads_are_not(server, fresh, unique):
    name = unique("logged@example.com")
    made = fresh("POST", "/Users", {"schemas": [USER], "userName": name, "active": "True", "password": "correct horse"}, expect=201,
                 headers={"X-Request-ID": "from-the-idp-1"}).json
    fresh("GET", f"/Users/{made['id']}", expect=200)
    fresh("GET", "/Users", expect=200)
    fresh("POST", "/Users", {"schemas": [USER], "userName": name, "externalId": "other"}, expect=409)
    fresh.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    fresh("GET", f"/Users/{made['id'][:-4]}0000", expect=404)
    fresh("POST", "/Users", "not json", expect=400)
    rows = log_of(server.acme, fresh, 5)
    assert [(row["method"], row["status"]) for row in rows] == [("POST", 201), ("POST", 409), ("PATCH", 200), ("GET", 404), ("POST", 400)]
    assert rows[0]["request_id"] == "from-the-idp-1" and rows[0]["resource"] == made["id"] and rows[0]["path"] == "/scim/v2/Users"
    assert sorted(rows[0]["fields"]) == ["active", "password", "userName"] and rows[0]["leniencies"] == ["boolean-as-text", "unknown-attribute"]
    assert (rows[1]["scim_type"], rows[1]["field"]) == ("uniqueness", "userName")
    assert rows[2]["fields"] == ["active"] and rows[2]["path"] == f"/scim/v2/Users/{made['id']}"
    assert not rows[4]["has_body"]
    assert [row["status"] for row in log_of(server.acme, fresh, 3, status_min=400)] == [409, 404, 400]
    after = server.acme.api("GET", f"/scim-log?connection={fresh.id}&after={rows[3]['id']}", expect=200).json
    assert [row["id"] for row in after["items"]] == [rows[4]["id"]] and after["next_after"] == rows[4]["id"]


def test_the_body_is_for_administrators_and_without_password(server, fresh, unique):
    name = unique("sealed@example.com")
    fresh("POST", "/Users", {"schemas": [USER], "userName": name, "password": "correct horse"}, expect=201)
    row = log_of(server.acme, fresh, 1)[0]
    whole = server.acme.api("GET", f"/scim-log/{row['id']}", expect=200).json
    assert whole["body"] == {"schemas": [USER], "userName": name}
    reader = server.acme.identity(unique("auditor"), role="auditor")["token"]
    assert server.acme.api("GET", "/scim-log", token=reader, expect=200).json["items"]
    server.acme.api("GET", f"/scim-log/{row['id']}", token=reader, expect=403)
    nobody = server.acme.identity(unique("nobody"))["token"]
    server.acme.api("GET", "/scim-log", token=nobody, expect=403)
    assert "correct horse" not in server.log_path.read_text()


def test_R19_a_refusal_says_why_without_what_the_client_sent(server, fresh, unique):
    name = unique("taken@example.com")
    fresh.user(name)
    told = fresh("POST", "/Users", {"schemas": [USER], "userName": name, "externalId": "other"}, expect=409).json["detail"]
    fresh("GET", "/Groups/ada@example.com", expect=404)
    fresh("GET", "/ada@example.com", expect=404)
    fresh("PATCH", "/Users/ada@example.com", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                                              "Operations": [{"op": "replace", "path": "active", "value": False}]}, expect=404)
    made, taken, group, endpoint, patched = log_of(server.acme, fresh, 5)
    assert made["note"] is None
    assert name in told and taken["note"] == told.replace(name, "…")
    assert group["note"] == "there is no such group" and group["path"] == "/scim/v2/Groups/…"
    assert endpoint["note"] == 'there is no endpoint "…"; /ResourceTypes lists what there is' and endpoint["path"] == "/scim/v2/…"
    assert patched["note"] == "there is no such user" and patched["path"] == "/scim/v2/Users/…"
    assert "ada@" not in str([group, endpoint, patched])
    assert taken["note"] in server.cli("scim", "log", "--connection", fresh.id, "--refused").stdout
    assert taken["note"] in server.cli("scim", "show", taken["id"]).stdout
    replayed = server.acme.api("POST", f"/scim-log/{patched['id']}/replay", expect=200).json
    assert replayed["status"] == 404 and replayed["answer"]["detail"] == patched["note"]


def test_R19_the_row_of_a_bulk_says_why_operations_were_refused(server, fresh, unique):
    taken = [fresh.user(unique(f"taken{i}@example.com")) for i in range(5)]
    name = unique("good@example.com")

    def create(name, **more):
        return {"method": "POST", "path": "/Users", "bulkId": unique("b"), "data": {"schemas": [USER], "userName": name, "externalId": unique("x"), **more}}

    message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        create(name), {**create(taken[0]["userName"]), "bulkId": "ada@example.com"},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"schemas": [GROUP], "displayName": unique("g"),
                                                                      "members": [{"value": "bulkId:ada@example.com"}]}},
        create(unique("active@example.com"), active=7),
        *[create(user["userName"]) for user in taken[1:]]]}
    told = fresh("POST", "/Bulk", message, expect=200).json["Operations"]
    assert [one["status"] for one in told] == ["201", "409", "409", "400"] + ["409"] * 4
    row = log_of(server.acme, fresh, 6)[5]
    assert row["path"] == "/scim/v2/Bulk" and row["status"] == 200
    number, sentences, more = [2, 3, 4], [one["response"]["detail"] for one in told[1:4]], "and 4 more refused"
    assert taken[0]["userName"] in sentences[0] and "ada@example.com" in sentences[1] and "active" in sentences[2]
    sentences = [one.replace(taken[0]["userName"], "…").replace("bulkId:ada@example.com", "…") for one in sentences]
    assert row["note"] == "; ".join([f"operation {n}: {one}" for n, one in zip(number, sentences)] + [more])
    assert "operation 2: " in server.cli("scim", "log", "--connection", fresh.id).stdout
    assert more in server.cli("scim", "show", row["id"]).stdout
    log = f"/scim-log?connection={fresh.id}&limit=1000"
    assert [one["id"] for one in server.acme.api("GET", f"{log}&refused=true", expect=200).json["items"]] == [row["id"]]
    assert server.acme.api("GET", f"{log}&status_min=400", expect=200).json["items"] == []
    assert len(server.acme.api("GET", f"{log}&refused=false", expect=200).json["items"]) == 6
    assert server.acme.api("GET", f"{log}&refused=true&status_min=400", expect=400).json["field"] == "refused"
    told = server.cli("scim", "log", "--connection", fresh.id, "--refused").stdout
    assert "operation 2: " in told and told.count("/scim/v2/") == 1
    health = server.acme.api("GET", f"/connections/{fresh.id}", expect=200).json["health"]
    assert health["state"] == "refusals" and "1 Bulk refused in part (operation 2: " in health["text"]
    assert [(one["count"], one["status"], one["note"]) for one in health["refusals"]["reasons"]] == [(1, 200, row["note"])]
    good = fresh("POST", "/Bulk", {**message, "Operations": [create(unique("fine@example.com"))]}, expect=200)
    assert good.json["Operations"][0]["status"] == "201" and log_of(server.acme, fresh, 7)[6]["note"] is None


def test_R31_a_purge_leaves_no_note_that_names_the_person(server, fresh, unique):
    acme = server.acme
    ada, bob = fresh.user(unique("ada@example.com")), fresh.user(unique("bob@example.com"))
    group = fresh("POST", "/Groups", {"schemas": [GROUP], "displayName": unique("crew"), "members": [{"value": ada["id"]}, {"value": bob["id"]}]},
                  expect=201).json
    acme.api("POST", f"/groups/{group['id']}/members", {"members": [ada["id"], bob["id"]]}, expect=200)
    for person in (ada, bob):
        fresh.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{person["id"]}"]'})
    fresh("POST", "/Users", {"schemas": [USER], "userName": ada["userName"], "externalId": "other"}, expect=409)
    rows = log_of(acme, fresh, 6)
    assert ada["id"] in rows[3]["note"] and bob["id"] in rows[4]["note"] and "is already taken" in rows[5]["note"]
    fresh("DELETE", f"/Users/{ada['id']}", expect=204)
    log_of(acme, fresh, 7)
    acme.api("POST", f"/users/{ada['id']}/purge", {}, expect=204)
    rows = acme.api("GET", f"/scim-log?connection={fresh.id}", expect=200).json["items"]
    assert len(rows) == 7 and ada["id"] not in str(rows) and ada["userName"] not in str(rows)
    assert rows[3]["note"] is None and rows[3]["resource"] == group["id"] and bob["id"] in rows[4]["note"]
    assert "is already taken" in rows[5]["note"]


def test_another_tenant_sees_nothing(server, fresh, unique):
    fresh.user(unique("mine@example.com"))
    row = log_of(server.acme, fresh, 1)[0]
    server.globex.api("GET", f"/scim-log/{row['id']}", expect=404)
    server.globex.api("GET", f"/scim-log?connection={fresh.id}", expect=404)
    assert row["id"] not in [other["id"] for other in server.globex.api("GET", "/scim-log", expect=200).json["items"]]


OUT_OF_RANGE = {"limit": ["0x", "", "0", "-1", "1001", "99999999999999999999"], "after": ["x", "-1", "99999999999999999999"],
                "status_min": ["x", "600", "-1"]}
NUMBERS = [("/scim-log", "limit"), ("/scim-log", "after"), ("/scim-log", "status_min"), ("/audit", "limit"), ("/audit", "after"), ("/users", "limit"),
           ("/groups/{group}/members", "limit")]


@pytest.mark.parametrize(("path", "name", "value"), [(path, name, value) for path, name in NUMBERS for value in OUT_OF_RANGE[name]])
def test_what_is_no_number_of_the_range_is_refused(server, fresh, unique, path, name, value):
    group = fresh("POST", "/Groups", {"schemas": [GROUP], "displayName": unique("g")}, expect=201).json["id"]
    problem = server.acme.api("GET", f"{path.format(group=group)}?{name}={value}", expect=400).json
    assert problem["field"] == name, problem
    for limit in (1, 1000):
        server.acme.api("GET", f"{path.format(group=group)}?limit={limit}", expect=200)


def test_metrics_count_by_operation_without_names(server, fresh, unique):
    fresh.user(unique("counted@example.com"))
    text = server.ops.request("GET", "/metrics").text
    assert 'muster_scim_requests_total{op="create",code="2xx"}' in text and fresh.id not in text
    last = [line for line in text.splitlines() if line.startswith("muster_scim_last_success_timestamp_seconds ")]
    assert abs(float(last[0].split()[1]) - time.time()) < 60


def test_rows_survive_a_restart(own_server, unique):
    scim = own_server.acme.connection("okta")
    scim.user(unique("kept@example.com"))
    own_server.stop()
    own_server.start()
    assert len(log_of(own_server.acme, scim, 1)) == 1
