#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU of musterd per SCIM request (all its threads, 16 connections) with N users, against the bars, as a table.

    tests/bench/scim.py [--users 1000,20000,1000000] [--build build/release] [--engine sqlite|postgres] [--requests 12000] [--check]
                        [--peer scimmy] [--connections 16]

Each N has a server of its own, filled by Bulk; all of them run, and each phase is measured in parts on one after the other, so that the last N
stands beside the first in the same seconds. The bars are milliseconds of one machine; how much slower this one is at the moment is measured before
each part (machine.py), and a bar counts as met or missed by what is left when that is taken out. --peer installs an SCIM server of other people
from npm into build/peer (Node 20 needed) and measures it with as many users as the first N, in the same minutes, with the same requests. --check
exits 1 when a bar is missed. Everything runs on loopback, bounded in count and time.
"""
import argparse
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from driver import LoadFailed, compile_tool, drive, http
from machine import Machine

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "server"))


USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ROUNDS, PART_LEAST = 8, 8  # parts of a phase, requests in one
PEER_REQUESTS = 4000  # the most of a phase that a peer gets, and that lists count from
FILLERS = 32  # their writes share commits
LARGE_GROUP = 100000

# phase -> (bar in ms of CPU; the most that the last N may cost of the first)
BARS = {
    "create": (0.20, 1.3), "GET by id": (0.05, 1.3), "userName eq": (0.06, 1.3), "PATCH active": (0.15, 1.3), "PUT": (0.25, 1.3),
    "page of 100, first": (3, None), "page of 100, last by index": (None, None), "page of 100, anywhere by cursor": (3, None),
    "1,000 members in one PATCH": (5, None), "10,000 members in one PATCH": (100, None), "1 member to a group of 10": (None, None),
    "1 member to a large group": (None, None),
}
LARGE_TO_SMALL = 1.5
TITLES = ["Engineer", "Designer", "Director", "Gardener", "Lecturer"]  # of one length: a row stays as large as it was
RSS_MIB, RSS_USERS = 60, 20000


def user_body(name, title=TITLES[0], **more):
    return {"schemas": [USER, ENTERPRISE], "userName": f"{name}@example.com", "externalId": f"ext-{name}", "active": True, "displayName": f"Bench {name}",
            "title": title,
            "name": {"givenName": "Bench", "familyName": f"Number {name}"}, "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
            ENTERPRISE: {"employeeNumber": name[-20:], "department": "Tour"}, **more}


def patch_body(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


class Target:
    """One server: where it is, which processes pay, and how requests look."""

    def __init__(self, name, port, base, token, pid, load, folder, connections):
        self.name, self.port, self.base, self.token, self.pid, self.load, self.folder = name, port, base, token, pid, load, folder
        self.connections, self.phases, self.peak_after, self.label = connections, iter(()), None, name
        self.results, self.slowness, self.handler, self.parts = {}, {}, {}, []

    def request(self, method, path, body=None):
        return http(method, self.base + path, self.port, self.token, body)

    def run(self, phase, requests):
        """One part of a phase."""
        try:
            self.parts.append(drive(self.load, self.folder, self.port, self.connections, requests, self.pid))
        except LoadFailed as failure:
            if self.name == "muster":
                raise SystemExit(f"{phase}: {failure}") from None
            self.parts.append(None)

    def conclude(self, phase):
        """CPU milliseconds per request over all parts; none where the peer refused one."""
        parts, self.parts = self.parts, []
        if not parts or None in parts:
            return
        count, elapsed = (sum(words[column] for _, words in parts) for column in (0, 2))
        self.results[phase] = sum(cpu for cpu, _ in parts) / count
        print(f"  {self.label:12} {phase:34} {self.results[phase]:9.4f} ms CPU {count / elapsed:9.0f}/s"
              f"  p50 {statistics.median(words[3] for _, words in parts):7.0f} us  p99 {max(words[4] for _, words in parts):8.0f} us", flush=True)


# ---- filling ----

def fill(scim, count):
    """Ids of `count` new users, by Bulk from a few connections at once; durable like any other write."""
    from harness.client import Client

    client = Client(scim.root.server.url, timeout_s=120)
    headers = {"Authorization": f"Bearer {scim.token}", "Content-Type": "application/scim+json"}

    size = max(20, min(1000, count // FILLERS))

    def part(start):
        operations = [{"method": "POST", "path": "/Users", "bulkId": str(i), "data": user_body(f"seed-{i}")} for i in range(start, min(start + size, count))]
        reply = client.send("POST", "/scim/v2/Bulk", json.dumps({"schemas": [BULK], "Operations": operations}).encode(), headers)
        made = re.findall(rb'/Users/([0-9a-f-]{36})"', reply.body)
        if reply.status != 200 or len(set(made)) != len(operations):
            raise SystemExit(f"filling: {reply}")
        return [one.decode() for one in dict.fromkeys(made)]

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(FILLERS) as pool:
        ids = [one for some in pool.map(part, range(0, count, size)) for one in some]
    print(f"  filled with {count:,} users in {time.monotonic() - started:.1f} s", flush=True)
    return ids


def group_of(scim, name, ids):
    scim.root.server.http.close()  # a phase may have been longer than the server waits for an idle client
    group = scim.group(name)["id"]
    for start in range(0, len(ids), 10000):
        scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": one} for one in ids[start : start + 10000]]})
    return group


def cursors(scim, wanted):
    """`wanted` cursors, evenly over the whole list: by walking it once."""
    from harness.client import Client

    client, found, cursor = Client(scim.root.server.url, timeout_s=60), [""], ""
    while True:
        reply = client.request("GET", f"/scim/v2/Users?count=1000&cursor={cursor}", token=scim.token)
        match = re.search(rb'"nextCursor":"([^"]+)"', reply.body)
        if not match:
            return found[:: max(1, len(found) // wanted)]
        cursor = match.group(1).decode()
        found.append(cursor)


# ---- phases: what to ask, phase after phase; what must be made for one is made when it is reached ----

def single_phases(target, ids, count):
    """What a provider does all day, spread over all users, equally often whatever N is; a peer takes part in these."""
    seeds = [n * 7919 % len(ids) for n in range(count)]
    pick = [ids[n] for n in seeds]
    yield "create", [target.request("POST", "/Users", user_body(f"new-{n}")) for n in range(min(count, len(ids)))]  # N at most doubles
    yield "GET by id", [target.request("GET", f"/Users/{one}") for one in pick]
    yield "userName eq", [target.request("GET", f"/Users?filter=userName%20eq%20%22seed-{n}@example.com%22") for n in seeds]
    # Every request changes something: each user is switched off, then on; each PUT brings another title.
    some = min(count // 2, len(ids))
    switch = lambda n: patch_body({"op": "replace", "path": "active", "value": n // some % 2 == 1})
    yield "PATCH active", [target.request("PATCH", f"/Users/{pick[n % some]}", switch(n)) for n in range(count)]
    title = lambda n: TITLES[1 + n // len(ids) % (len(TITLES) - 1)]
    yield "PUT", [target.request("PUT", f"/Users/{ids[seed]}", user_body(f"seed-{seed}", title(n), id=ids[seed])) for n, seed in enumerate(seeds)]


def list_phases(target, scim, count, users):
    pages = max(100, min(count, PEER_REQUESTS) // 20)
    get = lambda query: target.request("GET", f"/Users?count=100&{query}")
    yield "page of 100, first", [get("startIndex=1")] * pages
    yield "page of 100, last by index", [get(f"startIndex={max(1, users - 100 - n)}") for n in range(pages)]
    places = cursors(scim, pages)
    yield "page of 100, anywhere by cursor", [get(f"cursor={places[n % len(places)]}") for n in range(pages)]


def member_phases(target, group, ids):
    """`group(name, members)` makes a group."""
    add = lambda one, some: target.request("PATCH", f"/Groups/{one}", patch_body({"op": "add", "path": "members", "value": [{"value": i} for i in some]}))
    for phase, size, times in (("1,000 members in one PATCH", 1000, 48), ("10,000 members in one PATCH", 10000, 16)):
        if len(ids) >= size:
            yield phase, [add(group(f"{phase} {n}", []), ids[:size]) for n in range(times)]
    room = ids[-len(ids) // 4 :]
    small = [group(f"small {n}", ids[:10]) for n in range(100)]
    yield "1 member to a group of 10", [add(small[n % 100], [one]) for n, one in enumerate(room[:1000])]
    if len(ids) - len(room) >= 1000:
        large = group("large", ids[: min(LARGE_GROUP, len(ids) - len(room))])
        yield "1 member to a large group", [add(large, [one]) for one in room[:1000]]


def measure_all(targets, machine):
    """Each phase in parts, in turn on every target that has it and on the machine itself: what is compared is measured in the same seconds."""
    waiting = {target: next(target.phases, None) for target in targets}
    for phase in BARS:
        now = {target: requests for target, (name, requests) in ((target, one) for target, one in waiting.items() if one) if name == phase}
        rounds = max(1, min(ROUNDS, max(map(len, now.values()), default=0) // PART_LEAST))
        seen = []
        for part in range(rounds):
            seen.append(machine.measure())
            for target, requests in now.items():
                mine = requests[part * len(requests) // rounds : (part + 1) * len(requests) // rounds]
                if mine:
                    target.run(phase, mine)
        for target in now:
            target.conclude(phase)
            waiting[target] = next(target.phases, None)
            if target.peak_after == phase:
                target.results["RSS MiB"] = peak_mib(target.pid)
        for target in targets:
            target.slowness[phase], target.handler[phase] = map(statistics.mean, zip(*seen))
    for target in targets:
        target.results["RSS MiB with members"] = peak_mib(target.pid)


class Ours:
    """One musterd with N users; closing it ends it."""

    def __init__(self, options, users, load, folder):
        from harness.postgres import Cluster
        from harness.server import Server

        self.title = f"N={users:,}"
        self.cluster = Cluster(fast=False) if options.engine == "postgres" else None
        self.server = Server(folder, options.engine, self.cluster)
        try:
            self.server.install("acme")
            self.server.start()
            scim = self.server.acme.connection("bench")
            print(f"muster, {users:,} users, {options.engine}", flush=True)
            ids = fill(scim, users)
        except BaseException:
            self.close()
            raise
        self.target = Target("muster", self.server.port, "/scim/v2", scim.token, self.server.pid, load, folder, options.connections)
        self.target.label, self.target.peak_after = self.title, "page of 100, anywhere by cursor"
        self.target.phases = itertools.chain(
            single_phases(self.target, ids, options.requests), list_phases(self.target, scim, options.requests, users),
            member_phases(self.target, lambda name, members: group_of(scim, name, members), ids))

    def close(self):
        self.server.kill9()
        if self.cluster:
            self.cluster.remove()


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


# ---- a peer ----

PEERS = {
    # npm scimmy on express, in memory: nothing is durable there
    "scimmy": {"packages": ["scimmy@1.3.5", "scimmy-routers@1.3.2", "express@4.21.2"], "program": "peer_scimmy.mjs"},
}


class Peer:
    def __init__(self, options, name, users, load, folder):
        from harness.client import Client

        peer, home, self.title = PEERS[name], ROOT / "build" / "peer", name
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "node_modules").is_dir():
            (home / "package.json").write_text('{"private": true, "type": "module"}')
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *peer["packages"]], cwd=home, check=True, timeout=300)
        shutil.copy(HERE / peer["program"], home)
        self.process = subprocess.Popen(["node", home / peer["program"]], stdout=subprocess.PIPE, text=True, cwd=home)
        port = int(self.process.stdout.readline())
        headers = {"Authorization": "Bearer secret", "Content-Type": "application/scim+json"}

        def make(kind, body):
            client = Client(f"http://127.0.0.1:{port}", timeout_s=60)  # it closes what was idle for some seconds
            try:
                return json.loads(client.send("POST", f"/scim/v2/{kind}", json.dumps(body).encode(), headers).body)["id"]
            finally:
                client.close()

        print(f"{name}, {users:,} users, in memory", flush=True)
        ids = [make("Users", user_body(f"seed-{n}")) for n in range(users)]
        body = lambda group, members: {"schemas": [GROUP], "displayName": group, "members": [{"value": one} for one in members]}
        self.target = Target(name, port, "/scim/v2", "secret", self.process.pid, load, folder, options.connections)
        self.target.peak_after = "PUT"
        self.target.phases = itertools.chain(
            single_phases(self.target, ids, min(options.requests, PEER_REQUESTS)),
            member_phases(self.target, lambda group, members: make("Groups", body(group, members)), ids))

    def close(self):
        self.process.terminate()
        self.process.wait(10)


# ---- the table ----

def figure(value):
    return "-" if value is None else f"{value:.4f}" if value < 10 else f"{value:.1f}"


def print_table(targets):
    """targets: [(title, target)]; ours first. Returns the number of missed bars."""
    ours = [target for title, target in targets if title.startswith("N=")]
    first, last, missed = ours[0], ours[-1], []

    def judge(what, value, bar):
        if value is None or bar is None:
            return ""
        missed.extend([what] if value > bar else [])
        return f"{figure(value)} of {figure(bar)} {'MISSED' if value > bar else 'good'}"

    print("\n" + f"{'ms of CPU per request':34}" + "".join(f"{title:>16}" for title, _ in targets)
          + f"   {'largest N, as where':24} {'last / first':24} in bare\n{'':{34 + 16 * len(targets)}}   {'the bar was set':24} {'':24} handlers")
    for phase, (bar, growth) in BARS.items():
        value = last.results.get(phase)
        there, in_handlers = (value / last.slowness[phase], value / last.handler[phase]) if value else (None, None)
        ratio = value / first.results[phase] if len(ours) > 1 and value and first.results.get(phase) else None
        spread = judge(f"{phase}, growth", ratio, growth) if growth else figure(ratio)
        print(f"{phase:34}" + "".join(f"{figure(target.results.get(phase)):>16}" for _, target in targets)
              + f"   {judge(phase, there, bar):24} {spread:24} {figure(in_handlers)}")
    print(f"times slower than there: {min(last.slowness.values()):.2f} to {max(last.slowness.values()):.2f}")
    small, large = last.results.get("1 member to a group of 10"), last.results.get("1 member to a large group")
    print(f"{'large group / group of 10':34} {judge('large group', large / small if small and large else None, LARGE_TO_SMALL)}")
    for title, key in (("peak RSS, MiB", "RSS MiB"), ("peak RSS with members, MiB", "RSS MiB with members")):
        print(f"{title:34}" + "".join(f"{figure(target.results.get(key)):>16}" for _, target in targets))
    for title, target in targets:
        if title == f"N={RSS_USERS:,}":
            print(f"{'peak RSS at ' + title:34} {judge('RSS', target.results['RSS MiB'], RSS_MIB)}")
    return len(missed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", default="1000", help="one N, or several with commas: the bars compare the last with the first")
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--engine", default="sqlite", choices=["sqlite", "postgres"])
    parser.add_argument("--requests", type=int, default=12000, help="of a phase; in a part of few a server mostly fills caches that the others emptied")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--peer", choices=sorted(PEERS), action="append", default=[])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    os.environ["MUSTER_BUILD"] = options.build
    sizes = [int(word) for word in options.users.split(",")]
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        load = compile_tool(folder, "load")
        servers = []
        for users in sizes:
            (folder / str(users)).mkdir()
            servers.append(stack.enter_context(contextlib.closing(Ours(options, users, load, folder / str(users)))))
        for peer in options.peer:
            servers.append(stack.enter_context(contextlib.closing(Peer(options, peer, sizes[0], load, folder))))
        with Machine(load, folder, options.connections) as machine:
            measure_all([server.target for server in servers], machine)
        missed = print_table([(server.title, server.target) for server in servers])
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
