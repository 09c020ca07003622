# SPDX-License-Identifier: Apache-2.0
"""The other reading of RFC 7644: scim2-models answers which users a filter matches and what a PATCH makes of a user.

Reads lines of JSON, writes one line for each; run by the Python that holds tests/tools/python.lock:
    {"users": [...]}                                        -> {}: those whom the following filters are about
    {"filter": "...", "readings": [...]}                    -> {"matches": [true, ...]} or {"error": "invalidFilter"}
    {"user": {...}, "patch": {...}, "readings": [...]}      -> {"user": {...}} or {"error": "invalidPath"}
`readings` are the rows of FILTER_READINGS and PATCH_READINGS in test_scim_differential.py that apply: where the RFCs leave room or rules of
ours go beyond them, each changes one thing in how the library reads a message.
"""
import copy
import json
import sys
import unicodedata

from pydantic import ValidationError
from scim2_models import Context, EnterpriseUser, PatchOp, SCIMException, ScimFilter, ScimPolicy, User, default_comparison_key
from scim2_models import Path
from scim2_models.messages import patch_op
from scim2_models.path import access, visitor
from scim2_models.path.expressions import CompareOperator, LogicalOperator
from scim2_models.path.resolution import coerce_value

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
Person = User[EnterpriseUser]
people = []


# ---- filters ----

class Evaluator(visitor._Evaluator):
    """Answers True, False or None (unknown)."""

    readings = frozenset()

    def visit_comparison(self, node):
        resolved = self._resolve(node.attr_path, for_comparison=True)
        if resolved is None:
            return None if "unknown-is-not-false" in self.readings else False
        actual = self._read(resolved)
        if isinstance(actual, list) and node.value is None and "null-is-of-the-attribute" in self.readings:
            return (node.op == CompareOperator.ne) == any(item is not None for item in actual)
        if isinstance(actual, list) and node.op == CompareOperator.ne and "ne-means-some-value" in self.readings:
            expected = coerce_value(resolved, node.value, node.op)
            values = actual or [None]
            return any(visitor._compare(item, expected, node.op, resolved) for item in values)
        return super().visit_comparison(node)

    def visit_present(self, node):
        if self._resolve(node.attr_path) is None and "unknown-is-not-false" in self.readings:
            return None
        return super().visit_present(node)

    def visit_not(self, node):
        truth = self.visit(node.expr)
        return None if truth is None else not truth

    def visit_logical_expr(self, node):
        truths = [self.visit(term) for term in node.terms]
        decisive = node.op == LogicalOperator.or_
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive

    def visit_value_path(self, node):
        resolved = self._resolve(node.attr_path)
        if resolved is None:
            return None if "unknown-is-not-false" in self.readings else False
        host = visitor.attribute_host(self.obj, resolved)
        values = getattr(host, resolved.field_name, None) if host is not None else None
        if not values and "unknown-is-not-false" in self.readings:
            return None if type(self)(resolved.field_type, None).visit(node.val_filter) is None else False
        truths = [type(self)(type(item), item).visit(node.val_filter) for item in values or []]
        if True in truths:
            return True
        return None if None in truths else False


def answer_filter(question, readings):
    evaluator = type("Reading", (Evaluator,), {"readings": readings})
    with policy_of(readings):
        parsed = ScimFilter[Person](question["filter"])
        return {"matches": [evaluator(Person, user).visit(parsed.ast) is True for user in people]}


# ---- PATCH ----

def load(document):
    return Person.model_validate(document, scim_ctx=Context.DEFAULT)


def comparison_key_of(readings):
    def key(binding, value):
        if binding.case_exact and "exact-is-byte-exact" in readings:
            return value
        if binding.case_exact or "full-case-folding" not in readings:
            return default_comparison_key(binding, value)
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())

    return key


