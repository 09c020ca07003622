# SPDX-License-Identifier: Apache-2.0
"""Random users, filters and PATCH operations, as hostile as clients are careless. `chance` is a random.Random: a failure repeats."""
import json

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
WORDS = ["a", "A", "b", "Ada", "ada", "Ada Lovelace", "Engineer", "engineer II", "Zoë", "ZOË", "x\"y", "back\\slash", "", "10", "9", "true",
         "straße", "STRASSE", "é", "e\u0301"]
MAILS = ["ada@example.com", "ADA@example.com", "b@example.org", "work@example.com", "home@example.com"]
TYPES = ["work", "home", "other"]  # in lower case: the library stores its own spelling of these
TEXTS = ["title", "displayName", "nickName", "userType"]
NAMES = ["formatted", "familyName", "givenName"]
PARTS = ["department", "employeeNumber", "costCenter"]


def random_element(chance, values):
    element = {"value": chance.choice(values)}
    if chance.random() < 0.7:
        element["type"] = chance.choice(TYPES)
    if chance.random() < 0.3:
        element["display"] = chance.choice(WORDS[:-2])
    return element


def random_list(chance, values, primary=True):
    made = []
    for _ in range(chance.randrange(4)):
        element = random_element(chance, values)
        if element not in made:
            made.append(element)
    if made and primary and chance.random() < 0.5:
        chance.choice(made)["primary"] = True
    return made


def random_user(chance, name):
    some = lambda names: {one: chance.choice(WORDS) for one in names if chance.random() < 0.6}
    user = {"schemas": [USER, ENTERPRISE], "userName": name, "active": chance.random() < 0.8, **some(TEXTS), "name": some(NAMES),
            "emails": random_list(chance, MAILS), "roles": random_list(chance, WORDS[:8]), "phoneNumbers": random_list(chance, ["+1 555", "555"]),
            ENTERPRISE: some(PARTS)}
    if chance.random() < 0.4:
        user["externalId"] = f"{chance.choice(['e', 'E'])}-{name}"
    if chance.random() < 0.3:
        user[ENTERPRISE]["manager"] = {"value": chance.choice(["m", "M", "n"])}
    return user


def plain(user):
    """What a client wrote of a user: no id, no meta, nothing read-only, nothing unassigned; lists in any order."""
    if isinstance(user, dict):
        dropped = ("id", "meta", "schemas", "groups", "urn:ietf:params:scim:schemas:extension:muster:2.0:User")
        made = {key: plain(value) for key, value in user.items() if key not in dropped}
        return {key: value for key, value in made.items() if value not in (None, [], {})}
    if isinstance(user, list):
        return sorted((plain(one) for one in user), key=lambda one: json.dumps(one, sort_keys=True))
    return user


def strip(user):
    return {key: value for key, value in user.items() if not key.endswith("extension:muster:2.0:User")} | {
        "schemas": [one for one in user["schemas"] if "muster" not in one]}


# ---- filters ----

PLAIN = ["userName", "externalId", "active", "title", "TITLE", "displayName", "nickName", "name.familyName", "name.givenName", "Name.formatted",
         "emails", "emails.value", "emails.type", "emails.primary", "emails.display", "roles.value", "roles", "phoneNumbers.value", "unheard",
         "name.unheard", "meta.created", f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager.value", f"{USER}:userName", "meta.resourceType"]
INSIDE = ["value", "type", "primary", "display", "VALUE", "unheard"]
TIMES = ["2020-01-01T00:00:00Z", "2044-11-21T05:06:07.123+01:00"]
ORDERED = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "Eq"]


