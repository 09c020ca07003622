/* SPDX-License-Identifier: Apache-2.0
 *
 * The one list of errors: each code with its HTTP status, SCIM scimType (RFC 7644 table 9), slug of the problem type (RFC 9457) and
 * exit code of the command line. A function that can fail returns `enum err`; the last parameter `struct fault *` is filled once,
 * where the knowledge is. Nothing is written to outputs on failure. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define FORMAT(text, first) __attribute__((format(printf, text, first)))

/* Exit codes of `muster`; stable, documented in docs/cli.md. */
enum exit_code {
        EXIT_OK = 0,
        EXIT_FAILED = 1,      /* a fault of the program or of the world around it */
        EXIT_USAGE = 2,       /* the command line itself is wrong */
        EXIT_REFUSED = 3,     /* not authenticated, or not allowed */
        EXIT_NOT_FOUND = 4,
        EXIT_CONFLICT = 5,    /* already there, stale version, guard */
        EXIT_INVALID = 6,     /* an input was understood and is wrong */
        EXIT_UNAVAILABLE = 7, /* server or database not reachable now; try again */
        EXIT_TAMPERED = 8,    /* `audit verify` found a bad entry */
};

/* X(code, http, scimType, slug, exit) */
#define ERROR_TABLE(X)                                                                \
        X(ERR_OK, 200, "", "ok", EXIT_OK)                                             \
        X(ERR_SYNTAX, 400, "invalidSyntax", "invalid-syntax", EXIT_INVALID)           \
        X(ERR_VALUE, 400, "invalidValue", "invalid-value", EXIT_INVALID)              \
        X(ERR_FILTER, 400, "invalidFilter", "invalid-filter", EXIT_INVALID)           \
        X(ERR_PATH, 400, "invalidPath", "invalid-path", EXIT_INVALID)                 \
        X(ERR_NO_TARGET, 400, "noTarget", "no-target", EXIT_INVALID)                  \
        X(ERR_MUTABILITY, 400, "mutability", "read-only", EXIT_INVALID)               \
        X(ERR_TOO_MANY, 400, "tooMany", "too-many-results", EXIT_INVALID)             \
        X(ERR_CURSOR, 400, "invalidCursor", "invalid-cursor", EXIT_INVALID)           \
        X(ERR_CURSOR_EXPIRED, 400, "expiredCursor", "expired-cursor", EXIT_INVALID)   \
        X(ERR_COUNT, 400, "invalidCount", "invalid-count", EXIT_INVALID)              \
        X(ERR_UNAUTHENTICATED, 401, "", "unauthenticated", EXIT_REFUSED)              \
        X(ERR_FORBIDDEN, 403, "", "forbidden", EXIT_REFUSED)                          \
        X(ERR_NOT_FOUND, 404, "", "not-found", EXIT_NOT_FOUND)                        \
        X(ERR_METHOD, 405, "", "method-not-allowed", EXIT_INVALID)                    \
        X(ERR_CONFLICT, 409, "", "conflict", EXIT_CONFLICT)                           \
        X(ERR_TAKEN, 409, "uniqueness", "already-taken", EXIT_CONFLICT)               \
        X(ERR_LAST_ADMIN, 409, "", "last-admin", EXIT_CONFLICT)                       \
        X(ERR_VERSION, 412, "", "stale-version", EXIT_CONFLICT)                       \
        X(ERR_TOO_LARGE, 413, "", "too-large", EXIT_INVALID)                          \
        X(ERR_URI_TOO_LONG, 414, "", "uri-too-long", EXIT_INVALID)                    \
        X(ERR_MEDIA_TYPE, 415, "", "unsupported-media-type", EXIT_INVALID)            \
        X(ERR_THRESHOLD, 429, "", "over-threshold", EXIT_UNAVAILABLE)                 \
        X(ERR_RATE, 429, "", "too-many-requests", EXIT_UNAVAILABLE)                   \
        X(ERR_INTERNAL, 500, "", "internal", EXIT_FAILED)                             \
        X(ERR_NOT_IMPLEMENTED, 501, "", "not-implemented", EXIT_INVALID)              \
        X(ERR_UNAVAILABLE, 503, "", "unavailable", EXIT_UNAVAILABLE)                  \
        X(ERR_DEADLINE, 503, "", "deadline", EXIT_UNAVAILABLE)                        \
        X(ERR_STORAGE_FULL, 507, "", "storage-full", EXIT_UNAVAILABLE)                \
        X(ERR_MEMORY, 503, "", "out-of-memory", EXIT_UNAVAILABLE)                     \
        X(ERR_TAMPERED, 500, "", "ledger-tampered", EXIT_TAMPERED)

enum err {
#define X(code, http, scim, slug, exit) code,
        ERROR_TABLE(X)
#undef X
        ERR_COUNT_OF_CODES
};

struct error_row {
        const char *name;      /* "ERR_TAKEN" */
        int http_status;
        const char *scim_type; /* "" where RFC 7644 names none */
        const char *slug;      /* last segment of the problem type */
        enum exit_code exit;
};

/* What went wrong, for people: the field, what came, what was expected. Never holds a secret. */
struct fault {
        enum err code;
        unsigned retry_after_s; /* 0: no Retry-After */
        char field[192];        /* attribute, parameter or setting; "" when none */
        char message[416];      /* UTF-8, one sentence or two */
};

/* The row of a code; unknown codes answer the row of ERR_INTERNAL. Static. */
const struct error_row *error_row(enum err code);

/* Finds a code by its slug; ERR_INTERNAL when there is none. */
enum err error_from_slug(const char *slug);

/* Fills `fault` (may be NULL); long text is cut at a UTF-8 boundary. */
void fault_fill(struct fault *fault, enum err code, const char *field, const char *format, ...) FORMAT(4, 5);
/* Fills `fault` and answers `code`, so that callers write `return fault_set(...)`. A macro, so that compilers see that the answer is the code. */
#define fault_set(fault, code, ...)                              \
        ({                                                       \
                const enum err fault_code_ = (code);             \
                fault_fill((fault), fault_code_, __VA_ARGS__);   \
                fault_code_;                                     \
        })

#endif
