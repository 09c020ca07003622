# SPDX-License-Identifier: Apache-2.0
"""What the network sends on bad days: smuggling, odd paths, forged headers, huge bodies, slow senders. Raw bytes where no client would
send them; tests/hostile holds the files that tests/unit/http replays too."""
import json
import pathlib
import select
import socket
import statistics
import time

import pytest

from harness.client import statuses

HOSTILE = sorted((pathlib.Path(__file__).resolve().parents[1] / "hostile").glob("*.http"))
# These statuses do not hang on the route table of the unit test.
UNROUTED = [path for path in HOSTILE if path.name[:3] in ("000", "400", "431", "505")]


@pytest.mark.sanitize
def test_there_are_hostile_requests():
    assert len(UNROUTED) >= 50


@pytest.mark.sanitize
@pytest.mark.parametrize("path", UNROUTED, ids=lambda path: path.stem)
def test_sec83_hostile_request_is_refused_and_the_connection_closed(server, path):
    # The library itself writes some refusals; whoever writes, a hostile request runs nothing and its connection ends.
    data, closed = server.http.raw(path.read_bytes(), timeout_s=5)
    assert closed, f"still open after {data[:200]!r}"
    # A broken body at an address that is not there: refused by the address, before the body is read.
    expected = {int(path.name[:3]), 400} | ({404} if path.stem.startswith("400-chunk") else set())
    assert set(statuses(data)) <= expected, data[:400]  # the library writes some of its heads twice
    if path.name[:3] == "400":
        assert statuses(data), "no answer"
    assert server.ready() == 200


def smuggled(server, head):
    """A second request hides behind `head`; it must never be answered."""
    inner = f"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.acme.token}\r\n\r\n"
    return server.http.raw(head.replace("PORT", str(server.port)).encode() + inner.encode(), timeout_s=5)


@pytest.mark.sanitize
@pytest.mark.parametrize("head", [
    "POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 4\r\nContent-Length: 0\r\n\r\nabcd",
    "POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "GET /livez HTTP/1.1\nHost: 127.0.0.1:PORT\n\n",
    "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: a\r\n b\r\n\r\n",
])
def test_sec83_a_smuggled_request_never_runs(server, head):
    data, closed = smuggled(server, head)
    assert closed and b'"organization"' not in data and set(statuses(data)) <= {400}


@pytest.mark.sanitize
@pytest.mark.parametrize("path", ["/scim/v2/%2e%2e/%2e%2e/api/v1/status", "/scim/v2/..%2f..%2fapi/v1/status", "//api/v1/status", "/api//v1/status", "/api/v1/./status",
                                  "/api/v1/status%00", "/api/v1/status.", "/API/V1/STATUS", "/api/v1/status/", "/api/v1%2fstatus", "/api/v1/status%20",
                                  "/api/v1/\\status", "/api/v1/status;x=1"])
def test_sec84_odd_paths_never_reach_another_route(server, scim, path):
    for token in (scim.token, server.acme.token):
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        data, _ = server.http.raw(request.encode())
        assert statuses(data) and statuses(data)[0] in (400, 401, 403, 404), (path, data[:200])
        assert b'"organization"' not in data


@pytest.mark.sanitize
@pytest.mark.parametrize("header", ["X-Forwarded-Host: evil.example", "Forwarded: host=evil.example;proto=https", "X-Forwarded-Proto: https", "X-Forwarded-Port: 1",
                                    "X-Original-URL: /api/v1/status", "X-Rewrite-URL: /api/v1/status", "X-Forwarded-Prefix: /evil"])
def test_sec81_links_come_from_the_configuration(server, scim, unique, header):
    name, value = header.split(": ", 1)
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": unique("link@example.com")}
    reply = scim("POST", "/Users", body, headers={name: value}, expect=201)
    assert reply.headers["Location"].startswith(server.url + "/scim/v2/Users/") and "evil" not in reply.text
    assert reply.json["meta"]["location"] == reply.headers["Location"]


@pytest.mark.sanitize
def test_sec81_a_forged_host_changes_no_link(server, scim):
    request = f"GET /scim/v2/ServiceProviderConfig HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {scim.token}\r\nConnection: close\r\n\r\n"
    data, _ = server.http.raw(request.encode())
    assert b"evil.example" not in data


