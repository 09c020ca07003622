# SPDX-License-Identifier: Apache-2.0
"""Pages by index (RFC 7644 section 3.4.2.4) and by cursor (RFC 9865)."""
import random
import re
import threading

import pytest

pytestmark = pytest.mark.sanitize


def walk(client, query="", count=3, between=None, path="/Users"):
    """All pages by cursor; [page]."""
    pages, cursor = [], ""
    while cursor is not None:
        page = client("GET", f"{path}?count={count}&cursor={cursor}{query}", expect=200).json
        assert page["itemsPerPage"] == len(page["Resources"]) <= count and "startIndex" not in page and "previousCursor" not in page
        cursor = page.get("nextCursor")
        assert cursor is None or re.fullmatch(r"[A-Za-z0-9._~-]+", cursor)
        pages.append(page)
        if between:
            between(len(pages))
    return pages


def ids(pages):
    return [row["id"] for page in pages for row in page["Resources"]]


@pytest.fixture
def people(fresh, unique):
    return [fresh.user(unique("page@example.com"), title="odd" if i % 2 else "even")["id"] for i in range(10)]


def test_security_15_index_numbers_are_clamped(fresh, people):
    get = lambda query: fresh("GET", f"/Users?{query}", expect=200).json
    for query, start, shown in (("startIndex=0", 1, 10), ("startIndex=-5&count=2", 1, 2), ("count=-1", 1, 0), ("count=0", 1, 0),
                                ("count=2147483647", 1, 10), ("startIndex=99999999999999999999", 2147483647, 0), ("startIndex=8", 8, 3),
                                ("startIndex=11", 11, 0), ("startIndex=10&count=5", 10, 1)):
        page = get(query)
        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (10, start, shown), query
    assert [row["id"] for row in get("startIndex=4&count=3")["Resources"]] == people[3:6]
    for query in ("count=x", "startIndex=1.5", "count="):
        assert fresh("GET", f"/Users?{query}", expect=400).json["scimType"] == "invalidValue"


@pytest.mark.parametrize("count", [1, 3, 5, 9, 10, 11, 1000])
def test_cursor_shows_every_row_once_in_the_order_of_index(fresh, people, count):
    pages = walk(fresh, count=count)
    assert ids(pages) == people and all(page["totalResults"] == 10 for page in pages)
    assert len(pages) == (10 + count - 1) // count


def test_cursor_is_default_neither_nor_needed(fresh, people):
    page = fresh("GET", "/Users?count=3", expect=200).json
    assert page["startIndex"] == 1 and "nextCursor" not in page


@pytest.mark.parametrize("query, expected", [
    ('&filter=title eq "odd"', slice(1, None, 2)),
    ('&filter=title pr', slice(None)),
    ('&filter=title eq "none"', slice(0, 0)),
    ('&filter=title eq "odd"&sortBy=userName', slice(1, None, 2)),
])
def test_cursor_with_a_filter(fresh, people, query, expected):
    assert sorted(ids(walk(fresh, query, 2))) == sorted(people[expected])


def test_cursor_with_a_filter_that_an_index_decides(fresh, people):
    name = fresh("GET", f"/Users/{people[4]}", expect=200).json["userName"]
    pages = walk(fresh, f'&filter=userName eq "{name.upper()}"', 1)
    assert ids(pages) == [people[4]]


def test_cursor_of_groups(fresh, unique):
    made = [fresh.group(unique("paged"))["id"] for _ in range(5)]
    assert ids(walk(fresh, "&excludedAttributes=members", 2, path="/Groups")) == made


def test_an_empty_list_is_one_page(fresh):
    assert [(page["totalResults"], page["Resources"]) for page in walk(fresh)] == [(0, [])]


def test_invalid_counts_and_mixed_methods(fresh, people):
    for query in ("count=0", "count=-3", "count=many"):
        assert fresh("GET", f"/Users?cursor=&{query}", expect=400).json["scimType"] == "invalidCount"
    assert fresh("GET", "/Users?cursor=&count=5000", expect=200).json["itemsPerPage"] == 10
    assert fresh("GET", "/Users?cursor=&startIndex=1", expect=400).json["scimType"] == "invalidValue"


def test_a_cursor_fits_its_own_question_alone(fresh, people, server, unique):
    """Tamper-evident, and bound to tenant, connection, type and the other parameters."""
    refuse = lambda client, path: client("GET", path, expect=400).json["scimType"] == "invalidCursor"
    cursor = fresh("GET", "/Users?count=2&cursor=", expect=200).json["nextCursor"]
    fresh("GET", f"/Users?count=7&cursor={cursor}", expect=200)  # the count may differ from page to page
    assert refuse(fresh, f"/Groups?cursor={cursor}")
    for query in ("filter=title pr", "sortBy=title", "attributes=title", "excludedAttributes=title"):
        assert refuse(fresh, f"/Users?{query}&cursor={cursor}")
    assert refuse(server.acme.connection(unique("other")), f"/Users?cursor={cursor}")
    assert refuse(server.globex.connection(unique("foreign")), f"/Users?cursor={cursor}")
    for i in range(0, len(cursor), 5):
        assert refuse(fresh, f"/Users?cursor={cursor[:i]}{'0' if cursor[i] != '0' else '1'}{cursor[i + 1:]}")
    for other in (cursor[:-2], cursor + "00", cursor[:-1], "0", "x", "00" * 34, "ff" * 300, "f" * 4000):
        assert refuse(fresh, f"/Users?cursor={other}")


def test_cursor_outlives_a_restart_and_its_row(own_server, unique):
    client = own_server.acme.connection("cursor")
    made = [client.user(f"restart{i}@example.com")["id"] for i in range(6)]
    first = client("GET", "/Users?count=2&cursor=", expect=200).json
    client("DELETE", f"/Users/{made[1]}", expect=204)  # the row that the cursor stands on
    own_server.stop()
    own_server.start()
    rest = client("GET", f"/Users?count=10&cursor={first['nextCursor']}", expect=200).json
    assert [row["id"] for row in rest["Resources"]] == made[2:] and "nextCursor" not in rest


@pytest.mark.parametrize("query", ["", "&filter=title pr", "&sortBy=title"])
def test_paging_sees_every_untouched_row_once_while_others_come_and_go(fresh, unique, query):
    """A property: whatever is made and deleted between the pages, each row that stands throughout is shown exactly once."""
    chance = random.Random(query)
    still = [fresh.user(unique("still@example.com"), title=chance.choice("abc"))["id"] for _ in range(30)]
    moving = [fresh.user(unique("moving@example.com"), title=chance.choice("abc"))["id"] for _ in range(15)]
    stop = threading.Event()
    failures = []

    def churn():
        try:
            while not stop.is_set():
                if moving and chance.random() < 0.5:
                    fresh("DELETE", f"/Users/{moving.pop(chance.randrange(len(moving)))}", expect=204)
                else:
                    moving.append(fresh.user(unique("moving@example.com"), title=chance.choice("abc"))["id"])
        except AssertionError as failure:
            failures.append(failure)

    other = threading.Thread(target=churn)
    other.start()
    try:
        for count in (1, 4, 7):
            seen = [one for one in ids(walk(fresh, query, count)) if one in set(still)]
            assert sorted(seen) == sorted(still)
    finally:
        stop.set()
        other.join()
    assert not failures, failures[0]
