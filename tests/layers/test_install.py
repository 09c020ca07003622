# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts where: programs, the manual page, the completion, settings and units."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MUSTER_BUILD", "build/dev")


def test_everything_is_installed(tmp_path):
    if not (BUILD / "muster.bash").exists() or not (BUILD / "musterd").exists():
        pytest.skip("not built")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True, capture_output=True, env={**os.environ, "DESTDIR": str(tmp_path)})
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"usr/bin/musterd", "usr/bin/muster", "usr/share/man/man1/muster.1", "usr/share/bash-completion/completions/muster",
            "usr/lib/systemd/system/muster.service"} <= found
    assert any(name.endswith("/muster/muster.conf") for name in found)
    page = (tmp_path / "usr/share/man/man1/muster.1").read_text()
    assert page.startswith(".TH MUSTER 1") and "scim replay" in page
    script = tmp_path / "usr/share/bash-completion/completions/muster"
    offered = subprocess.run(["bash", "-c", f'. "{script}"; complete -p muster'], capture_output=True, text=True, check=True).stdout
    assert "muster" in offered
