# SPDX-License-Identifier: Apache-2.0
"""Start, stop, health, metrics, logs, socket activation, configuration and its refusals."""
import json
import os
import pathlib
import re
import resource
import socket
import stat
import threading
import time

import pytest

from harness.server import BUILD, ROOT, SANITIZED, Server


def test_ready_names_the_listeners_once(server):
    lines = server.events("ready")
    assert len(lines) == 1 and f"127.0.0.1:{server.port}" in json.dumps(lines[0]) and f"127.0.0.1:{server.port + 1}" in json.dumps(lines[0])


def test_health_and_metrics_stand_on_the_operations_listener_only(server):
    assert server.ops.request("GET", "/livez").status == 200
    assert server.ops.request("GET", "/readyz").status == 200
    for path in ("/livez", "/readyz", "/metrics"):
        assert server.http.request("GET", path, token=server.acme.token).status == 404
    assert server.ops.request("GET", "/scim/v2/Users").status == 404
    assert server.ops.request("POST", "/metrics", {}).status in (405, 413)


def test_metrics_count_and_name_no_tenant(server, unique):
    name = unique("hidden@example.com")
    scim = server.acme.connection(unique("hidden-connection"))
    before = server.metrics()
    user = scim.user(name)
    server.acme.decide(user["id"])
    server.acme.decide("nobody")
    after = server.metrics()
    moved = {key: after[key] - before.get(key, 0) for key in after}
    assert moved['muster_decision_total{effect="allow"}'] == 1 and moved['muster_decision_total{effect="deny"}'] == 1
    assert moved["muster_store_changes_total"] >= 1 and moved['muster_audit_events_total{class="change"}'] >= 1
    assert any(key.startswith("muster_build_info{") and value == 1 for key, value in after.items())
    text = server.ops.request("GET", "/metrics").text
    for private in (name, "acme", "globex", user["id"], "hidden-connection", server.acme.id):
        assert private not in text
    for line in text.splitlines():
        assert line.startswith("#") or re.fullmatch(r'muster_[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+]+(\+Inf)?', line), line


def test_log_lines_are_json_with_request_ids(server, scim, unique):
    scim("GET", "/Users?count=0", headers={"X-Request-ID": "look-for-me"}, expect=200)
    scim("POST", "/Users", "{", headers={"X-Request-ID": "and-for-me"}, expect=400)
    for line in server.log_text().splitlines():
        parsed = json.loads(line)
        assert {"at", "level", "event"} <= set(parsed)
    assert "and-for-me" in server.log_text() or server.settings.get("log", {}).get("level", "info") != "debug"


def test_files_of_the_installation_are_private(server):
    for name in ("master.key", "checkpoint.key"):
        mode = stat.S_IMODE((server.folder / name).stat().st_mode)
        assert mode == 0o600, name


@pytest.mark.skipif(SANITIZED, reason="a sanitizer changes times and memory")
def test_an_empty_start_is_fast_and_small(bare_server):
    bare_server.install("acme")
    times = []
    for _ in range(5):
        start = time.monotonic()
        bare_server.start()
        times.append((time.monotonic() - start) * 1000)
        idle = bare_server.rss_kib()
        bare_server.stop()
    assert min(times) < 2000, times  # ten times the bar, which bench/run.py judges
    assert idle < 20 * 1024, idle


