# SPDX-License-Identifier: Apache-2.0
"""scim2-tester, an independent conformance check, finds no error but the ones named here, and each of these it does find."""
import json
import subprocess

from harness.python_packages import packaged_python
from harness.server import ROOT

# What it holds against us, and why it stays: (title, part of the reason) -> why.
MUSTER_USER = "urn:ietf:params:scim:schemas:extension:muster:2.0:User"
KNOWN = {
    # RFC 7643 section 4.1.1 leaves the meaning of `active` to us: unassigned would have to mean in or out, and R15 lets no one guess.
    ("check_remove_attribute", "Failed to remove attribute 'active'"): "RFC 7643 section 4.1.1, R15",
    # All of it is readOnly (R3): RFC 7643 section 2.2, "SHALL NOT be modified". The check asks for writable attributes, and takes a whole
    # extension for one.
    ("check_add_attribute", f"unexpected value for '{MUSTER_USER}'"): "RFC 7643 section 2.2, R3",
    ("check_replace_attribute", f"unexpected value for '{MUSTER_USER}'"): "RFC 7643 section 2.2, R3",
    ("check_remove_attribute", f"Failed to remove attribute '{MUSTER_USER}'"): "RFC 7643 section 2.2, R3",
}


def test_no_errors(server, unique):
    connection = server.acme.connection(unique("tester"))
    program = ROOT / "tests" / "server" / "harness" / "scim_tester.py"
    done = subprocess.run([packaged_python(), program, f"{server.url}/scim/v2", connection.token], capture_output=True, text=True, timeout=200,
                          check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads(done.stdout)
    errors = {(one["title"], one["reason"]) for one in results if one["status"] in ("ERROR", "CRITICAL")}
    explained = {(known, error) for known in KNOWN for error in errors if known[0] == error[0] and known[1] in error[1]}
    assert errors == {error for _, error in explained}, sorted(errors - {error for _, error in explained})
    assert {known for known, _ in explained} == set(KNOWN), "mended: take it out of the table"
    assert sum(one["status"] == "SUCCESS" for one in results) > 100