def policy_of(readings):
    return ScimPolicy(
        comparison_key=comparison_key_of(readings),
        unknown=ScimPolicy.Unknown.ignore if "unknown-attribute" in readings else ScimPolicy.Unknown.forbid,
        remove_value_as_filter=ScimPolicy.RemoveValue.apply if "remove-with-value" in readings else ScimPolicy.RemoveValue.forbid,
        unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create if "create-on-absent" in readings else ScimPolicy.UnmatchedPathFilter.forbid)


class Refused(Exception):
    def __init__(self, scim_type):
        super().__init__(scim_type)
        self.scim_type = scim_type


def key_of(name):
    name = name.lower()
    return name.removeprefix(CORE.lower() + ":")


def without_nulls(value):
    return {key: without_nulls(one) for key, one in value.items() if one is not None} if isinstance(value, dict) else value


def emptied(user, path, dropped):
    """Elements of which only labels are left go; `dropped` says how they looked before."""
    attribute = path.split("[")[0].split(".")[0].split(":")[-1].lower()
    name = next((one for one in type(user).model_fields if one.replace("_", "") == attribute), None)
    values = getattr(user, name) if name else None
    if isinstance(values, list):
        labels = {"type", "primary", "display", "ref"}
        kept = [one for one in values if {key for key, value in one.__dict__.items() if value is not None} - labels or id(one) not in dropped]
        setattr(user, name, kept or None)


def elements(user):
    return {id(one) for name in type(user).model_fields if isinstance(getattr(user, name), list) for one in getattr(user, name)
            if getattr(one, "value", None) is not None}


LIBRARY = {"primary": patch_op._settle_primary, "set": access._set_field_value}


selected = set()


def first_becomes_primary(entries, memo):
    """Of several that are made primary the one that was so stays, else the first becomes it."""
    was = lambda one: getattr(memo.get(id(one)), "primary", None) is True
    marked = [one for one in entries if getattr(one, "primary", None) is True and not was(one)]
    kept = [one for one in entries if getattr(one, "primary", None) is True and was(one) and id(one) in selected]
    for one in marked if kept else marked[1:]:
        one.primary = False
    LIBRARY["primary"](entries, memo)


def select(user, path):
    """Which elements the brackets of the path select, before they are changed."""
    selected.clear()
    try:
        selected.update(id(one) for one in Path[Person](path.split("]")[0] + "]").get(user) or []) if "[" in path else None
    except SCIMException:
        pass


def same_element(left, right):
    if left.value is None or right.value is None:
        return left == right
    return left.value == right.value and left.type == right.type


def lay_over(obj, field_name, value, is_add):
    """add to a list: an element of the same value and type takes what is said of it now, others are appended; compared as written."""
    if not (is_add and obj.get_field_multiplicity(field_name) and value is not None):
        return LIBRARY["set"](obj, field_name, value, is_add)
    made = list(getattr(obj, field_name) or [])
    for entry in (access._as_entry(type(obj), field_name, one) for one in (value if isinstance(value, list) else [value])):
        at = next((i for i, one in enumerate(made) if one == entry), None)
        at = next((i for i, one in enumerate(made) if same_element(one, entry)), None) if at is None else at
        if at is None:
            made.append(entry)
        elif made[at] != entry:
            news = {key: one for key, one in entry.__dict__.items() if one is not None}
            if entry.primary:
                made[at] = made[at].model_copy(update=news)  # as an object of its own it counts as just made primary
            else:
                made[at].__dict__.update(news)
    setattr(obj, field_name, made)
    return True


def drop_equal(user):
    for name in type(user).model_fields:
        values = getattr(user, name)
        if isinstance(values, list):
            kept = []
            for one in values:
                kept += [] if one in kept else [one]
            if len(kept) < len(values):
                setattr(user, name, kept)


def whole_element(user, path, value):
    """Everything unassigned but what is given, and what the brackets say of it."""
    parsed = Path[Person](path)
    if parsed.get(user) is None:
        return value
    said = patch_op._described_entry(parsed._as_value_path().val_filter) or {}
    return {"value": None, "type": None, "display": None, "primary": None, **said, **value}


