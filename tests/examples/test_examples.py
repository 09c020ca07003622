# SPDX-License-Identifier: Apache-2.0
"""What only the long run checks, with packages that nothing else needs: the proxy examples and the shell scripts are well formed."""
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*arguments, **more):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=60, check=False, **more)


def self_signed(folder):
    answer = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                 "/CN=id.example.com", "-keyout", folder / "id.example.com.key", "-out", folder / "id.example.com.pem")
    assert answer.returncode == 0, answer.stderr


def test_nginx_example_is_accepted(tmp_path):
    self_signed(tmp_path)
    text = (ROOT / "conf" / "nginx.conf").read_text().replace("/etc/ssl/muster", str(tmp_path))
    whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {text} }}"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        whole = whole.replace("access_log off;", f"access_log off; {kind}_temp_path {tmp_path}/{kind};", 1)
    (tmp_path / "nginx.conf").write_text(whole)
    answer = run(shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-t", "-c", tmp_path / "nginx.conf")
    assert answer.returncode == 0, answer.stderr


def test_haproxy_example_is_accepted(tmp_path):
    self_signed(tmp_path)
    (tmp_path / "both.pem").write_text((tmp_path / "id.example.com.pem").read_text() + (tmp_path / "id.example.com.key").read_text())
    text = (ROOT / "conf" / "haproxy.cfg").read_text().replace("/etc/ssl/muster/id.example.com.pem", str(tmp_path / "both.pem"))
    (tmp_path / "haproxy.cfg").write_text(text)
    answer = run(shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-c", "-f", tmp_path / "haproxy.cfg")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_shell_scripts_pass_shellcheck():
    scripts = [ROOT / "bootstrap", ROOT / ".ci" / "run", ROOT / "tests" / "run", *ROOT.glob("tests/tools/*.sh"), *ROOT.glob("tests/bench/*.sh")]
    answer = run("shellcheck", *scripts)
    assert answer.returncode == 0, answer.stdout
