# SPDX-License-Identifier: Apache-2.0
"""Filters and PATCH on random input against scim2-models, an implementation by other people (harness/scim_oracle.py).

Where the two differ, a row of a table below must explain it: the library is asked again under these readings, and then both must agree in
every value and every kind of error. Each row has an example that needs it and no other."""
import json
import random
import subprocess

import pytest
from conftest import LONG

from harness.python_packages import packaged_python
from harness.scim_random import PATCH, USER, plain, random_filter, random_operation, random_user, strip
from harness.server import ROOT

FILTERS, PATCHES = (6000, 6000) if LONG else (200, 150)
PEOPLE = 24

# name of the reading -> (why ours is right, where, a filter that shows it)
FILTER_READINGS = {
    "unknown-is-not-false": ("an unknown attribute is UNKNOWN also under `not`, so that a misspelt name never means everyone", "R17",
                             'not (unheard eq "x")'),
    "ne-means-some-value": ("a list matches when any of its values does, whatever the operator", "RFC 7644 section 3.4.2.2",
                            'emails.value ne "ada@example.com"'),
    "null-is-of-the-attribute": ("`eq null` asks whether nothing is assigned, as null unassigns the whole attribute", "RFC 7643 section 2.5",
                                 "emails.type eq null"),
    "full-case-folding": ("names that differ by case in any script are one, as for uniqueness", "R10, RFC 7643 section 7 (caseExact)",
                          'title eq "STRASSE"'),
    "exact-is-byte-exact": ("ids and externalIds are compared as bytes, never normalized", "R7", 'externalId eq "e\u0301"'),
}


