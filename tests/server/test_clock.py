# SPDX-License-Identifier: Apache-2.0
"""`muster clock accept` (DESIGN section 8): after a jump forward nothing is stored by the clock until somebody says that it is right."""
import time

import pytest

from harness.server import SANITIZED
from test_faults import FAKETIME, faked


def test_without_a_jump_there_is_nothing_to_accept(server):
    done = server.program("muster", "clock", "accept", "--config", server.conf, check=False)
    assert done.returncode == 5 and "nothing to accept" in done.stderr


def test_only_the_operator_of_this_machine_may(server):
    """A page in a browser on this machine cannot send the header."""
    refused = server.ops.request("POST", "/clock/accept")
    assert refused.status == 403 and "muster clock accept" in refused.text
    assert server.ops.request("GET", "/clock/accept").status == 405
    assert server.http.request("POST", "/clock/accept", headers={"X-Request-ID": "x"}).status == 404


def test_without_an_operations_listener_it_says_what_to_do(bare_server):
    bare_server.install("acme")
    bare_server.write_conf(server={"operations_listen": ""})
    done = bare_server.program("muster", "clock", "accept", "--config", bare_server.conf, check=False)
    assert done.returncode == 7 and "operations_listen" in done.stderr


@pytest.mark.skipif(SANITIZED, reason="a preloaded library comes before the sanitizer's")
def test_a_jump_forward_is_stored_only_once_it_is_accepted(sqlite_server):
    assert FAKETIME, "libfaketime is not installed"
    server = sqlite_server
    server.stop()
    clock, env = faked(server, "+0")
    server.start(env=env)
    acme = server.acme
    start = time.time()

    def write():
        made = acme.api("POST", "/groups", {"displayName": f"g{time.monotonic_ns()}"}, expect=201).json
        return time.mktime(time.strptime(made["created_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone

    clock.write_text("+7200\n")
    server.wait_event("clock-jump")
    assert abs(write() - start) < 300
    done = server.program("muster", "clock", "accept", "--config", server.conf, "--json")
    assert '"accepted":true' in done.stdout.replace(" ", "")
    assert abs(write() - start - 7200) < 300
    assert server.program("muster", "clock", "accept", "--config", server.conf, check=False).returncode == 5
    assert server.events("clock-accepted")[0]["seconds"] in range(7190, 7300)
    assert acme.verify()["whole"] is True
