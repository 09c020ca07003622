# SPDX-License-Identifier: Apache-2.0
"""How fast this machine is now, beside the one that the bars in milliseconds were set on.

Two yardsticks, taken between the phases of a run: what a bare libmicrohttpd handler takes for a decision request of 196 bytes (bare_mhd.c:
mostly kernel), and what jansson takes to parse that body (no kernel). Where the bars were set they took HANDLER_MS and PARSE_MS.
"""
import json
import subprocess

from driver import compile_tool, drive, http

HANDLER_MS, PARSE_MS = 0.0093, 0.00335
QUESTION = {"subject": {"type": "user", "id": "0b8b1d0e-1f3c-4a3e-8f26-0d0b7e1c0a11"}, "action": {"name": "secrets.read"},
            "resource": {"type": "project", "id": "project-01234", "properties": {"path": "/production/db01"}}}
REQUESTS = 4000


class Machine:
    def __init__(self, load, folder, connections):
        self.load, self.folder, self.connections, self.handler, self.parse = load, folder, connections, [], []
        program = compile_tool(folder, "bare_mhd", "libmicrohttpd", "jansson")
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def measure(self):
        """(how many times slower than where the bars were set, milliseconds of a bare handler), now."""
        request = http("POST", "/", self.port, "secret", QUESTION)
        cpu, _ = drive(self.load, self.folder, self.port, self.connections, [request] * REQUESTS, self.process.pid)
        self.handler.append(cpu / REQUESTS)
        self.process.stdin.write(json.dumps(QUESTION, separators=(",", ":")) + "\n")
        self.process.stdin.flush()
        self.parse.append(float(self.process.stdout.readline()) / 1000)
        return min(self.handler[-1] / HANDLER_MS, self.parse[-1] / PARSE_MS), self.handler[-1]

    def slowness(self):
        """The same over all that was measured. Of the two yardsticks, the one that flatters us less."""
        return min(sum(self.handler) / HANDLER_MS, sum(self.parse) / PARSE_MS) / len(self.handler)

    def __enter__(self):
        self.measure()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
