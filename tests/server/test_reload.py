# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: a new certificate for new handshakes, connections that stand go on, a bad file leaves the old one (DESIGN section 8)."""
import http.client
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

pytestmark = [pytest.mark.sanitize, pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")]


def make_certificate(folder, name, kind=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
    subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    (folder / f"{name}.key").chmod(0o600)
    return ssl.PEM_cert_to_DER_cert((folder / f"{name}.pem").read_text())


def install(folder, name):
    shutil.copy(folder / f"{name}.pem", folder / "live.pem")
    shutil.copy(folder / f"{name}.key", folder / "live.key")


def served(server, version=None):
    """The certificate that a new handshake gets."""
    context = ssl._create_unverified_context()  # pylint: disable=protected-access
    if version:
        context.maximum_version = version
    with socket.create_connection(("127.0.0.1", server.port), 10) as plain, context.wrap_socket(plain) as tls:
        return tls.getpeercert(binary_form=True)


def hang_up(server, event):
    before = len(server.events(event))
    server.process.send_signal(signal.SIGHUP)
    for _ in range(500):
        if len(server.events(event)) > before:
            return server.events(event)[-1]
        signal.sigtimedwait([], 0.01)
    raise AssertionError(f"no {event}")


def status(connection):
    connection.request("GET", "/api/v1/status")
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.fixture
def tls_server(sqlite_server):
    sqlite_server.stop()
    folder = sqlite_server.folder
    first = make_certificate(folder, "first")
    install(folder, "first")
    sqlite_server.write_conf(server={"public_url": f"https://127.0.0.1:{sqlite_server.port}", "tls_certificate_file": "live.pem", "tls_key_file": "live.key",
                                     "loops": 2})
    sqlite_server.start()
    sqlite_server.first = first
    return sqlite_server


def test_a_new_certificate_is_served_after_sighup_and_no_connection_is_dropped(tls_server):
    folder = tls_server.folder
    assert served(tls_server) == tls_server.first
    standing = [http.client.HTTPSConnection("127.0.0.1", tls_server.port, timeout=10, context=ssl._create_unverified_context())  # pylint: disable=protected-access
                for _ in range(8)]
    assert [status(connection) for connection in standing] == [401] * 8
    sockets = [connection.sock for connection in standing]
    for name, kind in (("second", ("rsa:2048",)), ("third", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))):
        made = make_certificate(folder, name, kind)
        install(folder, name)
        assert served(tls_server) != made
        hang_up(tls_server, "reloaded")
        assert [served(tls_server) for _ in range(6)] == [made] * 6
        assert served(tls_server, ssl.TLSVersion.TLSv1_2) == made
        assert [status(connection) for connection in standing] == [401] * 8
        assert [connection.sock for connection in standing] == sockets  # not opened anew
    for connection in standing:
        connection.close()


def test_a_certificate_that_cannot_be_used_leaves_the_old_one(tls_server):
    folder = tls_server.folder
    make_certificate(folder, "second")
    for spoil in (lambda: (folder / "live.pem").unlink(), lambda: (folder / "live.pem").write_text("no certificate"),
                  lambda: shutil.copy(folder / "second.pem", folder / "live.pem"),  # of another key
                  lambda: (install(folder, "first"), (folder / "live.key").chmod(0o644))):
        spoil()
        line = hang_up(tls_server, "not-reloaded")
        assert line["level"] == "error" and "live" in line["why"], line
        assert served(tls_server) == tls_server.first
    (folder / "live.key").chmod(0o600)
    install(folder, "second")
    hang_up(tls_server, "reloaded")
    assert served(tls_server) != tls_server.first


def test_a_certificate_that_is_not_the_keys_is_refused_at_start(tls_server):
    folder = tls_server.folder
    make_certificate(folder, "second")
    tls_server.stop()
    shutil.copy(folder / "second.pem", folder / "live.pem")
    done = tls_server.program("musterd", "--config", tls_server.conf, check=False)
    assert done.returncode != 0 and "live.pem" in done.stderr
    install(folder, "first")
    tls_server.start()


def test_the_password_of_the_database_is_read_again(own_server):
    """Its use is shown by its absence: the clusters of these tests ask for none."""
    password = own_server.folder / "password"
    password.write_text("first\n")
    password.chmod(0o600)
    own_server.stop()
    own_server.write_conf(database={"password_file": "password"})
    own_server.start()
    hang_up(own_server, "reloaded")
    password.unlink()
    assert "password" in hang_up(own_server, "not-reloaded")["why"]
    own_server.acme.api("GET", "/status", expect=200)
