# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster of the tests' own: a free loopback port, a folder of its own, an unprivileged user, stopped by its own pg_ctl."""
import glob
import os
import pathlib
import pwd
import shutil
import random
import socket
import subprocess
import tempfile


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def free_port_pair():
    """Two ports in a row, as ./bootstrap run wants them; below the range that clients get, because a build may lie between here and there."""
    while True:
        first = random.randrange(20000, 32000)
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", first))
                two.bind(("127.0.0.1", first + 1))
                return first
            except OSError:
                continue


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4]))
    return found[-1] if found else shutil.which(name)


class Cluster:
    """fast: no fsync; the kill tests kill musterd, not the machine."""

    def __init__(self, folder=None, fast=True, settings=()):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="muster-pg-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.databases = 0
        # initdb refuses root; a test run as a user uses that user.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self.folder.chmod(0o700)
        self.run("initdb", "-D", self.data, "-U", "muster", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C",
                 *(["--wal-segsize=1"] if folder else []))
        lines = ["listen_addresses = '127.0.0.1'", f"unix_socket_directories = '{self.folder}'", f"port = {self.port}", "max_connections = 400",
                 "shared_buffers = 64MB", "logging_collector = off", "autovacuum = off", "jit = off"]
        lines += ["fsync = off", "full_page_writes = off"] if fast else []
        conf = self.folder / "extra.conf"
        conf.write_text("\n".join([*lines, *settings]) + "\n")
        conf.chmod(0o644)
        if os.geteuid() == 0:
            os.chown(conf, pwd.getpwnam("postgres").pw_uid, -1)
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"include '{conf}'\n")
        self.start()

    def run(self, name, *arguments, check=True, timeout=120):
        who = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        # Output goes to a file: pg_ctl's child would keep a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run([program(name), *map(str, arguments)], cwd="/", stdout=output, stderr=subprocess.STDOUT,
                                  stdin=subprocess.DEVNULL, timeout=timeout, check=False, **who)
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
        assert done.returncode == 0 or not check, f"{name}: {text}"
        return text

    def start(self):
        self.run("pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-t", "60", "start")

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", "60", "stop", check=False)

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text, database="postgres"):
        return self.run("psql", "-h", "127.0.0.1", "-p", self.port, "-U", "muster", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database,
                        "-c", text).strip()

    def create_database(self):
        self.databases += 1
        name = f"muster{self.databases}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    def url(self, database):
        return f"postgresql://muster@127.0.0.1:{self.port}/{database}"
