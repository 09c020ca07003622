/* SPDX-License-Identifier: Apache-2.0
 *
 * AuthZEN 1.0: subject {type, id}, resource {type, id}, action {name}, all required; `properties` and `context` are objects when given.
 * A known field of a wrong type, null too, is 400: a PEP that meant to name a project must not be answered for the organisation. */
#include "question.h"

#include <stddef.h>
#include "base/auto.h"

struct member {
        const char *name, *path;
        size_t offset; /* in struct asked */
};
#define ASKED(field) offsetof(struct asked, field)
/* clang-format off */
static const struct entity {
        const char *name;
        const char *properties;
        struct member members[3];
} entities[] = {
        { "subject", "subject.properties", { { "type", "subject.type", ASKED(question.subject_type) },
                                             { "id", "subject.id", ASKED(question.subject_id) } } },
        { "resource", "resource.properties", { { "type", "resource.type", ASKED(question.resource_type) },
                                               { "id", "resource.id", ASKED(question.resource_id) } } },
        { "action", "action.properties", { { "name", "action.name", ASKED(question.action) } } },
};
static const struct member of_context[] = {
        { "project", "context.project", ASKED(question.project) },
        { "organization", "context.organization", ASKED(question.organization) },
        { "at_least", "context.at_least", ASKED(at_least) },
};
/* clang-format on */
static const struct member of_subject = { "connection", "subject.properties.connection", ASKED(question.subject_connection) };

static enum err take_text(const json_t *object, const struct member *member, bool required, struct asked *asked, struct fault *fault)
{
        const json_t *value = json_object_get(object, member->name);
        if (!value && !required)
                return ERR_OK;
        const char *text = json_string_value(value);
        if (!text || !*text)
                return fault_set(fault, ERR_VALUE, member->path, "%s %s; a text that is not empty is expected", member->path,
                        !value ? "is missing"
                        : text ? "is empty"
                               : "is no text");
        *(const char **)((char *)asked + member->offset) = text;
        return ERR_OK;
}

/* *ret NULL: not given. */
static enum err take_object(const json_t *object, const char *name, const char *path, const json_t **ret, struct fault *fault)
{
        const json_t *value = json_object_get(object, name);
        if (value && !json_is_object(value))
                return fault_set(fault, ERR_VALUE, path, "%s is of type %s; an object is expected", path, json_type_name(value));
        *ret = value;
        return ERR_OK;
}

static enum err take_entity(
        const json_t *body, const struct entity *entity, struct asked *asked, const json_t **ret_properties, struct fault *fault)
{
        const json_t *object = json_object_get(body, entity->name);
        if (!json_is_object(object))
                return fault_set(fault, ERR_VALUE, entity->name, "%s %s; an object is expected", entity->name,
                        object ? "is no object" : "is missing");
        for (const struct member *member = entity->members; member->name; member++) {
                enum err e = take_text(object, member, true, asked, fault);
                if (e)
                        return e;
        }
        return take_object(object, "properties", entity->properties, ret_properties, fault);
}

enum err question_parse(const json_t *body, struct asked *ret, struct fault *fault)
{
        struct asked asked = { 0 };
        const json_t *properties[COUNT_OF(entities)] = { NULL }, *context = NULL;
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < COUNT_OF(entities); i++)
                e = take_entity(body, &entities[i], &asked, &properties[i], fault);
        if (!e && properties[0])
                e = take_text(properties[0], &of_subject, false, &asked, fault);
        if (!e)
                e = take_object(body, "context", "context", &context, fault);
        for (size_t i = 0; !e && context && i < COUNT_OF(of_context); i++)
                e = take_text(context, &of_context[i], false, &asked, fault);
        if (e)
                return e;
        if (asked.question.project && asked.question.organization)
                return fault_set(
                        fault, ERR_VALUE, "context.project", "context.project and context.organization exclude each other: name one");
        *ret = asked;
        return ERR_OK;
}
