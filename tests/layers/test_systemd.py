# SPDX-License-Identifier: Apache-2.0
"""The systemd units keep their sandbox and are well formed."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*arguments, **more):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=60, check=False, **more)


def test_systemd_exposure_is_at_most_1_2():
    answer = run("systemd-analyze", "security", "--offline=true", "--threshold=12", "--no-pager", ROOT / "systemd" / "muster.service")
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr
    score = re.search(r"Overall exposure level for muster\.service: ([0-9.]+)", answer.stdout)
    assert score and float(score.group(1)) <= 1.2


def test_units_are_well_formed(tmp_path):
    program = tmp_path / "musterd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name in ("muster.service", "muster.socket"):
        text = (ROOT / "systemd" / name).read_text().replace("/usr/bin/musterd", str(program))
        (tmp_path / name).write_text(text)
    answer = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", tmp_path / "muster.service", tmp_path / "muster.socket")
    complaints = [line for line in answer.stderr.splitlines() if str(tmp_path) in line or "muster." in line]
    assert complaints == []
