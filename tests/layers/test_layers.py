# SPDX-License-Identifier: Apache-2.0
"""Reads every #include against the layer table of the design, and the small laws of the house that need no compiler.

A file includes its own folder and folders below it, never above, never beside. include/<folder>/ is what others may include; a private
header lies beside its .c and stays in its folder.
"""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# From the top down. Folders of one row stand beside each other.
LAYERS = [
    ["app", "cli"],
    ["scim", "api", "pages", "provider", "console"],
    ["login", "sync", "deliver"],
    ["directory"],
    ["access", "ledger"],
    ["store"],
    ["model"],
    ["http", "net"],
    ["base"],
]
DEPTH = {folder: row for row, folders in enumerate(LAYERS) for folder in folders}
PROGRAMS = {"musterd.c": "app", "muster.c": "cli"}  # src/*.c: the two main(), each of one folder
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def may_use(folder, other):
    return folder == other or DEPTH[folder] < DEPTH[other]


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def fault_of(path, folder, wanted, public):
    """Why `path` (of `folder`; public: under include/) may not include `wanted`; "" when it may."""
    first, _, rest = wanted.partition("/")
    if not rest:
        if public:
            return "a public header includes headers by folder/name only"
        return "" if (path.parent / wanted).is_file() else "no such private header beside the file"
    if first not in DEPTH:
        return "" if (path.parent / wanted).is_file() else "not a folder of the house"
    if (ROOT / "include" / wanted).is_file():
        return "" if may_use(folder, first) else f"{folder} may not use {first}: it is above or beside"
    if (ROOT / "src" / wanted).is_file():
        return "" if first == folder and not public else f"private header of {first}"
    return "no such header"


def faults(base, public):
    found = []
    for path in sorted(p for p in base.rglob("*") if p.suffix in (".c", ".h")):
        parts = path.relative_to(base).parts
        folder = parts[0] if len(parts) > 1 else PROGRAMS.get(parts[0])
        if folder not in DEPTH:
            found.append(f"{path.relative_to(ROOT)}: stands in no layer")
            continue
        for wanted in includes(path):
            why = fault_of(path, folder, wanted, public)
            if why:
                found.append(f'{path.relative_to(ROOT)}: "{wanted}": {why}')
    return found


def files_of_project():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_sources_include_only_their_own_folder_and_those_below():
    assert faults(ROOT / "src", public=False) == []


def test_public_headers_include_only_public_headers_below():
    assert faults(ROOT / "include", public=True) == []


def test_unit_tests_include_only_their_own_folder_and_those_below():
    found = []
    base = ROOT / "tests" / "unit"
    for path in sorted(base.rglob("*.[ch]")):
        parts = path.relative_to(base).parts
        if len(parts) < 2 or parts[0] not in DEPTH:
            continue
        for wanted in includes(path):
            first = wanted.split("/")[0]
            if first in DEPTH and not may_use(parts[0], first):
                found.append(f'{path.relative_to(ROOT)}: "{wanted}"')
    assert found == []


@pytest.mark.parametrize(
    ("folder", "wanted", "good"),
    [
        ("store", "base/error.h", True),
        ("base", "store/store.h", False),
        ("access", "ledger/ledger.h", False),
        ("http", "net/https_fetch.h", False),
        ("app", "http/server.h", True),
    ],
)
def test_the_table_itself_refuses_above_and_beside(folder, wanted, good):
    assert may_use(folder, wanted.split("/")[0]) is good


def test_every_folder_has_a_short_readme():
    wrong = []
    folders = [p for p in (ROOT / "src").iterdir() if p.is_dir() and list(p.glob("*.c"))]
    folders += [ROOT / name for name in ("tests", "conf", "systemd", "schemas", "docs")]
    for folder in sorted(folders):
        readme = folder / "README.md"
        lines = len(readme.read_text().splitlines()) if readme.is_file() else 0
        if not 1 <= lines <= 15:
            wrong.append(f"{readme.relative_to(ROOT)}: {lines} lines, must be 1 to 15")
    assert wrong == []


def test_every_source_file_names_its_licence():
    kinds = {".c", ".h", ".S", ".py", ".sh", ".lua"}
    wrong = [
        str(path.relative_to(ROOT))
        for path in files_of_project()
        if path.suffix in kinds and path.stat().st_size and "SPDX-License-Identifier: Apache-2.0" not in path.read_text(errors="replace")[:300]
    ]
    assert wrong == []


def test_no_file_names_a_machine_or_a_package_registry():
    # Written in pieces, so that this file does not find itself.
    forbidden = re.compile(
        "|".join(
            ["/wo" + r"rk/(main|shared|\.)", "/fa" + "rm/", "/ro" + "ot/", "/ho" + "me/[a-z]", "py" + r"pi\.org", "deb\\." + "debian", "crates" + r"\.io",
             "registry\\." + "npmjs", "proxy\\." + r"golang"]
        )
    )
    found = []
    for path in files_of_project():
        if path.suffix in (".png", ".gz", ".db", ".ico") or path.name == "LICENSE":
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if forbidden.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_no_two_layers_define_one_name():
    """The linker would take either, and say nothing."""
    libraries = sorted((ROOT / os.environ.get("MUSTER_BUILD", "build/dev")).glob("libmuster_*.a"))
    if not libraries:
        pytest.skip("not built")
    homes = {}
    for library in libraries:
        listed = subprocess.run(["nm", "--defined-only", "--extern-only", "--format=posix", str(library)], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            fields = line.split()
            if len(fields) >= 2 and fields[1] in "TDBR":
                homes.setdefault(fields[0], set()).add(library.name)
    assert len(homes) > 100
    assert {name: sorted(where) for name, where in homes.items() if len(where) > 1} == {}
