# SPDX-License-Identifier: Apache-2.0
"""Disk full, database away, database read-only, clock jumps (security list 94, 95): refused and said so, nothing half, recovery alone.

Full disks are small tmpfs mounts; a place that cannot mount says so. I/O errors below SQLite are injected by the unit tests of store.
"""
import glob
import os
import pathlib
import subprocess
import tempfile
import time

import pytest

from harness.postgres import Cluster
from harness.server import SANITIZED, Server

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


class SmallDisk:
    """A tmpfs of a few MiB that a ballast file fills."""

    def __init__(self, folder, mib):
        self.folder = folder
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0777", "muster-test", str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")

    def fill(self):
        with open(self.folder / "ballast", "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 65536):
                    pass
            except OSError:
                pass
            try:
                while file.write(b"\0" * 512):
                    pass
            except OSError:
                pass

    def relieve(self):
        (self.folder / "ballast").unlink(missing_ok=True)

    def remove(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=False)


@pytest.fixture
def small_disk():
    # Not below pytest's own folder, which PostgreSQL's user may not enter.
    with tempfile.TemporaryDirectory(prefix="muster-disk-", ignore_cleanup_errors=True) as folder:
        pathlib.Path(folder).chmod(0o755)
        disk = SmallDisk(pathlib.Path(folder) / "disk", 160)
        yield disk
        disk.remove()


def write_until_refused(scim, most=20000):
    """Creates users until one is refused; returns (acknowledged ids, the refusal)."""
    made = []
    for number in range(most):
        reply = scim("POST", "/Users", {"schemas": [USER], "userName": f"full-{time.monotonic_ns()}-{number}@example.com", "title": "x" * 900})
        if reply.status != 201:
            return made, reply
        made.append(reply.json["id"])
    raise AssertionError("the disk never filled")


def wait_for_write(scim, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while True:
        reply = scim("POST", "/Users", {"schemas": [USER], "userName": f"after-{time.monotonic_ns()}@example.com"})
        if reply.status == 201:
            return
        assert time.monotonic() < deadline, f"no recovery in {timeout_s} s: {reply}"
        assert reply.status in (503, 507), reply
        time.sleep(0.2)


def live_through_full_disk(server, disk):
    scim = server.acme.connection("full")
    user = scim.user("reader@example.com")
    disk.fill()
    made, refusal = write_until_refused(scim)
    assert refusal.status in (503, 507), refusal
    # Reading and deciding go on.
    assert server.acme.decide(user["id"]) is True
    scim("GET", f"/Users/{user['id']}", expect=200)
    # A deactivation is never half: refused and not in force, or acknowledged and in force.
    reply = scim.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": False}}, expect=None)
    assert reply.status in (200, 204, 503, 507)
    assert server.acme.decide(user["id"]) is (reply.status in (503, 507))
    disk.relieve()
    wait_for_write(scim)
    for identifier in made:
        scim("GET", f"/Users/{identifier}", expect=200)
    assert scim("GET", "/Users?count=0", expect=200).json["totalResults"] >= len(made) + 2
    assert server.acme.verify()["whole"] is True


def test_sec95_disk_full_on_sqlite_refuses_and_recovers(small_disk, tmp_path):
    folder = small_disk.folder / "muster"
    folder.mkdir()
    server = Server(folder, "sqlite")
    server.log_path = tmp_path / "musterd.log"
    server.install("acme")
    server.start()
    try:
        live_through_full_disk(server, small_disk)
        assert server.stop() == 0
    finally:
        server.kill9()


def test_sec95_disk_full_on_postgres_refuses_and_recovers(small_disk, tmp_path):
    folder = small_disk.folder / "cluster"
    folder.mkdir()
    # A full log (pg_wal) stops the whole PostgreSQL by design; a preallocated one keeps the fault to the data files.
    cluster = Cluster(folder, settings=["min_wal_size = 24MB", "max_wal_size = 24MB", "checkpoint_timeout = 1h", "wal_recycle = on"])
    home = tmp_path / "musterd"
    home.mkdir()
    server = Server(home, "postgres", cluster)
    server.install("acme")
    server.start()
    try:
        try:
            live_through_full_disk(server, small_disk)
        except AssertionError:
            # PostgreSQL itself may have gone down on a full pg_wal: relieved and restarted, everything acknowledged must stand.
            if "PANIC" not in (cluster.folder / "log").read_text(errors="replace"):
                raise
            small_disk.relieve()
            cluster.stop("immediate")
            cluster.start()
            wait_for_write(server.acme.connection("after-panic"))
            assert server.acme.verify()["whole"] is True
        assert server.stop() == 0
    finally:
        server.kill9()
        cluster.remove()


@pytest.fixture
def own_postgres(tmp_path):
    """A cluster that may be stopped and hurt, with a server on it."""
    cluster = Cluster()
    folder = tmp_path / "musterd"
    folder.mkdir()
    server = Server(folder, "postgres", cluster)
    server.install("acme")
    server.start()
    yield server
    code = server.stop()
    cluster.remove()
    assert code == 0


def test_sec95_database_away_fails_closed_and_comes_back(own_postgres):
    server, cluster = own_postgres, own_postgres.cluster
    scim = server.acme.connection("away")
    user = scim.user("away@example.com")
    assert server.acme.decide(user["id"]) is True
    cluster.stop("immediate")
    reply = scim.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": False}}, expect=None)
    assert reply.status == 503 and int(reply.headers["Retry-After"]) >= 1
    assert scim("GET", f"/Users/{user['id']}").status == 503
    server.wait_readyz(503, 6)
    assert server.ops.request("GET", "/livez").status == 200
    cluster.start()
    server.wait_readyz(200, 11)
    assert scim("GET", f"/Users/{user['id']}", expect=200).json["active"] is True
    scim.activate(user["id"], False)
    assert server.acme.decide(user["id"]) is False
    assert server.acme.verify()["whole"] is True


def test_sec95_connections_cut_while_idle_are_not_seen_by_clients(own_postgres):
    server, cluster = own_postgres, own_postgres.cluster
    scim = server.acme.connection("cut")
    user = scim.user("cut@example.com")
    for _ in range(3):
        cluster.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{server.database}' AND pid <> pg_backend_pid()")
        time.sleep(0.3)
        answers = [scim("GET", f"/Users/{user['id']}").status for _ in range(3)]
        assert answers[-1] == 200 and set(answers) <= {200, 503}
        wait_for_write(scim, 10)
    assert server.acme.verify()["whole"] is True


def test_sec95_read_only_database_refuses_writes_and_recovers(own_postgres):
    server, cluster = own_postgres, own_postgres.cluster
    scim = server.acme.connection("read-only")
    user = scim.user("ro@example.com")
    cluster.sql(f"ALTER DATABASE {server.database} SET default_transaction_read_only = on")
    end_sessions = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{server.database}' AND pid <> pg_backend_pid()"
    cluster.sql(end_sessions)
    time.sleep(0.3)
    replies = [scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "x"}, expect=None).status for _ in range(3)]
    assert set(replies) <= {503, 507}
    # New connections want a primary (target_session_attrs): a standby's stale rows are no answer, so reads may be refused as well.
    assert scim("GET", f"/Users/{user['id']}").status in (200, 503)
    cluster.sql(f"ALTER DATABASE {server.database} SET default_transaction_read_only = off")
    cluster.sql(end_sessions)
    wait_for_write(scim)
    assert scim("GET", f"/Users/{user['id']}", expect=200).json.get("title") != "x"


