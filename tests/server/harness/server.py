# SPDX-License-Identifier: Apache-2.0
"""One musterd of a test's own, and the organisations in it.

    server = Server(folder, engine); server.install("acme"); server.start()
    server.acme.api("GET", "/status"); scim = server.acme.connection("okta"); scim.post("/Users", {...})

A Server that is running is always stopped by its own pid. Root and Scim are thin: they add a token and a prefix, and expect a status
only when told to.
"""
import contextlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

from .client import Client
from .postgres import free_port_pair

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / os.environ.get("MUSTER_BUILD", "build/dev")
SANITIZED = BUILD.name in ("asan", "tsan")
FILES_HARD_LIMIT = 20000


class Scim:
    """A SCIM client: one connection's token on one server."""

    def __init__(self, root, made):
        self.root, self.id, self.token, self.base_url = root, made["id"], made["token"], made["base_url"]

    def __call__(self, method, path, body=None, token=None, expect=None, **more):
        more.setdefault("content_type", "application/scim+json")
        reply = self.root.server.http.request(method, "/scim/v2" + path, body, self.token if token is None else token, **more)
        if expect is not None:
            assert reply.status in (expect if isinstance(expect, tuple) else (expect,)), f"{method} {path}: {reply}"
        return reply

    def user(self, name, /, **attributes):
        """Creates a user; returns the resource."""
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "active": True}
        body.update(attributes)
        return self("POST", "/Users", body, expect=201).json

    def group(self, name, /, members=(), **attributes):
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name}
        if members:
            body["members"] = [{"value": value} for value in members]
        body.update(attributes)
        return self("POST", "/Groups", body, expect=201).json

    def patch(self, path, *operations, expect=(200, 204), **more):
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}
        return self("PATCH", path, body, expect=expect, **more)

    def activate(self, user_id, active=True):
        return self.patch(f"/Users/{user_id}", {"op": "replace", "value": {"active": active}})

    def members(self, group_id):
        return {member["value"] for member in self("GET", f"/Groups/{group_id}", expect=200).json.get("members", [])}


class Root:
    """A root organisation, through its first machine identity (admin)."""

    def __init__(self, server, made):
        self.server, self.slug, self.id, self.token = server, made["org"]["slug"], made["org"]["id"], made["api_token"]
        self.admin = made["admin"]

    def api(self, method, path, body=None, token=None, expect=None, **more):
        reply = self.server.http.request(method, "/api/v1" + path, body, self.token if token is None else token, **more)
        if expect is not None:
            assert reply.status in (expect if isinstance(expect, tuple) else (expect,)), f"{method} {path}: {reply}"
        return reply

    def connection(self, name, **attributes):
        body = {"name": name, "kind": "scim", "rate_limit": 100000, **attributes}  # tests send as fast as they can
        return Scim(self, self.api("POST", "/connections", body, expect=201).json)

    def identity(self, name, **attributes):
        """A machine identity with a token; role defaults to the organisation's default."""
        return self.api("POST", "/identities", {"name": name, **attributes}, expect=201).json

    def project(self, slug, **attributes):
        return self.api("POST", "/projects", {"slug": slug, "name": slug.capitalize(), **attributes}, expect=201).json

    def grant(self, principal, scope, expect=201, **attributes):
        return self.api("POST", "/grants", {"principal": principal, "scope": scope, **attributes}, expect=expect).json

    def question(self, subject, action, resource_type, resource_id=None, subject_type="user", properties=None, **context):
        body = {
            "subject": {"type": subject_type, "id": subject},
            "action": {"name": action},
            "resource": {"type": resource_type, "id": resource_id or self.id},
        }
        if properties:
            body["subject"]["properties"] = properties
        if context:
            body["context"] = context
        return body

    def evaluate(self, body, token=None, **more):
        return self.server.http.request("POST", "/access/v1/evaluation", body, self.token if token is None else token, **more)

    def decide(self, subject, action="read", resource_type="groups", resource_id=None, token=None, **context):
        """The decision itself; by default what every member may: read the groups of its organisation."""
        reply = self.evaluate(self.question(subject, action, resource_type, resource_id, **context), token)
        assert reply.status == 200, reply
        return reply.json["decision"]

    def audit(self, **query):
        """All entries of the ledger, page by page."""
        after, found = 0, []
        extra = "".join(f"&{name.rstrip('_')}={value}" for name, value in query.items())
        while True:
            page = self.api("GET", f"/audit?after={after}&limit=1000{extra}", expect=200).json
            found += page["items"]
            if not page["items"] or page["next_after"] == after:
                return found
            after = page["next_after"]

    def verify(self, checkpoint=None):
        body = {"checkpoint": checkpoint} if checkpoint else {}
        return self.api("POST", "/audit/verify", body, expect=(200, 500)).json


