# SPDX-License-Identifier: Apache-2.0
"""./bootstrap run, stop and demo.json as others rely on them; and the README's first ten minutes, run as they are written."""
import json
import os
import re
import shutil
import stat
import subprocess
import time

import pytest

from harness.client import Client
from harness.postgres import free_port_pair
from harness.server import ROOT, SANITIZED

pytestmark = pytest.mark.skipif(SANITIZED, reason="bootstrap builds its own release; a sanitizer build has no part in it")
DEMO = "build/test-demo"


def bootstrap(*arguments, check=True, timeout=900):
    done = subprocess.run([str(ROOT / "bootstrap"), *arguments], capture_output=True, text=True, timeout=timeout, cwd=ROOT, stdin=subprocess.DEVNULL,
                          env={**os.environ, "MUSTER_DEMO": DEMO}, check=False)
    assert done.returncode == 0 or not check, f"bootstrap {arguments}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


@pytest.fixture(scope="module")
def demo():
    """Installed, built, started; the port."""
    bootstrap("stop")
    shutil.rmtree(ROOT / DEMO, ignore_errors=True)
    port = free_port_pair()
    bootstrap("run", "--background", "--port", str(port))
    yield port
    bootstrap("stop")
    shutil.rmtree(ROOT / DEMO, ignore_errors=True)


def contents():
    return json.loads((ROOT / DEMO / "demo.json").read_text())


def test_demo_json_holds_what_is_promised(demo):
    found = contents()
    assert set(found) == {"url", "ops_url", "org", "api_token", "scim"} and set(found["scim"]) == {"base_url", "token"}
    assert found["url"] == f"http://127.0.0.1:{demo}" and found["ops_url"] == f"http://127.0.0.1:{demo + 1}" and found["org"] == "acme"
    assert found["scim"]["base_url"] == found["url"] + "/scim/v2"
    assert stat.S_IMODE((ROOT / DEMO / "demo.json").stat().st_mode) == 0o600


def test_the_demonstration_answers(demo):
    found = contents()
    client, ops = Client(found["url"]), Client(found["ops_url"])
    assert ops.request("GET", "/readyz").status == 200
    status = client.request("GET", "/api/v1/status", token=found["api_token"]).json
    assert status["organization"]["slug"] == "acme" and status["organization"]["name"] == "Acme Demo"
    assert client.request("GET", "/scim/v2/Users", token=found["scim"]["token"]).json["totalResults"] >= 0
    slugs = {project["slug"] for project in client.request("GET", "/api/v1/projects", token=found["api_token"]).json["items"]}
    assert {"payments", "website", "data"} <= slugs
    client.close()
    ops.close()


def test_run_again_while_running_says_so(demo):
    before = contents()
    start = time.monotonic()
    done = bootstrap("run", "--background", "--port", str(demo))
    assert time.monotonic() - start < 30 and "running" in done.stdout.lower() and contents() == before


def test_a_second_start_takes_seconds_and_keeps_everything(demo):
    before = contents()
    bootstrap("stop")
    start = time.monotonic()
    bootstrap("run", "--background", "--port", str(demo))
    assert time.monotonic() - start < 30  # some seconds; a build or an installation would take longer
    assert contents() == before


def test_a_taken_port_is_refused_with_the_way_out(demo):
    done = subprocess.run([str(ROOT / "bootstrap"), "run", "--background", "--port", str(demo)], capture_output=True, text=True, timeout=60, cwd=ROOT,
                          stdin=subprocess.DEVNULL, env={**os.environ, "MUSTER_DEMO": DEMO + "-other"}, check=False)
    assert done.returncode == 1 and "--port" in done.stderr


def test_foreground_run_stops_on_interrupt(demo):
    bootstrap("stop")
    process = subprocess.Popen([str(ROOT / "bootstrap"), "run", "--port", str(demo)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
                               stdin=subprocess.DEVNULL, env={**os.environ, "MUSTER_DEMO": DEMO})
    for line in process.stdout:
        if "Stop with" in line:
            break
    assert Client(contents()["ops_url"]).request("GET", "/readyz").status == 200
    process.terminate()
    assert process.wait(30) == 130
    with pytest.raises(OSError):
        Client(contents()["url"]).request("GET", "/")
    bootstrap("run", "--background", "--port", str(demo))


def test_stop_without_a_server_is_no_error_and_never_kills_a_stranger(demo):
    bootstrap("stop")
    stranger = subprocess.Popen(["sleep", "60"])
    (ROOT / DEMO / "musterd.pid").write_text(f"{stranger.pid}\n")
    bootstrap("stop")
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    bootstrap("run", "--background", "--port", str(demo))


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run", "--port"], ["run", "--port", "0"], ["run", "--port", "70000"], ["run", "--what"], ["test", "--fast"]])
def test_usage_errors(arguments):
    done = bootstrap(*arguments, check=False, timeout=60)
    assert done.returncode != 0 and done.stderr.strip()


def test_help():
    assert "run [--background]" in bootstrap("help").stdout


def readme_blocks():
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), flags=re.M | re.S)


def test_the_first_ten_minutes_of_the_readme_work_as_written(demo):
    bootstrap("stop")
    shutil.rmtree(ROOT / DEMO, ignore_errors=True)
    script = "\n".join(f"echo '== block {n}'\n{block}" for n, block in enumerate(readme_blocks()))
    script = script.replace("run --background", f"run --background --port {demo}").replace("build/demo", DEMO)
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], capture_output=True, text=True, timeout=300, cwd=ROOT, stdin=subprocess.DEVNULL,
                          env={**os.environ, "MUSTER_DEMO": DEMO}, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    words = re.findall(r"^(allowed|denied)$", done.stdout, flags=re.M)
    assert words == ["allowed", "allowed", "denied", "denied"], done.stdout
    assert '"decision":true' in done.stdout.replace(" ", "") and "our-okta" in done.stdout + script
    blocks = done.stdout.split("== block ")
    assert "deactivated" in blocks[-2]
    bootstrap("run", "--background", "--port", str(demo))