@pytest.mark.sanitize
def test_sec82_forwarded_for_is_ignored_without_a_trusted_proxy(server, scim):
    scim("GET", "/Users?count=0", headers={"X-Forwarded-For": "203.0.113.77"}, expect=200)
    assert "203.0.113.77" not in server.log_text()


def test_sec82_the_last_hop_counts_behind_a_trusted_proxy(bare_server):
    if bare_server.engine != "sqlite":
        bare_server.install("acme")  # the same on both engines; once is enough to start
    else:
        bare_server.write_conf(server={"behind_proxy": "yes", "trusted_proxies": "127.0.0.1"}, log={"level": "debug"})
        bare_server.install("acme")
    bare_server.start()
    bare_server.acme.api("GET", "/status", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.77"}, expect=200)
    bare_server.acme.api("GET", "/status", token="", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.77"}, expect=401)
    time.sleep(0.2)
    assert "198.51.100.1" not in bare_server.log_text()


def head_of_upload(server, token, extra):
    return (f"POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\n{extra}\r\n\r\n").encode()


@pytest.mark.sanitize
def test_sec19_a_body_of_a_gibibyte_is_refused_before_it_is_sent(server, scim):
    before = server.rss_kib()
    start = time.monotonic()
    data, closed = server.http.raw(head_of_upload(server, scim.token, "Content-Length: 1073741824") + b"x" * 100000)
    assert statuses(data) == [413] and closed and time.monotonic() - start < 5
    assert server.rss_kib() - before < 20 * 1024


@pytest.mark.sanitize
def test_sec19_chunks_without_end_are_cut(server, scim):
    before = server.rss_kib()
    chunk = b"10000\r\n" + b"y" * 0x10000 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(head_of_upload(server, scim.token, "Transfer-Encoding: chunked"))
        try:
            while sent < 256 << 20:
                if select.select([sock], [], [], 0)[0]:
                    break
                sock.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        try:
            data = sock.recv(65536)
        except OSError:
            data = b""
    assert sent < 64 << 20 and (not data or statuses(data)[0] == 413)
    assert server.rss_kib() - before < 30 * 1024


@pytest.mark.sanitize
def test_sec19_compressed_bodies_are_refused(server, scim):
    scim("POST", "/Users", b"\x1f\x8b\x08\x00", headers={"Content-Encoding": "gzip"}, expect=415)


@pytest.mark.sanitize
def test_deep_and_wide_json_is_refused_with_flat_memory(server, scim):
    before = server.rss_kib()
    for text in ("[" * 100000, '{"a":' * 50000, '{"schemas":[' + ",".join(['"x"'] * 60000) + "]}"):
        assert scim("POST", "/Users", text).status in (400, 413)
    assert server.rss_kib() - before < 60 * 1024


@pytest.mark.sanitize
@pytest.mark.parametrize("length", [9000, 40000, 200000])
def test_sec14_a_url_over_the_limit_is_refused_and_closed(server, scim, length):
    request = f"GET /scim/v2/Users?filter={'x' * length} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {scim.token}\r\n\r\n"
    data, closed = server.http.raw(request.encode(), timeout_s=5)
    assert closed and statuses(data)[:1] and statuses(data)[0] in (400, 413, 414, 431)


def half_open(server, count, data):
    """Non-blocking sockets that have sent part of a request."""
    sockets = []
    for _ in range(count):
        sock = socket.socket()
        sock.setblocking(False)
        try:
            sock.connect(("127.0.0.1", server.port))
        except BlockingIOError:
            pass
        sockets.append(sock)
        if len(sockets) % 200 == 0:  # select(2) ends at descriptor 1023
            poll = select.poll()
            poll.register(sock, select.POLLOUT)
            poll.poll(10000)
    for sock in sockets:
        for _ in range(500):
            try:
                sock.send(data)
                break
            except BlockingIOError:
                time.sleep(0.002)
    return sockets


def test_ten_thousand_half_sent_requests_leave_the_healthy_ones_alone(sqlite_server):
    import resource

    server = sqlite_server
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10000, hard - 500)
    assert count == 10000, f"the hard limit of open files is {hard}; this test needs 10500"
    scim = server.acme.connection("healthy")
    user = scim.user("healthy@example.com")
    scim.activate(user["id"], True)
    sockets = []
    try:
        part = f"POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bear".encode()
        sockets = half_open(server, count, part)
        deadline = time.monotonic() + 20
        while server.open_files() < count and time.monotonic() < deadline:
            time.sleep(0.1)
        assert server.open_files() >= count
        times = []
        for number in range(300):
            if number % 30 == 0:
                server.http.close()  # a new connection now and then
            start = time.perf_counter()
            if number % 3 == 0:
                scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": f"t{number}"})
            else:
                assert server.acme.decide(user["id"]) is True
            times.append((time.perf_counter() - start) * 1000)
        assert server.rss_kib() < 160 * 1024
        assert statistics.median(times) < 20 and sorted(times)[-3] < 500, sorted(times)[-10:]
        assert server.ready() == 200
    finally:
        for sock in sockets:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_slow_senders_are_cut_and_their_time_is_bounded(bare_server):
    server = bare_server
    server.write_conf(server={"idle_timeout": "2s", "request_timeout": "4s"})
    server.install("acme")
    server.start()
    start = time.monotonic()
    silent = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    silent.sendall(b"GET /livez HTTP/1.1\r\n")
    drip = socket.create_connection(("127.0.0.1", server.port), timeout=0.01)
    head = head_of_upload(server, server.acme.token, "Content-Length: 1000000")
    drip.sendall(head)
    closed_at = None
    while time.monotonic() - start < 15 and closed_at is None:
        time.sleep(0.5)
        try:
            drip.sendall(b"x")
            if drip.recv(1000) == b"":
                closed_at = time.monotonic() - start
            else:
                closed_at = time.monotonic() - start  # a refusal was written: 401 or 408, then the end
        except socket.timeout:
            continue
        except OSError:
            closed_at = time.monotonic() - start
    assert closed_at is not None and closed_at < 10
    silent.settimeout(8)
    try:
        rest = silent.recv(1000)
    except ConnectionResetError:
        rest = b""
    assert rest == b"" or statuses(rest)
    silent.close()
    drip.close()


@pytest.mark.parametrize("count", [16, 127, 128, 129, 256])
def test_no_connection_starves_through_loops_and_workers(server, scim, unique, count):
    """0.9.75's own epoll loop stalls at exactly 128*k ready connections; ours may not."""
    user = scim.user(unique("starve@example.com"))
    request = (f"GET /scim/v2/Users/{user['id']} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {scim.token}\r\n\r\n").encode()
    sockets = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(count)]
    try:
        for _ in range(5):
            start = time.monotonic()
            for sock in sockets:
                sock.sendall(request)
            waiting, worst = {sock.fileno(): (sock, b"") for sock in sockets}, 0.0
            while waiting:
                ready, _, _ = select.select([sock for sock, _ in waiting.values()], [], [], 10)
                assert ready, f"{len(waiting)} of {count} connections have no answer after 10 s"
                for sock in ready:
                    data = waiting[sock.fileno()][1] + sock.recv(65536)
                    head, _, body = data.partition(b"\r\n\r\n")
                    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), None)
                    if length is not None and len(body) >= length:
                        assert data.startswith(b"HTTP/1.1 200"), data[:100]
                        del waiting[sock.fileno()]
                        worst = time.monotonic() - start
                    else:
                        waiting[sock.fileno()] = (sock, data)
            assert worst < 2.0, f"the last of {count} answers took {worst:.2f} s"
    finally:
        for sock in sockets:
            sock.close()


@pytest.mark.sanitize
def test_pipelined_requests_are_answered_in_order(server, scim):
    one = f"GET /scim/v2/Users?count=0 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {scim.token}\r\nX-Request-ID: pipe-%d\r\n\r\n"
    last = one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    data, closed = server.http.raw("".join([one % 1, one % 2, one % 3, last % 4]).encode())
    assert closed and statuses(data) == [200] * 4
    assert [data.find(f"pipe-{n}".encode()) for n in (1, 2, 3, 4)] == sorted(data.find(f"pipe-{n}".encode()) for n in (1, 2, 3, 4))


@pytest.mark.sanitize
def test_a_client_that_goes_away_leaves_nothing_behind(sqlite_server):
    # The library may miss an end of stream that comes together with data; then the deadline of the request ends the connection.
    server = sqlite_server
    server.write_conf(server={"request_timeout": "3s"})
    server.restart()
    scim = server.acme.connection("leaves")
    files = server.open_files()
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(head_of_upload(server, scim.token, "Content-Length: 500") + b'{"schemas":')
    deadline = time.monotonic() + 30
    while server.open_files() > files + 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.open_files() <= files + 3
    assert json.loads(scim("GET", "/Users?count=0", expect=200).text)["totalResults"] >= 0
