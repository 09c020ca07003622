/* SPDX-License-Identifier: Apache-2.0
 *
 * The leniencies towards real clients, each a named row; every request records which it used. `strict` refuses them all. */
#ifndef MODEL_LENIENCY_H
#define MODEL_LENIENCY_H

#include <stdbool.h>
#include <stdint.h>

/* X(code, name, what it accepts) */
#define LENIENCIES(X)                                                                                                        \
        X(LENIENT_BOOLEAN_TEXT, "boolean-as-text", "\"True\"/\"false\" where a boolean stands (Entra)")                      \
        X(LENIENT_NUMBER_TEXT, "number-as-text", "a number where text stands, kept digit by digit (Okta samples)")           \
        X(LENIENT_UNKNOWN_ATTRIBUTE, "unknown-attribute", "an attribute no schema names is dropped")                         \
        X(LENIENT_UNKNOWN_SCHEMA, "unknown-schema", "a schema URI nobody declared is dropped (Entra groups, OneLogin)")      \
        X(LENIENT_PATHLESS_PATCH, "pathless-patch", "a PATCH operation without path (Okta, Entra)")                          \
        X(LENIENT_DOTTED_KEY, "dotted-key", "\"name.givenName\" or a URN-qualified key inside a value object (Entra)")       \
        X(LENIENT_REMOVE_VALUE, "remove-with-value", "remove of listed elements by value (Entra)")                           \
        X(LENIENT_CREATE_ON_ABSENT, "create-on-absent", "add or replace of type-selected element makes it (Entra)")          \
        X(LENIENT_SINGLE_FOR_MULTI, "single-for-multi", "one element where a list is expected, or a list of one for one")    \
        X(LENIENT_MANAGER_FORM, "manager-form", "manager as bare id, list or empty text (Entra)")                            \
        X(LENIENT_READ_ONLY_SAME, "read-only-unchanged", "an unchanged or foreign read-only attribute is ignored (Okta)")    \
        X(LENIENT_OBJECT_TEXT, "object-as-text", "text where an object with `value` is expected: roles, members (Entra)")     \
        X(LENIENT_UNQUOTED_LITERAL, "unquoted-literal", "a filter literal without quotes (Entra samples)")                   \
        X(LENIENT_MISSING_SCHEMAS, "missing-schemas", "a body without `schemas`")                                            \
        X(LENIENT_UNKNOWN_MEMBER, "unknown-member", "a member this client never created is left out (unknown_members: skip)") \
        X(LENIENT_EMPTIED_ELEMENT, "emptied-element", "an element whose `value` is removed goes, type and all (Entra)") \
        X(LENIENT_UNKNOWN_SELECTION, "unknown-selection", "a name in attributes or excludedAttributes that no schema has selects nothing") \
        X(LENIENT_UNKNOWN_ORDER, "unknown-order", "sortBy with a name that nothing can be sorted by leaves the order of making") \
        X(LENIENT_EXTENSION_NAME, "extension-name", "an attribute of an extension by its name alone, without the URN: manager, department (Entra samples)") \
        X(LENIENT_MEMBER_TYPE, "member-type", "a member whose `type` is not what its id names: the id decides") \
        X(LENIENT_CHARSET, "foreign-charset", "a Content-Type with another charset than UTF-8: the body is read as UTF-8 all the same")

enum leniency_code {
#define X(code, name, what) code,
        LENIENCIES(X)
#undef X
        LENIENCY_COUNT
};

struct resource_type;

struct leniency {
        bool strict;
        uint32_t used; /* bit per leniency_code */
        const struct resource_type *const *beside; /* all that the same question goes to, ended by NULL: their names are known */
        bool missed;                               /* out: a name was met that the type asked has not, whoever else has it */
};

/* True (and recorded) when allowed, false when the profile is strict. `leniency` NULL: strict without record. */
bool leniency_use(struct leniency *leniency, enum leniency_code code);
/* The interoperability profile is stricter than the RFCs in places; `leniency` NULL (management API) is not. */
bool leniency_is_strict(const struct leniency *leniency);
const char *leniency_name(enum leniency_code code);

#endif
