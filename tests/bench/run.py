#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU per request of musterd (all its threads) at 16 connections, against the bars; start time and idle memory.

    tests/bench/run.py [--build build/release] [--engine sqlite|postgres] [--requests 8000] [--users 2000] [--check]

Decisions are compared with bare_mhd.c: the CPU of a libmicrohttpd POST handler that parses the same body with jansson. The bars in milliseconds
are those of one machine; how much slower this one is at the moment is taken out before judging (machine.py). --check exits 1 when a bar is
missed. Everything is made here, on loopback, bounded in count and time.
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

from driver import LoadFailed, compile_tool, drive, http
from machine import Machine

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "server"))

BARS_MS = {"create": 0.20, "GET by id": 0.05, "userName eq": 0.06, "PATCH active": 0.15}
DECISION_RATIO = 2.2
CONNECTIONS = 16


class Bench:
    def __init__(self, folder, pid, load):
        self.folder, self.pid, self.load, self.results = folder, pid, load, {}

    def measure(self, name, port, requests, pid=None):
        """CPU milliseconds per request."""
        try:
            cpu, (answers, _, seconds, p50, p99, worst) = drive(self.load, self.folder, port, CONNECTIONS, requests, pid or self.pid)
        except LoadFailed as failure:
            raise SystemExit(f"{name}: {failure}") from None
        self.results[name] = cpu / answers
        print(f"{name:22} {cpu / answers:8.4f} ms CPU  {answers / seconds:9.0f}/s  p50 {p50:6.0f} us  p99 {p99:7.0f} us  max {worst:7.0f} us", flush=True)
        return cpu / answers


def user_body(number):
    name = f"bench-{number}@example.com"
    return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "externalId": f"ext-{number}", "active": True,
            "name": {"givenName": "Bench", "familyName": f"Number {number}"}, "displayName": f"Bench {number}",
            "emails": [{"value": name, "type": "work", "primary": True}]}


def patch_body(active):
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "value": {"active": active}}]}


def bars_met(results, slowness):
    good = True
    for name, bar in BARS_MS.items():
        value = results[name] / slowness
        good = good and value <= bar
        print(f"{name:22} {value:8.4f} ms where the bar was set, bar {bar:.2f} {'good' if value <= bar else 'MISSED'}", flush=True)
    return good


def start_figures(server):
    times = []
    for _ in range(5):
        start = time.monotonic()
        server.start()
        times.append((time.monotonic() - start) * 1000)
        rss_mib = server.rss_kib() / 1024
        server.stop()
    print(f"empty start {min(times):.0f} ms (best of 5; bar 200), idle memory {rss_mib:.1f} MiB (bar 20)", flush=True)
    return min(times) < 200 and rss_mib < 20


def run(options, folder, server):
    server.install("acme")
    good = start_figures(server)
    server.start()
    scim = server.acme.connection("bench")
    load = compile_tool(folder, "load")
    with Machine(load, folder, CONNECTIONS) as machine:
        good = measure(Bench(folder, server.pid, load), machine, options, server, scim) and good
    print(f"memory after: {server.rss_kib() / 1024:.1f} MiB")
    return 0 if good or not options.check else 1


def measure(bench, machine, options, server, scim):
    acme, port = server.acme, server.port
    ids = [scim("POST", "/Users", user_body(f"seed-{number}"), expect=201).json["id"] for number in range(options.users)]
    count = options.requests
    pick = [ids[number * 7919 % len(ids)] for number in range(count)]
    bench.measure("create", port, [http("POST", "/scim/v2/Users", port, scim.token, user_body(number)) for number in range(count)])
    bench.measure("GET by id", port, [http("GET", f"/scim/v2/Users/{identifier}", port, scim.token) for identifier in pick])
    bench.measure("userName eq", port, [
        http("GET", f"/scim/v2/Users?filter=userName%20eq%20%22bench-seed-{n * 7919 % len(ids)}@example.com%22", port, scim.token) for n in range(count)])
    switches = [http("PATCH", f"/scim/v2/Users/{ids[n % len(ids)]}", port, scim.token, patch_body(n // len(ids) % 2 == 1)) for n in range(count - count % (2 * len(ids)) or count)]
    bench.measure("PATCH active", port, switches)
    questions = [http("POST", "/access/v1/evaluation", port, acme.token, acme.question(identifier, "read", "groups")) for identifier in pick * 3]
    decision = bench.measure("decision", port, questions)
    ratio = decision / bench.measure("bare libmicrohttpd", machine.port, questions, machine.process.pid)
    machine.measure()
    print(f"decision / bare libmicrohttpd = {ratio:.2f} (bar {DECISION_RATIO})")
    return bars_met(bench.results, machine.slowness()) and ratio <= DECISION_RATIO


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--engine", default="sqlite", choices=["sqlite", "postgres"])
    parser.add_argument("--requests", type=int, default=8000)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    os.environ["MUSTER_BUILD"] = options.build
    from harness.postgres import Cluster
    from harness.server import Server

    cluster = Cluster(fast=False) if options.engine == "postgres" else None
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = pathlib.Path(name)
        server = Server(folder, options.engine, cluster)
        try:
            return run(options, folder, server)
        finally:
            server.kill9()
            if cluster:
                cluster.remove()


if __name__ == "__main__":
    sys.exit(main())
