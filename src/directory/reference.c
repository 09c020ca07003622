/* SPDX-License-Identifier: Apache-2.0
 *
 * References in bodies and paths: an id, or a name where a name is unambiguous. Everything is looked up inside the actor's root only. */
#include <string.h>
#include "base/text.h"
#include "work.h"

static enum err unknown(struct work *work, const char *word, const char *ref)
{
        return fault_set(work->fault, ERR_NOT_FOUND, "", "there is no %s \"%.80s\"", word, ref);
}

enum err reference_load(struct work *work, enum resource_kind kind, const char *ref, int64_t org_no, struct resource_row *ret)
{
        const struct resource_type *type = resource_type(kind);
        enum err e;
        if (ident_is_uuid(ref, strlen(ref))) {
                e = resource_load_by_id(work->session, work->root_no, ref, work->arena, ret, work->fault);
                if (!e && ret->kind != kind)
                        e = ERR_NOT_FOUND;
        } else {
                if (!type->name_attribute || !text_is_utf8(ref, strlen(ref)))
                        return unknown(work, type->word, ref);
                const char *folded = text_fold(work->arena, ref, strlen(ref));
                if (!folded)
                        return work_memory(work);
                struct resource_name name = { .kind = kind, .folded = folded, .org_no = org_no, .source_no = -1 };
                e = resource_load_by_name(work->session, work->root_no, &name, work->arena, ret, work->fault);
        }
        return e == ERR_NOT_FOUND ? unknown(work, type->word, ref) : e;
}

enum err reference_organization(struct work *work, int64_t *ret_no)
{
        if (!work->change->organization) {
                *ret_no = work->actor->kind == ACTOR_SYSTEM ? ROOT_ORG_NO : work->actor->org_no;
                return ERR_OK;
        }
        struct resource_row row;
        enum err e = reference_load(work, KIND_ORGANIZATION, work->change->organization, 0, &row);
        if (e == ERR_NOT_FOUND)
                return fault_set(
                        work->fault, ERR_VALUE, "organization", "there is no organization \"%.80s\" here", work->change->organization);
        if (e)
                return e;
        *ret_no = row.no;
        return ERR_OK;
}

static enum err reference_among(
        struct work *work, const char *field, const enum resource_kind *kinds, size_t count, const char *ref, struct resource_row *ret)
{
        struct resource_row found = { 0 };
        const char *colon = strchr(ref, ':');
        for (size_t i = 0; i < count; i++) {
                const char *word = resource_type(kinds[i])->word, *name = ref;
                if (colon && strncmp(ref, word, (size_t)(colon - ref)) == 0 && word[colon - ref] == 0)
                        name = colon + 1;
                struct resource_row row = { 0 };
                enum err e = reference_load(work, kinds[i], name, 0, &row);
                if (e == ERR_NOT_FOUND)
                        continue;
                if (e)
                        return e;
                if (found.no && found.no != row.no)
                        return fault_set(work->fault, ERR_CONFLICT, field, "\"%.80s\" is ambiguous: %s %s and %s %s; give the id", ref,
                                resource_type(found.kind)->word, found.id, word, row.id);
                found = row;
        }
        if (!found.no)
                return fault_set(work->fault, ERR_VALUE, field, "there is no %s \"%.80s\" here", field, ref);
        *ret = found;
        return ERR_OK;
}

enum err reference_principal(struct work *work, const char *ref, struct resource_row *ret)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_GROUP, KIND_IDENTITY };
        return reference_among(work, "principal", kinds, 3, ref, ret);
}

enum err reference_scope(struct work *work, const char *ref, struct resource_row *ret)
{
        static const enum resource_kind kinds[] = { KIND_ORGANIZATION, KIND_PROJECT };
        return reference_among(work, "scope", kinds, 2, ref, ret);
}