class Server:
    def __init__(self, folder, engine, cluster=None):
        self.folder, self.engine, self.cluster = pathlib.Path(folder), engine, cluster
        self.port = free_port_pair()
        self.url, self.ops_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.port + 1}"
        self.http, self.ops = Client(self.url), Client(self.ops_url)
        self.conf, self.log_path = self.folder / "muster.conf", self.folder / "musterd.log"
        self.process, self.roots = None, {}
        self.log_start = 0
        self.database = cluster.create_database() if engine == "postgres" else None
        self.settings = {
            "server": {"public_url": self.url, "listen": f"127.0.0.1:{self.port}", "operations_listen": f"127.0.0.1:{self.port + 1}"},
            "database": {"url": cluster.url(self.database) if engine == "postgres" else "sqlite:muster.db"},
        }
        self.write_conf()

    # ---- set-up ----

    def write_conf(self, **sections):
        """write_conf(server={"workers": 4}): changes keys and writes the file."""
        for section, keys in sections.items():
            self.settings.setdefault(section, {}).update(keys)
        text = "".join(
            f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value is not None)
            for section, keys in self.settings.items()
        )
        self.conf.write_text(text)

    def program(self, name, *arguments, check=True, env=None, timeout=60, input_text=None):
        """Runs muster or musterd to its end: returncode, stdout, stderr."""
        whole = {key: value for key, value in os.environ.items() if not key.startswith("MUSTER_")}
        whole.update(env or {})
        done = subprocess.run([str(BUILD / name), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, env=whole,
                              cwd=self.folder, input=input_text, check=False)
        assert done.returncode == 0 or not check, f"{name} {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def install(self, slug, name=None, mail=None):
        """`muster init` for one organisation; the server must not run."""
        done = self.program("muster", "init", "--config", self.conf, "--org", slug, "--name", name or slug.capitalize(), "--admin-email",
                            mail or f"admin@{slug}.example", "--json")
        root = Root(self, json.loads(done.stdout))
        self.roots[slug] = root
        setattr(self, slug, root)
        return root

    def cli(self, *arguments, root=None, token=None, check=True, **more):
        root = root or next(iter(self.roots.values()))
        env = {"MUSTER_URL": self.url, "MUSTER_TOKEN": token or root.token, **more.pop("env", {})}
        return self.program("muster", *arguments, check=check, env=env, **more)

    def cli_json(self, *arguments, **more):
        return json.loads(self.cli(*arguments, "--json", **more).stdout)

    # ---- life ----

    def start(self, env=None, files_limit=None, wait=True, command=None, pass_fds=(), prepare=None):
        assert self.process is None
        self.log_start = self.log_path.stat().st_size if self.log_path.exists() else 0

        def limits():
            if files_limit:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files_limit, files_limit))
            if prepare:
                prepare()

        whole = {key: value for key, value in os.environ.items() if not key.startswith("MUSTER_")}
        whole.update(env or {})
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command or [str(BUILD / "musterd"), "--config", str(self.conf)], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=whole, cwd=self.folder, pass_fds=pass_fds, preexec_fn=limits)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, timeout_s=30):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.events("ready"):
                return
            code = self.process.poll()
            if code is not None:
                self.process = None
                raise AssertionError(f"musterd ended with {code} before it was ready:\n{self.log_text()[-4000:]}")
            time.sleep(0.005)
        text = self.log_text()[-4000:]
        self.kill9()
        raise AssertionError(f"musterd was not ready after {timeout_s} s:\n{text}")

    def stop(self, timeout_s=45):
        """SIGTERM and wait; returns the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        return self.wait_end(timeout_s)

    def wait_end(self, timeout_s=45):
        process, self.process = self.process, None
        self.close_clients()
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"musterd did not end after SIGTERM:\n{self.log_text()[-4000:]}") from None

    def kill9(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.close_clients()

    def close_clients(self):
        self.http.close()
        self.ops.close()

    def restart(self, **more):
        self.stop()
        return self.start(**more)

    @contextlib.contextmanager
    def stopped(self):
        """with server.stopped(): the files may be changed, the commands that need the lock run."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    # ---- what it shows ----

    @property
    def pid(self):
        return self.process.pid

    def log_text(self):
        """Of this start only."""
        if not self.log_path.exists():
            return ""
        with open(self.log_path, "rb") as file:
            file.seek(self.log_start)
            return file.read().decode("utf-8", "replace")

    def log_lines(self):
        """Every line as JSON; a line that is none makes the test fail (sanitizer reports excepted: they fail elsewhere)."""
        return [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]

    def events(self, name):
        return [line for line in self.log_lines() if line.get("event") == name]

    def wait_event(self, name, timeout_s=10):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = self.events(name)
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no log line {name!r} in {timeout_s} s")

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def ready(self):
        try:
            return self.ops.request("GET", "/readyz").status
        except OSError:
            return 0

    def wait_readyz(self, status, timeout_s):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.ready() == status:
                return
            time.sleep(0.05)
        raise AssertionError(f"/readyz was not {status} in {timeout_s} s; it says {self.ready()}")

    def metrics(self):
        """{"name{labels}": value}"""
        reply = self.ops.request("GET", "/metrics")
        assert reply.status == 200, reply
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in reply.text.splitlines() if line and not line.startswith("#")}
