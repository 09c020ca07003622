# SPDX-License-Identifier: Apache-2.0
"""The ledger: complete, chained, signed; whatever is done to its rows is found (security list 90), and names in it stay inert (91)."""
import json
import sqlite3

import pytest

TAMPERED = 8


def test_every_change_is_one_entry_with_actor_and_object(server, fresh, unique):
    acme = server.acme
    before = acme.audit(class_="change")[-1]["seq"]
    user = fresh.user(unique("audited@example.com"))
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "T"})
    fresh.activate(user["id"], False)
    fresh.activate(user["id"], True)
    fresh("DELETE", f"/Users/{user['id']}", expect=204)
    found = [e for e in acme.audit(class_="change") if e["seq"] > before]
    assert [e["event"] for e in found] == ["created", "updated", "deactivated", "reactivated", "deleted"]
    assert all((e["actor"]["kind"], e["actor"]["id"]) == ("connection", fresh.id) for e in found)
    assert all(e["object"]["kind"] == "user" for e in found)
    assert found[0]["object"]["id"] == user["id"] and found[0]["at"] <= found[-1]["at"]


def test_a_change_that_changes_nothing_writes_no_entry(server, fresh, unique):
    user = fresh.user(unique("quiet@example.com"), title="same")
    before = server.acme.audit(class_="change")[-1]["seq"]
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "same"})
    fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "nothing..", "value": 1}, expect=400)
    assert server.acme.audit(class_="change")[-1]["seq"] == before


def test_refusals_are_counted_as_notices(server, fresh, unique):
    import time

    user = fresh.user(unique("noticed@example.com"))
    for _ in range(3):
        fresh("GET", "/Users?count=0", token=fresh.token[:-1] + ("0" if fresh.token[-1] != "0" else "1"), expect=401)
        fresh.patch(f"/Users/{user['id']}", {"op": "replace", "path": "userName", "value": None}, expect=400)
    member = server.acme.identity(unique("curious"), role="member")
    server.acme.api("GET", "/audit", token=member["token"], expect=403)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if any(e["event"] == "refused" and e["actor"].get("id") == member["id"] for e in server.acme.audit(class_="notice")):
            return
        time.sleep(0.2)
    raise AssertionError("no notice of the refusal in 10 s")


def test_decisions_leave_no_entry(server, fresh, unique):
    user = fresh.user(unique("asked@example.com"))
    before = server.acme.audit()[-1]["seq"]
    for _ in range(5):
        server.acme.decide(user["id"])
        server.acme.decide("nobody")
    assert [e for e in server.acme.audit() if e["seq"] > before and e["class"] == "change"] == []


def test_verify_says_whole(server):
    report = server.acme.verify()
    assert report["whole"] is True and report["bad_seq"] == 0 and report["first_seq"] == 1
    assert report["last_seq"] >= report["entries"] > 0


