#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums the JUnit files of a folder into one closing line; exits non-zero when anything failed.

A ctest executable that is a cmocka program counts as its own tests. A file that cannot be read, a listed step that failed, and a run
without any test count as failures: silence is never success.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

CMOCKA_REASON = re.compile(r"^skipped: (.*)", re.M)
CMOCKA_LINE = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)", re.M)


def count_case(case):
    """(passed, failed, skipped, name) of one <testcase>."""
    name = f"{case.get('classname', '')}::{case.get('name', '')}"
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return 0, 1, 0, name
    if case.find("skipped") is not None or case.get("status") in ("disabled", "notrun"):
        return 0, 0, 1, name
    output = "".join(node.text or "" for node in case.findall("system-out"))
    inner = {}
    for what, number in CMOCKA_LINE.findall(output):
        inner[what] = inner.get(what, 0) + int(number)
    return max(1, inner.get("PASSED", 1)), 0, inner.get("SKIPPED", 0), name


def skip_reason(case):
    node = case.find("skipped")
    if node is not None:
        return (node.get("message") or "").split("\n")[0]
    return "; ".join(dict.fromkeys(CMOCKA_REASON.findall("".join(node.text or "" for node in case.findall("system-out")))))


def count_file(path):
    total = [0, 0, 0]
    try:
        cases = list(ET.parse(path).getroot().iter("testcase"))
    except ET.ParseError as fault:
        print(f"FAILED {path.name}: not readable: {fault}")
        return [0, 1, 0]
    for case in cases:
        passed, failed, skipped, name = count_case(case)
        total = [total[0] + passed, total[1] + failed, total[2] + skipped]
        if failed:
            print(f"FAILED {path.stem} {name}")
        if skipped:
            print(f"SKIPPED {path.stem} {name}: {skip_reason(case)}")
    print(f"{path.stem}: {total[0]} good, {total[1]} bad, {total[2]} left out")
    return total


def main():
    folder = pathlib.Path(sys.argv[1])
    passed, failed, skipped = (sum(column) for column in zip([0, 0, 0], *(count_file(p) for p in sorted(folder.glob("*.xml")))))
    steps = folder / "failed-steps"
    if steps.exists():
        for line in steps.read_text().splitlines():
            print(f"FAILED step {line}")
            failed += 1
    if passed + failed == 0:
        print("FAILED: no test ran")
        failed = 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
