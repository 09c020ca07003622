# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: compiling their tools, requests as bytes, the CPU time of a process."""
import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def compile_tool(folder, name, *packages):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], capture_output=True, text=True, check=True).stdout.split() if packages else []
    program = folder / name
    subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-o", program, HERE / f"{name}.c", *flags], check=True)
    return program


def cpu_ms(pid):
    """What all threads of the process have run, to the nanosecond: utime and stime come in ticks of 10 ms."""
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e6


def http(method, path, port, token, body=None):
    text = json.dumps(body).encode() if body is not None else b""
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {token}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(text)}"] if text else []
    return ("\r\n".join(head) + "\r\n\r\n").encode() + text
