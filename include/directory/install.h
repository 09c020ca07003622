/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster init`: a new root organisation in an installation that no server holds. */
#ifndef DIRECTORY_INSTALL_H
#define DIRECTORY_INSTALL_H

#include "base/error.h"
#include "base/ident.h"
#include "base/secret.h"
#include "base/settings.h"

#define BOOTSTRAP_TOKEN_DAYS 30

struct install_options {
        const struct settings *settings;
        const char *slug;        /* of the new root */
        const char *name;        /* for people */
        const char *admin_email; /* becomes the userName and e-mail of the first administrator */
};
struct install_result {
        char org_id[UUID_TEXT_SIZE];
        char admin_id[UUID_TEXT_SIZE];
        struct secret api_token; /* of the machine identity `bootstrap`: admin, 30 days */
};

/* Makes the master and checkpoint keys where they are missing (0600), migrates the schema, then makes root, administrator, machine
 * identity and token in one transaction. ERR_TAKEN: there is a root of this slug. ERR_CONFLICT: another program holds the installation.
 * ERR_VALUE: slug, name or e-mail. */
enum err install_init(const struct install_options *options, struct install_result *ret, struct fault *fault) MUST_USE;
/* `muster db upgrade`: brings the schema up while no server runs. */
enum err install_upgrade(const struct settings *settings, struct fault *fault) MUST_USE;

#endif
