# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a PostgreSQL cluster for the run, one shared server per test file and engine, and servers of a test's own."""
import itertools
import os
import signal

import pytest

from harness.postgres import Cluster
from harness.server import BUILD, SANITIZED, Server

ENGINES = ["sqlite", "postgres"]
LONG = os.environ.get("MUSTER_LONG") == "1"
TEST_LIMIT_S = int(os.environ.get("MUSTER_TEST_SECONDS", "1800" if LONG or SANITIZED else "240"))
numbers = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "only(engine): runs on one engine")


def pytest_report_header():
    return f"musterd: {BUILD}"


@pytest.fixture(autouse=True)
def time_limit(request):
    """A test that hangs fails by itself, with the place where it hung."""

    def too_long(*_):
        raise AssertionError(f"took longer than {TEST_LIMIT_S} s")

    old = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_LIMIT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old)


@pytest.fixture(scope="session")
def postgres():
    cluster = Cluster()
    yield cluster
    cluster.remove()


def make_server(request, tmp_path_factory, engine):
    cluster = request.getfixturevalue("postgres") if engine == "postgres" else None
    return Server(tmp_path_factory.mktemp("musterd"), engine, cluster)


def check_end(server):
    """Every server ends well on SIGTERM, and no sanitizer has spoken."""
    running = server.process is not None
    code = server.stop() if running else 0
    text = server.log_path.read_text(errors="replace") if server.log_path.exists() else ""
    for word in ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer", "ERROR: LeakSanitizer"):
        assert word not in text, text[text.find(word) - 200 : text.find(word) + 6000]
    assert code == 0, f"musterd ended with {code}:\n{text[-3000:]}"


@pytest.fixture(scope="module", params=ENGINES)
def server(request, tmp_path_factory):
    """Shared by a file's tests: organisations acme and globex. Tests use names of their own (fixture `unique`) and leave it running."""
    made = make_server(request, tmp_path_factory, request.param)
    made.install("acme")
    made.install("globex")
    made.start()
    yield made
    check_end(made)


@pytest.fixture(params=ENGINES)
def own_server(request, tmp_path_factory):
    """A running server with organisation acme that the test may stop, kill and break."""
    made = make_server(request, tmp_path_factory, request.param)
    made.install("acme")
    made.start()
    yield made
    check_end(made)


@pytest.fixture(params=ENGINES)
def bare_server(request, tmp_path_factory):
    """A folder with a configuration; nothing installed, nothing running."""
    made = make_server(request, tmp_path_factory, request.param)
    yield made
    check_end(made)


@pytest.fixture
def sqlite_server(request, tmp_path_factory):
    made = make_server(request, tmp_path_factory, "sqlite")
    made.install("acme")
    made.start()
    yield made
    check_end(made)


@pytest.fixture(scope="module")
def scim(server):
    """A lenient connection of acme."""
    return server.acme.connection(f"shared-{next(numbers)}")


@pytest.fixture
def fresh(server):
    """A connection of acme of this test's own."""
    return server.acme.connection(f"fresh-{next(numbers)}")


@pytest.fixture
def unique():
    """unique("alice") -> a name no other test uses."""
    return lambda stem="x": f"{stem}-{next(numbers)}"
