/* SPDX-License-Identifier: Apache-2.0
 *
 * Revisions on the wire: "<handle>.<epoch>.<revision>", opaque to clients, without a MAC: it says from when an answer must be, and
 * nothing can be gained by inventing one. */
#include <stdio.h>
#include <string.h>
#include "access/access.h"
#include "base/text.h"

void revision_format(const char *handle, int64_t epoch, int64_t revision, char ret[REVISION_TEXT_SIZE])
{
        snprintf(ret, REVISION_TEXT_SIZE, "%.8s.%lld.%lld", handle, (long long)epoch, (long long)revision);
}

static enum err refuse(struct fault *fault, const char *why)
{
        return fault_set(fault, ERR_VALUE, "revision", "%s Give back a revision as this server handed it out.", why);
}

enum err revision_parse(const char *text, const char *handle, int64_t epoch, int64_t *ret_revision, struct fault *fault)
{
        char copy[REVISION_TEXT_SIZE];
        size_t length = text ? strnlen(text, sizeof copy) : sizeof copy;
        if (length == sizeof copy)
                return refuse(fault, "This is not a revision.");
        memcpy(copy, text, length + 1);
        char *first = strchr(copy, '.'), *second = first ? strchr(first + 1, '.') : NULL;
        if (!second)
                return refuse(fault, "This is not a revision.");
        *first = *second = '\0';
        int64_t given_epoch, revision;
        if (!ident_is_handle(copy) || !text_parse_i64(first + 1, 1, INT64_MAX, &given_epoch) ||
                !text_parse_i64(second + 1, 0, INT64_MAX, &revision))
                return refuse(fault, "This is not a revision.");
        if (strcmp(copy, handle) != 0)
                return refuse(fault, "This revision is of another organization.");
        if (given_epoch != epoch)
                return refuse(fault, "This revision is from before a restore.");
        *ret_revision = revision;
        return ERR_OK;
}