def comparison(chance, of):
    """`of`: the list whose elements are asked about, or None."""
    path = chance.choice(INSIDE if of else PLAIN)
    if chance.random() < 0.15:
        return f"{path} {chance.choice(['pr', 'PR'])}"
    if path.endswith(("active", "primary")):
        return f"{path} {chance.choice(['eq', 'ne'])} {chance.choice(['true', 'false'])}"
    if chance.random() < 0.08:
        return f"{path} {chance.choice(['eq', 'ne'])} null"
    operator = chance.choice(ORDERED)
    if path == "meta.created":
        return f'{path} {operator if operator in ("gt", "ge", "lt", "le") else "eq"} "{chance.choice(TIMES)}"'
    is_mail = path in ("emails", "emails.value") or (of == "emails" and path.lower() == "value")
    values = WORDS
    if is_mail:  # the library refuses to compare with what is no address
        values = MAILS + ["example", "@", "WORK"] if operator in ("co", "sw", "ew") else MAILS
    return f"{path} {operator} {json.dumps(chance.choice(TYPES + ['Work'] if path.endswith('type') else values), ensure_ascii=chance.random() < 0.5)}"


def random_filter(chance, depth=3, of=None):
    kind = chance.random()
    if depth == 0 or kind < 0.3:
        return comparison(chance, of)
    if kind < 0.45 and not of:
        of = chance.choice(["emails", "roles", "phoneNumbers", "unheard"])
        return f"{of}[{random_filter(chance, depth - 1, of)}]"
    if kind < 0.6:
        return f"not ({random_filter(chance, depth - 1, of)})"
    if kind < 0.7:
        return f"({random_filter(chance, depth - 1, of)})"
    return f"{random_filter(chance, depth - 1, of)} {chance.choice(['and', 'or', 'AND', 'Or'])} {random_filter(chance, depth - 1, of)}"


# ---- PATCH ----

SINGLE = TEXTS + ["Title", "externalId", "name.givenName", "name.familyName", f"{ENTERPRISE}:department", f"{ENTERPRISE}:employeeNumber", f"{USER}:title"]


def random_value(chance, path):
    if path in SINGLE:
        return chance.choice(WORDS + [None])
    if path == "userName":
        return f"{chance.choice(WORDS)}-{chance.random()}"  # unique over all sources (R10)
    if path == "active":
        return chance.random() < 0.5
    if path == "name":
        return {one: chance.choice(WORDS) for one in NAMES if chance.random() < 0.6}
    if path == ENTERPRISE:
        return {one: chance.choice(WORDS) for one in PARTS if chance.random() < 0.6}
    if path.endswith(":manager"):
        return {"value": chance.choice(["m", "n"])}
    if path in ("emails", "roles"):
        return random_list(chance, MAILS if path == "emails" else WORDS[:8])
    if path.endswith(".type"):
        return chance.choice(TYPES)
    if path.endswith(".primary"):
        return chance.random() < 0.5
    if path.endswith(".display"):
        return chance.choice(WORDS)
    if path.endswith(".value"):
        return chance.choice(MAILS if path.startswith("emails") else WORDS[:8])
    if path.endswith("]"):
        return random_element(chance, MAILS if path.startswith("emails") else WORDS[:8])
    return chance.choice(WORDS)


def random_path(chance):
    kind = chance.random()
    if kind < 0.35:
        return chance.choice(SINGLE)
    if kind < 0.5:
        return chance.choice(["name", "active", ENTERPRISE, f"{ENTERPRISE}:manager", "emails", "roles", "unheard", "groups", "id", "userName"])
    of = chance.choice(["emails", "roles"])
    value = json.dumps(chance.choice(MAILS if of == "emails" else WORDS[:8]))
    selection = chance.choice([f'type eq "{chance.choice(TYPES)}"', f"value eq {value}", "primary eq true", f'type eq "work" and value eq {value}',
                               "not (type pr)"])
    return f"{of}[{selection}]" + chance.choice(["", ".value", ".type", ".primary", ".display"])


def random_operation(chance):
    verb = chance.choice(["add", "replace", "remove", "Replace"])
    if verb != "remove" and chance.random() < 0.15:
        keys = [chance.choice(SINGLE + ["emails", "name", "active"]) for _ in range(chance.randrange(1, 4))]
        return {"op": verb, "value": {key: random_value(chance, key) for key in keys}}
    path = random_path(chance)
    operation = {"op": verb, "path": path}
    if verb != "remove":
        operation["value"] = random_value(chance, path)
    elif path in ("emails", "roles") and chance.random() < 0.5:
        operation["value"] = [{"value": chance.choice(MAILS if path == "emails" else WORDS[:8])} for _ in range(chance.randrange(1, 3))]
    return operation