# ---- the clock (security list 94) ----

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


def faked(server, offset):
    """Environment that lets the test move the server's wall clock by a file; CLOCK_MONOTONIC stays true."""
    path = server.folder / "clock"
    path.write_text(offset + "\n")
    return path, {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(path), "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
                  "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.mark.skipif(SANITIZED, reason="a preloaded library comes before the sanitizer's")
def test_sec94_clock_jumps_revive_nothing_and_store_no_expiry(sqlite_server):
    assert FAKETIME, "libfaketime is not installed"
    server = sqlite_server
    server.stop()
    clock, env = faked(server, "+0")
    server.start(env=env)
    acme = server.acme
    scim = acme.connection("clock")
    user = scim.user("clock@example.com")
    old = acme.identity("old-token", role="admin")
    acme.api("POST", f"/identities/{old['id']}/rotate", {}, expect=(200, 201))
    clock.write_text("-3600\n")  # one hour back
    time.sleep(1)
    acme.api("GET", "/status", token=old["token"], expect=401)  # the rotated token stays dead
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "back"})
    times = [entry["at"] for entry in acme.audit()]
    assert times == sorted(times), "stored time never goes back"
    before = len(acme.audit(class_="change"))
    clock.write_text("+315360000\n")  # ten years forward: expired by the clock as read, and nothing stored because of it
    time.sleep(3)
    scim("GET", "/Users?count=0", expect=401)
    assert "clock" in server.log_text()
    clock.write_text("+0\n")
    time.sleep(1)
    scim("GET", f"/Users/{user['id']}", expect=200)
    acme.api("GET", "/status", expect=200)
    assert acme.decide(user["id"]) is True
    assert len(acme.audit(class_="change")) == before
    assert acme.verify()["whole"] is True


@pytest.mark.skipif(SANITIZED, reason="a preloaded library comes before the sanitizer's")
def test_a_short_lived_token_expires_by_itself(sqlite_server):
    server = sqlite_server
    server.stop()
    clock, env = faked(server, "+0")
    server.start(env=env)
    made = server.acme.identity("brief", role="admin", ttl_s=60)
    server.acme.api("GET", "/status", token=made["token"], expect=200)
    clock.write_text("+90\n")
    time.sleep(1)
    server.acme.api("GET", "/status", token=made["token"], expect=401)
    server.acme.api("GET", "/status", expect=200)
