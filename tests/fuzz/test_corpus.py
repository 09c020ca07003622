# SPDX-License-Identifier: Apache-2.0
"""Replays the corpus of every fuzz target under ASan and UBSan, then fuzzes each for a moment (MUSTER_FUZZ_SECONDS; 0: replay only).

A target is tests/fuzz/<layer>/fuzz_<name>.c; its corpus is tests/fuzz/corpus/<name>/ or tests/fuzz/<layer>/corpus/<name>/, its optional
dictionary <name>.dict beside the source. What is found is written to build/results and belongs into the corpus with its fix.
"""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "fuzz"
SECONDS = int(os.environ.get("MUSTER_FUZZ_SECONDS", "60" if os.environ.get("MUSTER_LONG") == "1" else "3"))
TARGETS = sorted(HERE.glob("*/fuzz_*.c"))


@pytest.mark.parametrize("source", TARGETS, ids=lambda source: source.stem)
def test_corpus_and_a_moment_of_fuzzing(source, tmp_path):
    program = ROOT / "build" / "fuzz" / source.stem
    assert program.is_file(), f"{program.relative_to(ROOT)} is not built"
    name = source.stem.removeprefix("fuzz_")
    corpora = [folder for folder in (HERE / "corpus" / name, HERE / source.parent.name / "corpus" / name, source.parent / name) if folder.is_dir()]
    assert corpora and any(any(folder.iterdir()) for folder in corpora), f"{source.stem} has no corpus"
    findings = ROOT / "build" / "results" / source.stem
    findings.mkdir(parents=True, exist_ok=True)
    command = [str(program), "-rss_limit_mb=2048", "-timeout=10", f"-artifact_prefix={findings}/", "-verbosity=0", "-print_final_stats=1"]
    dictionary = source.parent / f"{name}.dict"
    if dictionary.is_file():
        command.append(f"-dict={dictionary}")
    work = tmp_path / "work"
    work.mkdir()
    command += [f"-max_total_time={SECONDS}"] if SECONDS else ["-runs=0"]
    done = subprocess.run([*command, str(work), *map(str, corpora)], capture_output=True, text=True, timeout=SECONDS + 300, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