class Oracle:
    def __init__(self):
        program = ROOT / "tests" / "server" / "harness" / "scim_oracle.py"
        self.process = subprocess.Popen([packaged_python(), program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, readings=(), **question):
        self.process.stdin.write(json.dumps({**question, "readings": sorted(readings)}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def agrees(self, ours, table, same, **question):
        """With no reading, or with all: then some row explains the difference."""
        return same(ours, self.ask(**question)) or same(ours, self.ask(table, **question))

    def needed(self, ours, table, same, **question):
        """The readings without which the oracle would not agree."""
        if same(ours, self.ask(**question)):
            return set()
        return {name for name in table if not same(ours, self.ask(set(table) - {name}, **question))}

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def oracle():
    made = Oracle()
    yield made
    made.close()


# ---- filters ----

def differing(ours, theirs, people):
    """For people to read: who differs, and what is true of them."""
    if "matches" not in ours or "matches" not in theirs:
        return (ours if "error" in ours else "matches", theirs if "error" in theirs else "matches")
    return [(mine, other, plain(one)) for mine, other, one in zip(ours["matches"], theirs["matches"], people) if mine != other][:2]


def filter_and_compare(connection, oracle, people, text):
    """The readings that were needed, as a function: asking for them costs more than the comparison."""
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text, "count": 1000, "attributes": ["id"]}
    reply = connection("POST", "/Users/.search", body)
    found = {one["id"] for one in reply.json["Resources"]} if reply.status == 200 else None
    ours = {"matches": [one["id"] in found for one in people]} if found is not None else {"error": reply.json["scimType"]}
    asked = (ours, FILTER_READINGS, lambda mine, theirs: mine == theirs)
    if not oracle.agrees(*asked, filter=text):
        pytest.fail(f"{text}\n{differing(ours, oracle.ask(FILTER_READINGS, filter=text), people)}")
    return lambda: oracle.needed(*asked, filter=text)


def test_filters(fresh, oracle, unique):
    chance = random.Random(20261121)
    users = [random_user(chance, f"{unique('u')}{chance.choice('abAB')}@example.com") for _ in range(PEOPLE)]
    users[0] |= {"title": "straße", "externalId": "é", "emails": [{"value": "ada@example.com", "type": "work"}, {"value": "b@example.org"}]}
    people = [fresh("POST", "/Users", user, expect=201).json for user in users]
    oracle.ask(users=[strip(one) for one in people])
    for name, (_, _, text) in FILTER_READINGS.items():
        assert filter_and_compare(fresh, oracle, people, text)() == {name}
    for _ in range(FILTERS):
        filter_and_compare(fresh, oracle, people, random_filter(chance))


# ---- PATCH ----

ADA = {"value": "ada@example.com", "type": "work"}
HOME = {"value": "home@example.com", "type": "home"}

# name of the reading -> (why ours is right, where, a user's e-mails, an operation that shows it)
COMMON_READINGS = {
    "add-null-adds-nothing": ("null is unassigned: there is nothing to add", "RFC 7643 section 2.5", [], {"op": "add", "path": "title", "value": None}),
    "active-is-never-unassigned": ("in or out: nobody guesses", "R15, RFC 7643 section 4.1.1", [], {"op": "remove", "path": "active"}),
    "one-element-for-value-and-type": ("the same value and type is one element, which takes what is new about it; values are compared as written",
                                       "RFC 7643 section 2.4", [ADA], {"op": "add", "path": "emails", "value": [{**ADA, "display": "Ada"}]}),
    "equal-elements-are-one": ("elements that become equal are one", "RFC 7643 section 2.4",
                               [ADA, {**ADA, "type": "home"}], {"op": "replace", "path": "emails[value eq \"ada@example.com\"].type", "value": "home"}),
    "first-of-several-is-primary": ("of several selected to be primary the one that was so stays, else the first becomes it", "RFC 7643 section 2.4",
                                    [ADA, {**HOME, "type": "work"}], {"op": "add", "path": "emails[type eq \"work\"].primary", "value": True}),
    "empty-external-id-is-none": ("an empty name would be the name of many", "R7", [], {"op": "add", "path": "externalId", "value": ""}),
    "required-is-not-empty": ("empty text is no userName", "R10, RFC 7643 section 4.1.1", [], {"op": "replace", "path": "userName", "value": ""}),
}
LENIENT_READINGS = {
    **COMMON_READINGS,
    "unknown-attribute": ("what no schema names is dropped and recorded", "leniency", [], {"op": "add", "path": "unheard", "value": 1}),
    "remove-with-value": ("Entra lists in `value` what is to be removed", "leniency", [ADA, HOME],
                          {"op": "remove", "path": "emails", "value": [{"value": "home@example.com"}]}),
    "create-on-absent": ("Entra changes an element that is not there and means it made, unless that is not what the brackets look for", "leniency", [],
                         {"op": "add", "path": "emails[type eq \"work\"].value", "value": "ada@example.com"}),
    "emptied-element": ("Entra removes the value of an element and means the element", "leniency", [ADA],
                        {"op": "remove", "path": "emails[type eq \"work\"].value"}),
    "element-replaced-whole": ("`replace` of a selected element replaces the record, except what the brackets say of it", "RFC 7644 section 3.5.2.3",
                               [{**ADA, "primary": True}], {"op": "replace", "path": "emails[type eq \"work\"]", "value": {"value": "b@example.org"}}),
    "key-given-twice": ("two spellings of one name: the order of keys must not decide", "RFC 7643 section 2.1", [],
                        {"op": "add", "value": {"title": "a", "Title": "b"}}),
}
PROFILE = "draft-zollner-scim-interop-profile-01 section "
STRICT_READINGS = {
    **COMMON_READINGS,
    "operation-needs-path": ("no operation without path", PROFILE + "6.5.1.1", [], {"op": "add", "value": {"title": "a"}}),
    "unknown-is-invalid-syntax": ("the path is well-formed; its attribute is not defined", PROFILE + "5.3", [], {"op": "add", "path": "unheard", "value": 1}),
    "brackets-need-sub-attribute": ("no element is a target by itself", PROFILE + "6.5.2.2", [ADA], {"op": "remove", "path": "emails[type eq \"work\"]"}),
    "complex-replaced-whole": ("replace of a complex attribute keeps nothing", PROFILE + "6.5.2.1", [],
                               {"op": "replace", "path": "name", "value": {"familyName": "F"}}),
    "remove-takes-no-value": ("an operation with a member that must not be there is malformed, not a wrong value", "RFC 7644 section 3.5.2.2", [ADA],
                              {"op": "remove", "path": "emails", "value": [ADA]}),
}
def patch_and_compare(connection, oracle, table, before, operations):
    """The user afterwards, and the readings that were needed, as a function."""
    question = {"user": strip(before), "patch": {"schemas": [PATCH], "Operations": operations}}
    reply = connection("PATCH", f"/Users/{before['id']}", question["patch"])
    after = connection("GET", f"/Users/{before['id']}", expect=200).json
    ours = {"user": plain(after)} if reply.status == 200 else {"error": reply.json["scimType"]}
    asked = (ours, table, lambda mine, theirs: mine == ({"user": plain(theirs["user"])} if "user" in theirs else theirs))
    if not oracle.agrees(*asked, **question):
        theirs = plain(oracle.ask(table, **question))
        pytest.fail(f"{json.dumps(operations)}\nbefore {json.dumps(plain(before))}\nours   {json.dumps(ours)} {reply.text}\ntheirs {json.dumps(theirs)}")
    return after, lambda: oracle.needed(*asked, **question)


@pytest.mark.parametrize(("profile", "table"), [("lenient", LENIENT_READINGS), ("strict", STRICT_READINGS)])
def test_patches(server, oracle, unique, profile, table):
    connection = server.acme.connection(unique(profile), profile=profile)
    body = {"schemas": [USER], "userName": unique("p@example.com"), "name": {"givenName": "G"}, "externalId": "e"}
    before = connection("POST", "/Users", body, expect=201).json
    for name, (_, _, emails, operation) in table.items():
        before = connection("PUT", f"/Users/{before['id']}", {**body, "emails": emails}, expect=200).json
        assert patch_and_compare(connection, oracle, table, before, [operation])[1]() == {name}
    chance = random.Random(profile)
    for number in range(PATCHES):
        if number % 5 == 0:
            before = connection("PUT", f"/Users/{before['id']}", random_user(chance, before["userName"]), expect=200).json
        before, _ = patch_and_compare(connection, oracle, table, before, [random_operation(chance) for _ in range(chance.choice([1, 1, 2, 4]))])
