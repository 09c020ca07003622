# SPDX-License-Identifier: Apache-2.0
"""sortBy and sortOrder (RFC 7644 section 3.4.2.3): any attribute, unassigned last, ties in the order of making."""
import time

import pytest

pytestmark = pytest.mark.sanitize
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def names(client, query):
    return [user["userName"] for user in client("GET", f"/Users?{query}", expect=200).json["Resources"]]


@pytest.fixture
def people(fresh, unique):
    """Made in the order d, B, a, c, each in a millisecond of his own; the fourth has neither title nor e-mails."""
    tail = unique("@sort.example")

    def make(name, **more):
        fresh.user(name + tail, **more)
        time.sleep(0.002)

    make("d", title="Zoe", emails=[{"value": "m@x"}, {"value": "a@x", "primary": True}], profileUrl="https://x/b", active=False)
    make("B", title="anna", emails=[{"value": "b@x"}, {"value": "a0@x"}], profileUrl="https://x/B", **{ENTERPRISE: {"department": "2"}})
    make("a", title="Élan", emails=[{"value": "C@x"}], profileUrl="https://x/a", **{ENTERPRISE: {"department": "1"}})
    make("c")
    return lambda query: "".join(name[0] for name in names(fresh, query))


@pytest.mark.parametrize("query, expected", [
    ("sortBy=userName", "aBcd"),                        # not caseExact
    ("sortBy=userName&sortOrder=descending", "dcBa"),
    ("sortBy=USERNAME&sortOrder=Ascending", "aBcd"),
    ("sortBy=title", "Bdac"),                           # folded; what is unassigned comes last
    ("sortBy=title&sortOrder=descending", "cadB"),
    ("sortBy=profileUrl", "Badc"),                      # caseExact
    ("sortBy=emails", "dBac"),                          # the primary, else the first
    ("sortBy=emails.value", "dBac"),
    ("sortBy=active", "dBac"),
    ("sortBy=meta.created", "dBac"),
    ("sortBy=meta.created&sortOrder=descending", "caBd"),
    ("sortBy=id", "dBac"),
    (f"sortBy={ENTERPRISE}:department", "aBdc"),        # ties keep the order of making
    (f"sortBy={ENTERPRISE}:department&sortOrder=descending", "dcBa"),
    ("sortBy=nothing", "dBac"),                         # lenient: ignored
    ("sortBy=password", "dBac"),
    ("sortBy=name", "dBac"),                            # complex, without a value of its own
    ("sortBy=", "dBac"),
    ("sortBy=userName&startIndex=2&count=2", "Bc"),
    ("sortBy=userName&filter=title pr", "aBd"),
    ("sortBy=userName&filter=title pr&startIndex=3", "d"),
])
def test_order(people, query, expected):
    assert people(query) == expected


def test_totals_are_those_of_the_filter(fresh, unique):
    for _ in range(5):
        fresh.user(unique("total@example.com"), title="t")
    found = fresh("GET", "/Users?sortBy=title&count=2&filter=title eq \"T\"", expect=200).json
    assert (found["totalResults"], found["itemsPerPage"], found["startIndex"]) == (5, 2, 1)
    none = fresh("GET", "/Users?sortBy=title&count=0", expect=200).json
    assert (none["totalResults"], none["itemsPerPage"], none["Resources"]) == (5, 0, [])


def test_groups_by_name_and_by_members(fresh, unique):
    person = fresh.user(unique("member@example.com"))["id"]
    for name, members in (("b", []), ("A", [person]), ("c", [])):
        fresh.group(name, members)
    order = lambda query: "".join(group["displayName"] for group in fresh("GET", f"/Groups?{query}", expect=200).json["Resources"])
    assert order("sortBy=displayName") == "Abc" and order("sortBy=members") == "Abc"
    assert order("sortBy=displayName&excludedAttributes=members") == "Abc"


def test_what_cannot_be_is_said(fresh, server, unique):
    assert fresh("GET", "/Users?sortBy=title&sortOrder=sideways", expect=400).json["scimType"] == "invalidValue"
    strict = server.acme.connection(unique("strict"), profile="strict")
    assert strict("GET", "/Users?sortBy=nothing", expect=400).json["scimType"] == "invalidValue"
    strict("GET", "/Users?sortBy=userName", expect=200)


def test_sorted_pages_by_cursor_are_whole(fresh, unique):
    """Equal keys on both sides of a page's end; rows made between two pages move no other."""
    for i in range(20):
        fresh.user(unique(f"same{i}@example.com"), title="equal" if i % 2 else None and "x")
    everybody = names(fresh, "sortBy=title&count=1000")
    seen, cursor = [], ""
    while cursor is not None:
        page = fresh("GET", f"/Users?sortBy=title&count=3&cursor={cursor}", expect=200).json
        seen += [user["userName"] for user in page["Resources"]]
        cursor = page.get("nextCursor")
        fresh.user(unique("zz@example.com"), title="aaa")
    assert [name for name in seen if name in everybody] == everybody
