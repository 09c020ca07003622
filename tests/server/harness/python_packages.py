# SPDX-License-Identifier: Apache-2.0
"""The Python that holds the packages of tests/tools/python.lock; ./bootstrap test installs them into build/venv."""
import pytest

from .server import ROOT

FOLDER = ROOT / "build" / "venv"


def packaged_python():
    """Its path. A test that needs it is skipped where the lock is not installed."""
    installed = FOLDER / "installed.lock"
    if not installed.is_file() or installed.read_bytes() != (ROOT / "tests" / "tools" / "python.lock").read_bytes():
        pytest.skip("the packages of tests/tools/python.lock are not installed; ./bootstrap test does that")
    return FOLDER / "bin" / "python"