def test_ledgers_of_two_roots_are_apart(server, fresh, unique):
    fresh.user(unique("here@example.com"))
    assert all(fresh.id != e["actor"].get("id") for e in server.globex.audit())


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "\u202egnp.exe", "<script>alert(1)</script>", "\x1b[31mred\x1b[0m", "a\r\n{\"event\":\"forged\"}"])
def test_sec91_sec85_names_stay_inert_in_log_and_ledger(server, fresh, unique, name):
    fresh.user(unique("inert@example.com"), displayName=name)
    fresh("POST", "/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"{name}{unique('x')}"})
    server.acme.decide(name)
    text = server.log_text()
    assert "\x1b" not in text and "\u202e" not in text and "\r" not in text
    assert not any(line.get("event") == "forged" for line in server.log_lines())
    server.acme.audit()
    done = server.cli("audit", "tail", "--limit", "5")
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout


def test_export_is_the_ledger_line_by_line(server):
    lines = [json.loads(line) for line in server.cli("audit", "export").stdout.splitlines()]
    entries = [line for line in lines if "seq" in line and "event" in line]
    assert [e["seq"] for e in entries] == sorted(e["seq"] for e in entries)
    assert entries[0]["seq"] == 1 and len(entries) >= len(server.acme.audit(class_="change"))


def test_sec10_no_secret_in_log_or_ledger(server, unique):
    scim = server.acme.connection(unique("secretive"))
    made = server.acme.identity(unique("secretive-bot"))
    scim.user(unique("pw@example.com"), password="hunter2-hunter2")
    scim("GET", "/Users?count=0", token=scim.token + "x")
    text = server.log_text() + json.dumps(server.acme.audit())
    for secret in (scim.token, made["token"], server.acme.token, "hunter2-hunter2"):
        assert secret not in text


# ---- tampering: with the rows in reach, on SQLite ----


def entry_of(db, event, root):
    return db.execute("SELECT seq FROM ledger WHERE root_no = ? AND event = ? ORDER BY seq DESC", (root, event)).fetchone()[0]


def edit_body(db, root):
    seq = entry_of(db, "updated", root)
    db.execute("UPDATE ledger SET body = replace(body, '}', ',\"x\":1}') WHERE root_no = ? AND seq = ?", (root, seq))
    return seq


def edit_event(db, root):
    seq = entry_of(db, "deactivated", root)
    db.execute("UPDATE ledger SET event = 'updated' WHERE root_no = ? AND seq = ?", (root, seq))
    return seq


def edit_actor(db, root):
    seq = entry_of(db, "updated", root)
    db.execute("UPDATE ledger SET actor_no = actor_no + 1 WHERE root_no = ? AND seq = ?", (root, seq))
    return seq


def edit_time(db, root):
    seq = entry_of(db, "deactivated", root)
    db.execute("UPDATE ledger SET at_us = at_us - 1 WHERE root_no = ? AND seq = ?", (root, seq))
    return seq


def delete_one(db, root):
    seq = entry_of(db, "updated", root)
    db.execute("DELETE FROM ledger WHERE root_no = ? AND seq = ?", (root, seq))
    return seq


def delete_first(db, root):
    db.execute("DELETE FROM ledger WHERE root_no = ? AND seq = 1", (root,))
    return 1


def swap_two(db, root):
    seq = entry_of(db, "deactivated", root)
    for old, new in ((seq, -1), (seq - 1, seq), (-1, seq - 1)):
        db.execute("UPDATE ledger SET seq = ? WHERE root_no = ? AND seq = ?", (new, root, old))
    return seq - 1


def cut_tail(db, root):
    last = db.execute("SELECT max(seq) FROM ledger WHERE root_no = ?", (root,)).fetchone()[0]
    db.execute("DELETE FROM ledger WHERE root_no = ? AND seq = ?", (root, last))
    return last


def blank_half(db, root):
    seq = entry_of(db, "updated", root)
    db.execute("UPDATE ledger SET body = '' WHERE root_no = ? AND seq = ?", (root, seq))
    return seq


def insert_one(db, root):
    last = db.execute("SELECT max(seq) FROM ledger WHERE root_no = ?", (root,)).fetchone()[0]
    names = [row[1] for row in db.execute("PRAGMA table_info(ledger)") if row[1] != "seq"]
    db.execute(f"INSERT INTO ledger (seq, {', '.join(names)}) SELECT {last + 1}, {', '.join(names)} FROM ledger WHERE root_no = ? AND seq = ?", (root, last))
    return last + 1


def history(server, name="story"):
    """A small story with every event that the tampering looks for."""
    scim = server.acme.connection(name)
    user = scim.user(f"{name}@example.com")
    for title in ("a", "b"):
        scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": title})
    scim.activate(user["id"], False)
    scim.activate(user["id"], True)


def root_no(db):
    return db.execute("SELECT root_no FROM root WHERE slug_folded = 'acme'").fetchone()[0]


def open_database(server):
    db = sqlite3.connect(server.folder / "muster.db")
    db.execute("PRAGMA foreign_keys = OFF")
    return db


@pytest.mark.parametrize("tamper", [edit_body, edit_event, edit_actor, edit_time, delete_one, delete_first, swap_two, cut_tail, blank_half, insert_one],
                         ids=lambda tamper: tamper.__name__)
def test_sec90_tampering_is_found_and_the_first_bad_entry_named(sqlite_server, tamper):
    history(sqlite_server)
    assert sqlite_server.cli("audit", "verify").returncode == 0
    with sqlite_server.stopped():
        db = open_database(sqlite_server)
        seq = tamper(db, root_no(db))
        db.commit()
        db.close()
    done = sqlite_server.cli("audit", "verify", check=False)
    assert done.returncode == TAMPERED, done
    report = sqlite_server.acme.verify()
    assert report.get("whole") is False and report["bad_seq"] == seq and report["reason"], report
    assert str(seq) in done.stdout + done.stderr


def test_sec90_a_cut_tail_with_its_heads_mended_is_found_against_an_external_checkpoint(sqlite_server):
    """Rows, root row and checkpoint rows all say the same again; only a checkpoint kept elsewhere tells."""
    server = sqlite_server
    server.stop()
    server.write_conf(ledger={"checkpoint_interval": "1s"})
    server.start()
    history(server)
    checkpoints = server.wait_event("checkpoint", 15)
    while True:
        last = server.acme.audit()[-1]["seq"]
        checkpoints = [c for c in server.events("checkpoint") if c.get("seq") == last]
        if checkpoints:
            break
    copy = server.folder / "copy.json"
    copy.write_text(json.dumps(checkpoints[-1]) + "\n")
    assert server.cli("audit", "verify", "--checkpoint", copy).returncode == 0
    server.stop()
    db = open_database(server)
    root = root_no(db)
    keep = db.execute("SELECT max(seq) - 2 FROM ledger WHERE root_no = ?", (root,)).fetchone()[0]
    head, at_us = db.execute("SELECT hash, at_us FROM ledger WHERE root_no = ? AND seq = ?", (root, keep)).fetchone()
    db.execute("DELETE FROM ledger WHERE root_no = ? AND seq > ?", (root, keep))
    db.execute("DELETE FROM checkpoint WHERE root_no = ? AND seq > ?", (root, keep))
    db.execute("UPDATE root SET revision = ?, last_hash = ?, last_us = ? WHERE root_no = ?", (keep, head, at_us, root))
    db.commit()
    db.close()
    server.write_conf(ledger={"checkpoint_interval": "1h"})
    server.start()
    assert server.cli("audit", "verify", "--checkpoint", copy, check=False).returncode == TAMPERED


def test_sec90_a_prefix_deleted_up_to_a_checkpoint_is_found_unless_the_caller_knows_of_the_cut(sqlite_server):
    server = sqlite_server
    server.stop()
    server.write_conf(ledger={"checkpoint_interval": "1s"})
    server.start()
    history(server)
    cut = server.wait_event("checkpoint", 15)[-1]["seq"]
    history(server, "more")
    with server.stopped():
        db = open_database(server)
        db.execute("DELETE FROM ledger WHERE root_no = ? AND seq <= ?", (root_no(db), cut))
        db.commit()
        db.close()
    done = server.cli("audit", "verify", check=False)
    assert done.returncode == TAMPERED and f"entries 1 to {cut} were deleted" in done.stderr, done
    assert server.cli("audit", "verify", "--from-checkpoint", str(cut)).returncode == 0
    assert server.cli("audit", "verify", "--from-checkpoint", str(cut - 1), check=False).returncode == TAMPERED


def test_sec90_a_forged_checkpoint_is_refused(sqlite_server):
    server = sqlite_server
    server.stop()
    server.write_conf(ledger={"checkpoint_interval": "1s"})
    server.start()
    history(server)
    forged = server.wait_event("checkpoint", 15)[-1]
    forged["seq"] = forged["seq"] + 1000
    copy = server.folder / "forged.json"
    copy.write_text(json.dumps(forged) + "\n")
    assert server.cli("audit", "verify", "--checkpoint", copy, check=False).returncode != 0
