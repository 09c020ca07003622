# SPDX-License-Identifier: Apache-2.0
"""The systemd unit keeps its sandbox, the proxy examples and the scripts are well formed."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONG = os.environ.get("MUSTER_LONG") == "1"
only_long = pytest.mark.skipif(not LONG, reason="checks an optional package; runs with MUSTER_LONG=1")


def run(*arguments, **more):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=60, **more)


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


def self_signed(folder):
    answer = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                 "/CN=id.example.com", "-keyout", folder / "id.example.com.key", "-out", folder / "id.example.com.pem")
    assert answer.returncode == 0, answer.stderr


@only_long
def test_nginx_example_is_accepted(tmp_path):
    self_signed(tmp_path)
    text = (ROOT / "conf" / "nginx.conf").read_text().replace("/etc/ssl/muster", str(tmp_path))
    whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {text} }}"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        whole = whole.replace("access_log off;", f"access_log off; {kind}_temp_path {tmp_path}/{kind};", 1)
    (tmp_path / "nginx.conf").write_text(whole)
    answer = run(shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-t", "-c", tmp_path / "nginx.conf")
    assert answer.returncode == 0, answer.stderr


@only_long
def test_haproxy_example_is_accepted(tmp_path):
    self_signed(tmp_path)
    (tmp_path / "both.pem").write_text((tmp_path / "id.example.com.pem").read_text() + (tmp_path / "id.example.com.key").read_text())
    text = (ROOT / "conf" / "haproxy.cfg").read_text().replace("/etc/ssl/muster/id.example.com.pem", str(tmp_path / "both.pem"))
    (tmp_path / "haproxy.cfg").write_text(text)
    answer = run(shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-c", "-f", tmp_path / "haproxy.cfg")
    assert answer.returncode == 0, answer.stdout + answer.stderr


@only_long
def test_shell_scripts_pass_shellcheck():
    scripts = [ROOT / "bootstrap", ROOT / ".ci" / "run", ROOT / "tests" / "run", *ROOT.glob("tests/tools/*.sh"), *ROOT.glob("tests/bench/*.sh")]
    answer = run("shellcheck", *scripts)
    assert answer.returncode == 0, answer.stdout
