# SPDX-License-Identifier: Apache-2.0
"""Law 4: after the 200 to a deactivation no question that starts later is answered with yes. And the last administrator (R24)."""
import threading
import time

import pytest

COUNT = 200


class Load:
    """Decisions and reads in the background, kept modest: two cores are shared with the server."""

    def __init__(self, server, scim, users, threads=3):
        self.server, self.scim, self.users, self.end, self.done, self.wrong = server, scim, users, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(threads)]

    def run(self, number):
        position = number
        while not self.end.is_set():
            user = self.users[position % len(self.users)]
            position += 1
            reply = self.server.acme.evaluate(self.server.acme.question(user, "read", "groups"))
            if reply.status != 200 or self.scim("GET", f"/Users/{user}").status != 200:
                self.wrong.append(reply)
            self.done += 1
        self.server.http.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.sanitize
def test_two_hundred_offboardings_under_load_without_one_wrong_answer(server, fresh, unique):
    users = [fresh.user(unique("leaver@example.com"))["id"] for _ in range(COUNT)]
    late = []
    with Load(server, fresh, users) as load:
        for user in users:
            assert server.acme.decide(user) is True
            fresh.patch(f"/Users/{user}", {"op": "replace", "value": {"active": False}})
            if server.acme.decide(user) is not False:
                late.append(user)
    assert late == [] and load.wrong == [] and load.done > 0
    assert not any(server.acme.decide(user) for user in users)


def test_offboarding_by_put_delete_and_locally(server, fresh, unique):
    for how in ("put", "delete", "local", "string"):
        user = fresh.user(unique("way@example.com"))
        assert server.acme.decide(user["id"]) is True
        if how == "put":
            fresh("PUT", f"/Users/{user['id']}", {**user, "active": False}, expect=200)
        elif how == "delete":
            fresh("DELETE", f"/Users/{user['id']}", expect=204)
        elif how == "string":
            fresh.patch(f"/Users/{user['id']}", {"op": "Replace", "path": "active", "value": "False"})
        else:
            server.acme.api("PATCH", f"/users/{user['id']}", {"active": False}, expect=200)
        assert server.acme.decide(user["id"]) is False, how
        assert server.acme.decide(user["userName"]) is False, how


def note_of(server, reply):
    """What the log's line of a request says beside the numbers."""
    lines = [line for line in server.events("request") if line["request_id"] == reply.headers["X-Request-ID"]]
    assert len(lines) == 1
    return lines[0].get("note") or ""


def logged_note(server, reply):
    """What its row of the request log says of it (R3, R14)."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for row in server.acme.api("GET", "/scim-log", expect=200).json["items"]:
            if row["request_id"] == reply.headers["X-Request-ID"]:
                return row["note"] or ""
        time.sleep(0.1)
    raise AssertionError("the request was not logged")


def test_r2_no_source_lifts_anothers_veto(server, fresh, unique):
    user = fresh.user(unique("veto@example.com"))
    server.acme.api("PATCH", f"/users/{user['id']}", {"active": False}, expect=200)
    reply = fresh.activate(user["id"], True)  # 200, and logged as held (R3)
    assert f"{user['id']} is held by local" in note_of(server, reply)
    assert logged_note(server, reply) == f"{user['id']} is held by local"
    seen = fresh("GET", f"/Users/{user['id']}", expect=200).json
    assert seen["active"] is True  # R3: what the connection itself claimed
    assert server.acme.decide(user["id"]) is False
    server.acme.api("PATCH", f"/users/{user['id']}", {"active": True}, expect=200)
    assert server.acme.decide(user["id"]) is True


def test_reactivation_gives_the_member_back_what_stands(server, fresh, unique):
    user = fresh.user(unique("back@example.com"))
    fresh.activate(user["id"], False)
    assert server.acme.decide(user["id"]) is False
    fresh.activate(user["id"], True)
    assert server.acme.decide(user["id"]) is True


def test_offboarding_survives_a_restart(own_server):
    acme = own_server.acme
    scim = acme.connection("restart")
    user = scim.user("restart@example.com")
    scim.activate(user["id"], False)
    own_server.restart()
    assert acme.decide(user["id"]) is False


def make_admins(server, scim, count, unique):
    users = [scim.user(unique("chief@example.com")) for _ in range(count)]
    grants = [server.acme.grant(user["id"], server.acme.id, role="admin") for user in users]
    return users, grants


def wait_for_alert(root, event):
    """An alert is written within a second or two of what raised it."""
    deadline = time.monotonic() + 20
    while not any(entry["event"] == event for entry in root.audit(class_="alert")):
        assert time.monotonic() < deadline, f"no alert {event}"
        time.sleep(0.2)


def test_sec22_r24_the_last_admin_cannot_be_lost_by_any_path(own_server, unique):
    acme = own_server.acme
    scim = acme.connection("chiefs")
    (one, two), grants = make_admins(own_server, scim, 2, unique)
    scim.activate(one["id"], False)  # a second one is left
    scim.patch(f"/Users/{two['id']}", {"op": "replace", "value": {"active": False}}, expect=409)
    scim("PUT", f"/Users/{two['id']}", {**two, "active": False}, expect=409)
    scim("DELETE", f"/Users/{two['id']}", expect=409)
    acme.api("PATCH", f"/users/{two['id']}", {"active": False}, expect=409)
    acme.api("DELETE", f"/users/{two['id']}", expect=(400, 403, 409))
    acme.api("DELETE", f"/grants/{grants[1]['id']}", expect=409)
    acme.api("PATCH", f"/connections/{scim.id}", {"active": False}, expect=409)
    assert acme.decide(two["id"], "edit", "groups") is True
    assert scim("GET", f"/Users/{two['id']}", expect=200).json["active"] is True
    wait_for_alert(acme, "last-admin-refused")
    assert acme.verify()["whole"] is True


def test_sec79_two_last_admins_removed_in_parallel_leave_one(own_server, unique):
    acme = own_server.acme
    scim = acme.connection("pair")
    pair, _ = make_admins(own_server, scim, 2, unique)
    for _ in range(5):
        results = {}

        def leave(user, results=results):
            results[user["id"]] = scim.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": False}}, expect=None).status
            own_server.http.close()

        threads = [threading.Thread(target=leave, args=(user,)) for user in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results.values()) in ([200, 409], [204, 409])
        survivor = next(user for user in pair if results[user["id"]] == 409)
        pair = [survivor, *make_admins(own_server, scim, 1, unique)[0]]  # so that no older administrator is left in any round


def test_sec76_a_right_lost_while_the_request_waits_is_lost(server, unique):
    """An identity that is switched off amid its own stream of writes: no write is acknowledged after the switch."""
    acme = server.acme
    made = acme.identity(unique("doomed"), role="admin")
    off, acknowledged_late, statuses = threading.Event(), [], set()

    def write():
        while True:
            started_after = off.is_set()
            reply = acme.api("POST", "/projects", {"slug": unique("toctou"), "name": "x"}, token=made["token"])
            statuses.add(reply.status)
            if reply.status != 201:
                break
            if started_after:
                acknowledged_late.append(reply)
                break
        server.http.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    acme.api("PATCH", f"/identities/{made['id']}", {"active": False}, expect=200)
    off.set()
    for thread in threads:
        thread.join()
    assert acknowledged_late == [] and statuses <= {201, 401, 403}
