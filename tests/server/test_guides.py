# SPDX-License-Identifier: Apache-2.0
"""The guides of docs/: what they quote of Muster is what Muster says, and their commands are those of the command line."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDES = ["okta", "entra"]


def said():
    """What the server may say: its string literals, neighbours joined, with anything where a value is filled in."""
    text = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.c"))
    literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"', re.sub(r'"\s*\n\s*"', "", text))
    forms = (re.split(r"%[-.0-9*l]*[a-z]+", literal.replace('\\"', '"')) for literal in literals)
    return [re.compile(".*".join(map(re.escape, parts))) for parts in forms if len("".join(parts)) > 12]


def answers(guide):
    text = (ROOT / "docs" / f"{guide}.md").read_text()
    return re.findall(r"^\| \d{3} `([^`]+)`", text, re.M)


@pytest.mark.parametrize("guide", GUIDES)
def test_what_muster_answers_is_quoted_word_for_word(guide):
    forms, quoted = said(), answers(guide)
    assert len(quoted) > 10
    for text in quoted:
        whole = not text.endswith("…")
        assert any(form.fullmatch(text) or (not whole and re.escape(text[:-1]) in form.pattern) for form in forms), f"{guide}: {text}"


def test_a_quotation_that_nobody_says_is_found():
    assert not any(form.fullmatch('"…" is no user that this caller knows') for form in said())