def test_sigterm_during_a_request_lets_it_end(own_server):
    """Half of the body is sent before SIGTERM, half after: the answer still comes, and what it acknowledged stands."""
    server = own_server
    scim = server.acme.connection("drain")
    body = json.dumps({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "drained@example.com"}).encode()
    head = (f"POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {scim.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(head + body[:20])
        time.sleep(0.3)
        server.process.terminate()
        time.sleep(0.3)
        sock.sendall(body[20:])
        answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 201"), answer[:300]
    assert server.wait_end() == 0
    server.start()
    assert scim("GET", '/Users?filter=userName eq "drained@example.com"', expect=200).json["totalResults"] == 1


def test_sigterm_under_load_loses_no_acknowledged_write(own_server):
    server = own_server
    scim = server.acme.connection("term")
    acknowledged, lock = [], threading.Lock()

    def write(number):
        count = 0
        while True:
            name = f"term-{number}-{count}@example.com"
            count += 1
            try:
                reply = scim("POST", "/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name})
            except OSError:
                return
            except Exception:  # noqa: BLE001  http.client: the connection ended between two requests
                return
            if reply.status == 201:
                with lock:
                    acknowledged.append(reply.json["id"])
            elif reply.status != 503:
                raise AssertionError(reply)

    for _ in range(3):
        threads = [threading.Thread(target=write, args=(f"{time.monotonic_ns()}-{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(0.4)
        assert server.stop() == 0
        for thread in threads:
            thread.join()
        server.start()
    assert len(acknowledged) > 20
    for user in acknowledged:
        scim("GET", f"/Users/{user}", expect=200)
    assert server.acme.verify()["whole"] is True


def test_socket_activation_keeps_the_listener(bare_server):
    server = bare_server
    server.install("acme")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", server.port))
        listener.listen(128)
        inherited = listener.fileno()

        def third():
            os.dup2(inherited, 3, inheritable=True)

        # LISTEN_PID must be the pid of musterd itself: the shell becomes it.
        command = ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec "$0" --config "$1"', str(BUILD / "musterd"), str(server.conf)]
        for _ in range(2):
            server.start(command=command, prepare=third, pass_fds=(3, inherited))
            server.acme.api("GET", "/status", expect=200)
            server.stop()
        # While nobody runs, a connection waits instead of being refused, and is answered by the next musterd.
        early = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        early.sendall(f"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.acme.token}\r\n\r\n".encode())
        server.start(command=command, prepare=third, pass_fds=(3, inherited))
        assert early.recv(65536).startswith(b"HTTP/1.1 200")
        early.close()


def test_sd_notify_says_ready_and_stopping(bare_server, tmp_path):
    server = bare_server
    server.install("acme")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        path = str(tmp_path / "notify")
        notify.bind(path)
        notify.settimeout(20)
        server.start(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
        seen = ""
        while "READY=1" not in seen:
            seen += notify.recv(4096).decode() + "\n"
        while "WATCHDOG=1" not in seen:
            seen += notify.recv(4096).decode() + "\n"
        server.stop()
        while "STOPPING=1" not in seen:
            seen += notify.recv(4096).decode() + "\n"


def test_a_second_musterd_on_one_installation_is_refused(own_server):
    done = own_server.program("musterd", "--config", own_server.conf, check=False, timeout=20)
    assert done.returncode != 0 and own_server.acme.api("GET", "/status", expect=200)
    again = own_server.program("muster", "init", "--config", own_server.conf, "--org", "other", "--name", "Other", "--admin-email", "a@b.example", "--json", check=False)
    assert again.returncode != 0 and again.stderr.strip()


# ---- configuration ----


def check_config(folder, text, name="x.conf"):
    made = pathlib.Path(folder) / name
    made.write_text(text)
    import subprocess

    done = subprocess.run([str(BUILD / "musterd"), "--check-config", "--config", str(made)], capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stdout + done.stderr


GOOD = "[server]\npublic_url = https://id.example.com\n"


@pytest.mark.sanitize
@pytest.mark.parametrize(("text", "words"), [
    (GOOD + "listenn = 127.0.0.1:1\n", [":3", "listenn", "listen"]),
    (GOOD + "[databse]\nurl = sqlite:x.db\n", [":3", "databse", "database"]),
    (GOOD + "workers = 4\nworkers = 5\n", [":4", "workers"]),
    (GOOD + "workers = many\n", [":3", "workers"]),
    (GOOD + "workers = 0\n", [":3", "workers"]),
    (GOOD + "idle_timeout = 5y\n", [":3", "idle_timeout"]),
    (GOOD + "behind_proxy = perhaps\n", [":3", "behind_proxy"]),
    (GOOD + "behind_proxy = yes\n", ["trusted_proxies"]),
    ("[server]\n", ["public_url"]),
    ("", ["public_url"]),
    ("[server]\npublic_url = http://id.example.com\n", ["public_url", "https"]),
    ("[server]\npublic_url = ftp://id.example.com\n", ["public_url"]),
    (GOOD + "listen = 0.0.0.0:8080\n", ["listen", "behind_proxy"]),
    (GOOD + "listen = [::]:8080\n", ["listen"]),
    (GOOD + "listen = 127.0.0.1\n", ["listen"]),
    (GOOD + "tls_key_file = /x\n", ["tls_certificate_file"]),
    (GOOD + "[database]\nurl = postgresql://u:secret@127.0.0.1/x\n", [":4", "password"]),
    (GOOD + "[database]\nurl = mysql://x\n", [":4", "sqlite"]),
    (GOOD + "[log]\nlevel = loud\n", [":4", "level"]),
    ("public_url = https://id.example.com\n", [":1"]),
    (GOOD + "[server\n", [":3"]),
    (GOOD + "just words\n", [":3"]),
])
def test_check_config_names_file_line_and_reason(tmp_path, text, words):
    code, output = check_config(tmp_path, text)
    assert code != 0
    for word in words:
        assert word in output, f"{word!r} not in {output!r}"
    assert "secret@" not in output


@pytest.mark.sanitize
def test_check_config_accepts_what_is_right(tmp_path):
    assert check_config(tmp_path, GOOD)[0] == 0
    assert check_config(tmp_path, "[server]\npublic_url = http://localhost:8080/\n")[0] == 0
    assert check_config(tmp_path, GOOD + "listen = 0.0.0.0:8080\nbehind_proxy = yes\ntrusted_proxies = 10.0.0.0/8, ::1\n")[0] == 0
    example = (ROOT / "conf" / "muster.conf").read_text()
    assert check_config(tmp_path, example.replace("#public_url", "public_url"))[0] == 0
    everything = re.sub(r"^#(?=[a-z_]+ = \S)", "", example, flags=re.M)
    assert check_config(tmp_path, everything)[0] == 0, "an example value is refused"


@pytest.mark.sanitize
def test_usage_errors_of_musterd(tmp_path):
    import subprocess

    for arguments in (["--frobnicate"], ["--config"], ["--config", str(tmp_path / "absent.conf")]):
        done = subprocess.run([str(BUILD / "musterd"), *arguments], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode != 0 and (done.stderr + done.stdout).strip(), arguments
    version = subprocess.run([str(BUILD / "musterd"), "--version"], capture_output=True, text=True, timeout=20, check=False)
    assert version.returncode == 0 and re.search(r"\d+\.\d+", version.stdout)


def test_a_key_that_others_can_read_is_refused(bare_server):
    bare_server.install("acme")
    key = bare_server.folder / "master.key"
    key.chmod(0o644)
    with pytest.raises(AssertionError, match="ended with"):
        bare_server.start()
    key.chmod(0o600)
    bare_server.start()


def test_keys_come_as_systemd_credentials(bare_server):
    server = bare_server
    server.install("acme")
    credentials = server.folder / "credentials"
    credentials.mkdir()
    for name in ("master.key", "checkpoint.key"):
        (server.folder / name).rename(credentials / name)
        (credentials / name).chmod(0o400)
    server.start(env={"CREDENTIALS_DIRECTORY": str(credentials)})
    server.acme.api("GET", "/status", expect=200)


def test_postgres_password_comes_from_a_file_and_never_shows(request, tmp_path):
    from harness.postgres import Cluster

    cluster = Cluster(settings=["password_encryption = 'scram-sha-256'"])
    try:
        cluster.sql("CREATE ROLE guarded LOGIN PASSWORD 'very-secret-word'")
        server = Server(tmp_path, "postgres", cluster)
        cluster.sql(f"ALTER DATABASE {server.database} OWNER TO guarded")
        hba = cluster.data / "pg_hba.conf"
        hba.write_text("host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n" + "local all all trust\n")
        cluster.sql("SELECT pg_reload_conf()")
        (server.folder / "password").write_text("very-secret-word\n")
        (server.folder / "password").chmod(0o600)
        server.write_conf(database={"url": cluster.url(server.database).replace("muster@", "guarded@"), "password_file": "password"})
        server.install("acme")
        server.start()
        server.acme.api("GET", "/status", expect=200)
        assert "very-secret-word" not in server.log_text() + pathlib.Path(f"/proc/{server.pid}/cmdline").read_text()
        assert "very-secret-word" not in pathlib.Path(f"/proc/{server.pid}/environ").read_text()
        assert server.stop() == 0
    finally:
        cluster.remove()


def test_core_dumps_are_off_and_the_file_limit_is_raised(own_server):
    limits = pathlib.Path(f"/proc/{own_server.pid}/limits").read_text()
    row = next(line for line in limits.splitlines() if line.startswith("Max open files")).split()
    assert row[3] == row[4], "the soft limit of open files is the hard one"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= int(row[3])


def test_memory_and_descriptors_stay_flat(sqlite_server):
    server = sqlite_server
    scim = server.acme.connection("flat")
    user = scim.user("flat@example.com")

    def rounds(count):
        for number in range(count):
            scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": f"t{number % 7}"})
            scim("GET", f"/Users/{user['id']}", expect=200)
            server.acme.decide(user["id"])
            scim("GET", "/Users/none", expect=404)

    rounds(500)
    rss, files = server.rss_kib(), server.open_files()
    rounds(1500)
    assert server.rss_kib() - rss < (64 * 1024 if SANITIZED else 3 * 1024)
    assert server.open_files() <= files + 2
