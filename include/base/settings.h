/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings table: one row {section.key, type, default, check, help} for each line of conf/muster.conf. An unknown section or key is
 * an error with file, line and the nearest known name; so is a key given twice. Secrets are never values: only paths of files or names
 * of systemd credentials. Relative paths count from the folder of the configuration file. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

enum setting_type { SETTING_TEXT, SETTING_PATH, SETTING_I64, SETTING_DURATION_S, SETTING_BOOL };

/* Texts are never NULL; "" means not set. Paths are absolute. */
struct settings {
        /* [server] */
        char *public_url;           /* required; https, or http when its host is loopback (R33); no trailing slash is kept */
        char *listen;               /* "127.0.0.1:8080", "[::1]:8080" or "unix:/path" */
        char *operations_listen;    /* same; "" = no operations listener */
        char *tls_certificate_file; /* both or none */
        char *tls_key_file;
        bool behind_proxy;
        char *trusted_proxies;      /* comma list of addresses or CIDR; needed with behind_proxy */
        int64_t loops;              /* 0: one per core */
        int64_t workers;
        int64_t queue_length;
        int64_t connections_max;
        int64_t idle_timeout_s;     /* between two bytes or two requests */
        int64_t request_timeout_s;  /* whole request, first byte to last, and job deadline */
        /* [database] */
        char *database;             /* "sqlite:PATH" or "postgresql://…" without password */
        char *database_password_file;
        /* [keys] */
        char *master_key_file;
        char *checkpoint_key_file;
        /* [ledger] */
        int64_t checkpoint_interval_s;
        /* [access] */
        int64_t graph_memory_mib;
        /* [domains] */
        char *dns_server;             /* "192.0.2.1:53"; "" = the resolvers of the system */
        int64_t domains_recheck_s;
        char *operator_organizations; /* comma list of slugs */
        /* [log] */
        char *log_level;
};

struct setting_row {
        const char *section;
        const char *key;
        enum setting_type type;
        size_t offset;         /* in struct settings */
        const char *fallback;  /* as text; NULL = required */
        int64_t min, max;      /* of numbers and durations */
        const char *help;      /* one line */
};

/* All rows, ended by a row without section. */
const struct setting_row *settings_table(void);

/* Reads and checks the whole file, cross checks included (R33: non-loopback address without TLS or behind_proxy is refused with the
 * reason). Free with settings_free. */
enum err settings_load(const char *path, struct settings **ret, struct fault *fault) MUST_USE;
void settings_free(struct settings *settings);

#endif