def rewritten(user, operation, readings):
    """The operation as the readings have it; None: it does nothing."""
    verb, path, value = operation["op"].lower(), operation.get("path"), operation.get("value")
    if "operation-needs-path" in readings and path is None:
        raise Refused("invalidSyntax")
    if "unknown-is-invalid-syntax" in readings and path is not None and Path[Person](path).model is None and Path[Person](path).resolve() is None:
        raise Refused("invalidSyntax")
    if "brackets-need-sub-attribute" in readings and (path or "").endswith("]"):
        raise Refused("invalidPath")
    if "remove-takes-no-value" in readings and verb == "remove" and value is not None:
        raise Refused("invalidSyntax")
    if "key-given-twice" in readings and path is None and isinstance(value, dict):
        if len({key_of(key) for key in value}) < len(value):
            raise Refused("invalidSyntax")
    if "active-is-never-unassigned" in readings and verb == "remove" and key_of(path or "") == "active":
        raise Refused("mutability")
    if "required-is-not-empty" in readings and key_of(path or "") == "username" and value == "":
        raise Refused("invalidValue")
    if "add-null-adds-nothing" in readings and verb == "add":
        if value is None:
            return None
        operation = {**operation, "value": without_nulls(value)}
    if "element-replaced-whole" in readings and verb == "replace" and (path or "").endswith("]") and isinstance(value, dict):
        operation = {**operation, "value": whole_element(user, path, value)}
    return operation


def parts(operation, readings):
    """replace of a complex value, as the profile has it: nothing of the old one stays."""
    is_complex = operation.get("path") == "name" and isinstance(operation.get("value"), dict)
    if "complex-replaced-whole" in readings and is_complex and operation["op"].lower() == "replace":
        yield {"op": "remove", "path": "name"}
    yield operation


def apply(user, message, readings):
    operation = rewritten(user, message["Operations"][0], readings)
    if operation is None:
        return
    patch_op._settle_primary = first_becomes_primary if "first-of-several-is-primary" in readings else LIBRARY["primary"]
    access._set_field_value = lay_over if "one-element-for-value-and-type" in readings else LIBRARY["set"]
    whole = elements(user)
    select(user, operation.get("path") or "")
    try:
        operations = list(parts(operation, readings))
        PatchOp[Person].model_validate({**message, "Operations": operations}, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(user)
    except SCIMException as error:
        if "create-on-absent" in readings and "contradicts the filter" in str(error):
            raise Refused("noTarget") from error  # what would be made is not what the brackets look for: RFC 7644 section 3.5.2.3
        raise
    path = operation.get("path") or ""
    if "emptied-element" in readings and "." in path.split("]")[-1] and (operation["op"].lower() == "remove" or operation.get("value") is None):
        emptied(user, path, whole)
    if "equal-elements-are-one" in readings:
        drop_equal(user)
    if "empty-external-id-is-none" in readings and user.external_id == "":
        user.external_id = None


def answer_patch(question, readings):
    user = load(question["user"])
    with policy_of(readings):
        for operation in question["patch"]["Operations"]:
            apply(user, {"schemas": question["patch"]["schemas"], "Operations": [operation]}, readings)
            user = load(user.model_dump(scim_ctx=Context.DEFAULT))  # without elements of which nothing is left (RFC 7643 section 2.5)
    return {"user": user.model_dump(scim_ctx=Context.DEFAULT)}


def scim_type(error):
    if isinstance(error, ValidationError):
        for one in error.errors():
            cause = (one.get("ctx") or {}).get("scim_type") or one["type"].removeprefix("scim_")
            return cause
    return getattr(error, "scim_type", None) or type(error).__name__


def answer(question):
    readings = frozenset(question.get("readings", ()))
    if "users" in question:
        people[:] = [load(user) for user in question["users"]]
        return {}
    try:
        return answer_filter(question, readings) if "filter" in question else answer_patch(question, readings)
    except (SCIMException, ValidationError, ValueError, Refused) as error:
        return {"error": scim_type(error)}


def main():
    for line in sys.stdin:
        print(json.dumps(answer(copy.deepcopy(json.loads(line)))), flush=True)


main()
