/* SPDX-License-Identifier: Apache-2.0
 *
 * Who calls. Filled once per request by the authenticate hook that `app` sets; everything above asks this struct and never a header. */
#ifndef HTTP_ACTOR_H
#define HTTP_ACTOR_H

#include <stdint.h>
#include "base/ident.h"

enum actor_kind {
        ACTOR_NOBODY = 0,  /* not authenticated: may call public routes only */
        ACTOR_IDENTITY,    /* a machine identity with a bearer token */
        ACTOR_CONNECTION,  /* a SCIM client with its connection's token */
        ACTOR_SYSTEM,      /* the program itself: scheduler, init */
};

/* Bits of actor.scopes of a connection's token: what it may (R19), and how its connection speaks, so that no request has to look it up. */
#define SCOPE_USERS 1u
#define SCOPE_GROUPS 2u
#define SCOPE_READ_ONLY 4u
#define SCOPE_STRICT 8u       /* profile strict: no leniency */
#define SCOPE_PRESET_OKTA 16u /* externalId is immutable (R11) */
#define SCOPE_PRESET_ENTRA 32u
#define SCOPE_SKIP_MEMBERS 64u /* unknown members are left out, not refused (R14) */

#define SCOPE_ADOPT 128u       /* takes users of its upstream over (R13); whom, is read from rows */

/* What is said of the token itself; all other bits follow from the connection. */
#define SCOPES_OF_TOKEN (SCOPE_USERS | SCOPE_GROUPS | SCOPE_READ_ONLY)

/* The bits above all flags: requests a second that a connection may make; 0: the default. */
#define SCOPE_RATE_SHIFT 14

struct actor {
        enum actor_kind kind;
        int64_t root_no;       /* 0: none */
        int64_t org_no;        /* the caller's own organisation */
        int64_t no;            /* of the identity or connection inside the root */
        int64_t credential_no; /* judged again in the write transaction */
        unsigned scopes;
        int64_t schemas_revision; /* of what the root declares; 0: nothing */
        const struct actor *replayed_by; /* of a connection: the administrator who runs a logged request of it again; NULL: itself */
        int64_t replay_of;               /* number of that request in the log */
        char handle[HANDLE_SIZE]; /* of the root */
        char id[UUID_TEXT_SIZE];  /* public id of the identity or connection */
};

#endif
