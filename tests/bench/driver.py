# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: compiling their tools, requests as bytes, sending them, the CPU time of a process."""
import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


class LoadFailed(Exception):
    """Not every request had a good answer."""


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


def drive(load, folder, port, connections, requests, pid):
    """(CPU ms of the process, what load.c printed as numbers: answers, good ones, seconds, p50, p99 and largest in us)."""
    path = folder / "requests"
    with open(path, "wb") as file:
        for request in requests:
            file.write(b"%d\n%s" % (len(request), request))
    before = cpu_ms(pid)
    done = subprocess.run([load, str(port), str(min(connections, len(requests))), path], capture_output=True, text=True, check=False)
    cpu = cpu_ms(pid) - before
    words = [float(word) for word in done.stdout.split()]
    if done.returncode != 0 or len(words) != 6:
        raise LoadFailed(f"{done.stdout}{done.stderr}")
    if words[0] != words[1]:
        raise LoadFailed(f"{words[0] - words[1]:.0f} of {words[0]:.0f} answers were no success")
    return cpu, words
