/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings table and the reader of muster.conf. Every refusal names file and line. The INI reader is our own: lines of any library
 * are cut silently at 200 bytes in one distribution's build and continued by indentation in another's. */
#include "base/settings.h"

#include "base/auto.h"
#include "base/text.h"
#include "settings_check.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES 65536
#define LINE_MAX_BYTES 4096

#define ROW(section, key, type, member, fallback, min, max, help) \
        { \
                section, key, SETTING_##type, offsetof(struct settings, member), fallback, min, max, help \
        }

/* min and max of TEXT and PATH are lengths in bytes: min 1 means that the value may not be empty. */
static const struct setting_row table[] = {
        ROW("server", "public_url", TEXT, public_url, NULL, 1, 1024,
                "The address people and identity providers use; every link and issuer is made from it. https, or http on loopback"),
        ROW("server", "listen", TEXT, listen, "127.0.0.1:8080", 1, 256, "ADDRESS:PORT, [IPV6]:PORT or unix:/PATH"),
        ROW("server", "operations_listen", TEXT, operations_listen, "127.0.0.1:8081", 0, 256,
                "Listener of /metrics, /livez and /readyz; empty for none"),
        ROW("server", "tls_certificate_file", PATH, tls_certificate_file, "", 0, PATH_MAX - 1, "Certificate chain in PEM"),
        ROW("server", "tls_key_file", PATH, tls_key_file, "", 0, PATH_MAX - 1, "Private key in PEM, mode 0600"),
        ROW("server", "behind_proxy", BOOL, behind_proxy, "no", 0, 1, "A reverse proxy ends TLS; needs trusted_proxies"),
        ROW("server", "trusted_proxies", TEXT, trusted_proxies, "", 0, 4000,
                "Addresses or CIDR ranges, separated by commas, whose last hop may name the client"),
        ROW("server", "loops", I64, loops, "0", 0, 256, "Network threads; 0 for one per core"),
        ROW("server", "workers", I64, workers, "32", 1, 1024, "Threads that run requests"),
        ROW("server", "queue_length", I64, queue_length, "1024", 1, 1000000, "Requests that may wait for a worker; beyond: 503"),
        ROW("server", "connections_max", I64, connections_max, "20000", 1, 1000000, "Open client connections"),
        ROW("server", "idle_timeout", DURATION_S, idle_timeout_s, "60s", 1, 86400, "Between two bytes or two requests of a connection"),
        ROW("server", "request_timeout", DURATION_S, request_timeout_s, "30s", 1, 3600, "A whole request, and the deadline of its work"),
        ROW("database", "url", TEXT, database, "sqlite:muster.db", 1, 4000, "sqlite:PATH or postgresql://USER@HOST/NAME without password"),
        ROW("database", "password_file", PATH, database_password_file, "", 0, PATH_MAX - 1, "Password of the database, mode 0600"),
        ROW("keys", "master_key_file", PATH, master_key_file, "master.key", 1, PATH_MAX - 1,
                "Key that seals stored secrets; made by muster init, never in a backup"),
        ROW("keys", "checkpoint_key_file", PATH, checkpoint_key_file, "checkpoint.key", 1, PATH_MAX - 1,
                "Key that signs checkpoints of the ledger"),
        ROW("ledger", "checkpoint_interval", DURATION_S, checkpoint_interval_s, "5m", 1, 86400, "Time between two signed checkpoints"),
        ROW("access", "graph_memory_mib", I64, graph_memory_mib, "1024", 16, 1 << 20, "Memory of all permission graphs"),
        ROW("domains", "dns_server", TEXT, dns_server, "", 0, 64,
                "IPv4 ADDRESS:PORT of the resolver that is asked for proofs of domains; empty for those of the system"),
        ROW("domains", "recheck", DURATION_S, domains_recheck_s, "1d", 1, 604800, "Time between two look-ups of a verified domain's proof"),
        ROW("domains", "operator_organizations", TEXT, operator_organizations, "", 0, 4000,
                "Slugs, separated by commas, of organisations whose administrators may verify domains by their word, when there are several"),
        ROW("log", "level", TEXT, log_level, "info", 1, 16, "debug, info, warn or error"),
        { 0 },
};
#define ROWS (COUNT_OF(table) - 1)

const struct setting_row *settings_table(void)
{
        return table;
}

struct reader {
        const char *path;       /* of the file, as given */
        char folder[PATH_MAX];  /* where it stands; absolute */
        unsigned line;          /* being read; 0: none */
        const char *section;    /* name in the table, or NULL before the first */
        unsigned line_of[ROWS]; /* where each key was given; 0: not */
        struct settings *settings;
};

static void *member_of(struct settings *settings, const struct setting_row *row)
{
        return (char *)settings + row->offset;
}

static bool is_text(const struct setting_row *row)
{
        return row->type == SETTING_TEXT || row->type == SETTING_PATH;
}

/* Puts "file:line: " before the message of `fault`. */
static enum err at_line(const struct reader *reader, unsigned line, const char *field, struct fault *fault, enum err code)
{
        if (!fault)
                return code;
        if (line == 0)
                return fault_set(fault, code, field, "%s: %s", reader->path, fault->message);
        return fault_set(fault, code, field, "%s:%u: %s", reader->path, line, fault->message);
}

static const char *field_name(const struct setting_row *row, char ret[96])
{
        (void)snprintf(ret, 96, "%s.%s", row->section, row->key);
        return ret;
}

static enum err unknown(const char *what, const char *name, const char *section, const char *const *names, struct fault *fault)
{
        const char *nearest = text_nearest(name, names);
        return fault_set(fault, ERR_VALUE, name, "unknown %s \"%s\"%s%s%s%s%s%s", what, name, section ? " in [" : "",
                section ? section : "", section ? "]" : "", nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                nearest ? "\"?" : "");
}

static enum err open_section(struct reader *reader, const char *name, struct fault *fault)
{
        const char *names[ROWS + 1];
        size_t count = 0;
        for (size_t i = 0; i < ROWS; i++) {
                if (text_equal(name, table[i].section)) {
                        reader->section = table[i].section;
                        return ERR_OK;
                }
                names[count++] = table[i].section;
        }
        names[count] = NULL;
        return unknown("section", name, NULL, names, fault);
}

static enum err find_row(const struct reader *reader, const char *key, const struct setting_row **ret, struct fault *fault)
{
        const char *names[ROWS + 1];
        size_t count = 0;
        for (size_t i = 0; i < ROWS; i++) {
                if (!text_equal(table[i].section, reader->section))
                        continue;
                if (text_equal(table[i].key, key)) {
                        *ret = &table[i];
                        return ERR_OK;
                }
                names[count++] = table[i].key;
        }
        names[count] = NULL;
        return unknown("key", key, reader->section, names, fault);
}

/* The absolute path that `value` means: a credential of that name if systemd gave one, else from the folder of the file. */
static enum err resolve_path(const struct reader *reader, const char *value, char **ret, struct fault *fault)
{
        const char *credentials = secure_getenv("CREDENTIALS_DIRECTORY");
        if (value[0] == '\0' || value[0] == '/') {
                *ret = strdup(value);
                return *ret ? ERR_OK : fault_set(fault, ERR_MEMORY, NULL, "out of memory");
        }
        auto_free_ char *place = NULL;
        if (credentials && credentials[0] == '/' && !strchr(value, '/') && asprintf(&place, "%s/%s", credentials, value) >= 0 &&
                access(place, F_OK) == 0) {
                *ret = STEAL(place);
                return ERR_OK;
        }
        char *path;
        if (asprintf(&path, "%s%s%s", reader->folder, reader->folder[1] ? "/" : "", value) < 0)
                return fault_set(fault, ERR_MEMORY, NULL, "out of memory");
        *ret = path;
        return ERR_OK;
}

static enum err set_text(const struct reader *reader, const struct setting_row *row, const char *value, struct fault *fault)
{
        size_t length = strlen(value);
        if ((int64_t)length < row->min)
                return fault_set(fault, ERR_VALUE, NULL, "%s may not be empty", row->key);
        if ((int64_t)length > row->max)
                return fault_set(fault, ERR_VALUE, NULL, "%s has more than %lld bytes", row->key, (long long)row->max);
        char *copy = NULL;
        if (row->type == SETTING_PATH) {
                enum err e = resolve_path(reader, value, &copy, fault);
                if (e)
                        return e;
        } else if (!(copy = strdup(value))) {
                return fault_set(fault, ERR_MEMORY, NULL, "out of memory");
        }
        *(char **)member_of(reader->settings, row) = copy;
        return ERR_OK;
}

static enum err set_number(const struct reader *reader, const struct setting_row *row, const char *value, struct fault *fault)
{
        int64_t number;
        bool is_duration = row->type == SETTING_DURATION_S;
        bool is_right = is_duration ? text_parse_duration_s(value, &number) : text_parse_i64(value, INT64_MIN, INT64_MAX, &number);
        if (!is_right || number < row->min || number > row->max)
                return fault_set(fault, ERR_VALUE, NULL, "%s is \"%s\"; expected %s from %lld to %lld%s", row->key, value,
                        is_duration ? "a duration like 90s, 15m, 12h or 30d" : "a whole number", (long long)row->min, (long long)row->max,
                        is_duration ? " seconds" : "");
        *(int64_t *)member_of(reader->settings, row) = number;
        return ERR_OK;
}

static enum err set_bool(const struct reader *reader, const struct setting_row *row, const char *value, struct fault *fault)
{
        static const char *const words[2][3] = { { "no", "false", "off" }, { "yes", "true", "on" } };
        for (size_t i = 0; i < 6; i++) {
                if (text_equal(value, words[i / 3][i % 3])) {
                        *(bool *)member_of(reader->settings, row) = i / 3 == 1;
                        return ERR_OK;
                }
        }
        return fault_set(fault, ERR_VALUE, NULL, "%s is \"%s\"; expected yes or no", row->key, value);
}

static enum err set_value(const struct reader *reader, const struct setting_row *row, const char *value, struct fault *fault)
{
        if (is_text(row))
                return set_text(reader, row, value, fault);
        if (row->type == SETTING_BOOL)
                return set_bool(reader, row, value, fault);
        return set_number(reader, row, value, fault);
}

static char *trim(char *text)
{
        while (*text == ' ' || *text == '\t')
                text++;
        size_t length = strlen(text);
        while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r'))
                text[--length] = '\0';
        return text;
}

/* A value never holds a blank before # or ;, so that nobody's remark becomes part of a path. */
static bool has_comment(const char *value)
{
        for (const char *at = strpbrk(value, "#;"); at; at = strpbrk(at + 1, "#;"))
                if (at > value && (at[-1] == ' ' || at[-1] == '\t'))
                        return true;
        return false;
}

static enum err read_key(struct reader *reader, char *line, char *equals, struct fault *fault)
{
        *equals = '\0';
        const char *key = trim(line), *value = trim(equals + 1);
        if (!reader->section)
                return fault_set(fault, ERR_VALUE, key, "the key \"%s\" stands before the first [section]", key);
        const struct setting_row *row = NULL;
        enum err e = find_row(reader, key, &row, fault);
        if (e)
                return e;
        unsigned *given = &reader->line_of[row - table];
        if (*given)
                return fault_set(fault, ERR_VALUE, key, "%s is given a second time; first on line %u", key, *given);
        if (has_comment(value))
                return fault_set(fault, ERR_VALUE, key, "a comment must stand on a line of its own");
        *given = reader->line;
        return set_value(reader, row, value, fault);
}

static enum err read_line(struct reader *reader, char *line, struct fault *fault)
{
        line = trim(line);
        size_t length = strlen(line);
        if (length == 0 || line[0] == '#' || line[0] == ';')
                return ERR_OK;
        if (line[0] == '[' && line[length - 1] == ']') {
                line[length - 1] = '\0';
                return open_section(reader, trim(line + 1), fault);
        }
        char *equals = strchr(line, '=');
        if (line[0] == '[' || !equals || equals == line)
                return fault_set(fault, ERR_SYNTAX, NULL, "expected [section] or key = value");
        return read_key(reader, line, equals, fault);
}

static enum err read_lines(struct reader *reader, char *text, size_t length, struct fault *fault)
{
        char *end = text + length;
        while (text < end) {
                char *newline = memchr(text, '\n', (size_t)(end - text));
                char *stop = newline ? newline : end;
                reader->line++;
                *stop = '\0';
                enum err e = ERR_OK;
                if (stop - text > LINE_MAX_BYTES)
                        e = fault_set(fault, ERR_TOO_LARGE, NULL, "the line is longer than %d bytes", LINE_MAX_BYTES);
                else if (!text_is_utf8(text, (size_t)(stop - text)))
                        e = fault_set(fault, ERR_SYNTAX, NULL, "the line is not UTF-8 text");
                else
                        e = read_line(reader, text, fault);
                if (e)
                        return at_line(reader, reader->line, fault ? fault->field : NULL, fault, e);
                text = stop + 1;
        }
        return ERR_OK;
}

/* What the file did not give, and "sqlite:PATH" counted from the file's folder. */
static enum err fill_rest(struct reader *reader, struct fault *fault)
{
        char field[96];
        for (size_t i = 0; i < ROWS; i++) {
                if (reader->line_of[i])
                        continue;
                enum err e = table[i].fallback ? set_value(reader, &table[i], table[i].fallback, fault)
                                               : fault_set(fault, ERR_VALUE, NULL, "[%s] %s is required", table[i].section, table[i].key);
                if (e)
                        return at_line(reader, 0, field_name(&table[i], field), fault, e);
        }
        struct settings *settings = reader->settings;
        const char *file = settings->database + strlen("sqlite:");
        if (!text_starts_with(settings->database, "sqlite:") || file[0] == '/' || file[0] == ':' || file[0] == '\0')
                return ERR_OK;
        char *url;
        if (asprintf(&url, "sqlite:%s%s%s", reader->folder, reader->folder[1] ? "/" : "", file) < 0)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for the settings.");
        free(settings->database);
        settings->database = url;
        return ERR_OK;
}

static enum err check_all(const struct reader *reader, struct fault *fault)
{
        const void *member = NULL;
        char field[96];
        enum err e = settings_check(reader->settings, &member, fault);
        if (!e)
                return ERR_OK;
        for (size_t i = 0; i < ROWS; i++)
                if (member == member_of(reader->settings, &table[i]))
                        return at_line(reader, reader->line_of[i], field_name(&table[i], field), fault, e);
        return at_line(reader, 0, NULL, fault, e);
}

static enum err read_file(const char *path, char **ret, size_t *ret_length, struct fault *fault)
{
        auto_fclose_ FILE *file = fopen(path, "re");
        if (!file)
                return fault_set(fault,
                        errno == ENOENT   ? ERR_NOT_FOUND
                        : errno == EACCES ? ERR_FORBIDDEN
                                          : ERR_INTERNAL,
                        NULL, "Cannot open the settings file %s: %s.", path, strerrordesc_np(errno));
        auto_free_ char *text = malloc(FILE_MAX_BYTES + 2);
        if (!text)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for the settings.");
        size_t length = fread(text, 1, FILE_MAX_BYTES + 1, file);
        if (ferror(file))
                return fault_set(fault, ERR_INTERNAL, NULL, "Cannot read the settings file %s: %s.", path, strerrordesc_np(errno));
        if (length > FILE_MAX_BYTES)
                return fault_set(fault, ERR_TOO_LARGE, NULL, "The settings file %s is larger than %d bytes.", path, FILE_MAX_BYTES);
        text[length] = '\0';
        *ret = STEAL(text);
        *ret_length = length;
        return ERR_OK;
}

static enum err locate_folder(const char *path, char ret[PATH_MAX], struct fault *fault)
{
        if (!realpath(path, ret))
                return fault_set(fault, ERR_NOT_FOUND, NULL, "Cannot find the settings file %s: %s.", path, strerrordesc_np(errno));
        char *slash = strrchr(ret, '/');
        slash[slash == ret] = '\0';
        return ERR_OK;
}

AUTO_DEFINE(struct settings *, settings_free)

enum err settings_load(const char *path, struct settings **ret, struct fault *fault)
{
        AUTO(settings_free) struct settings *settings = calloc(1, sizeof(*settings));
        if (!settings)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for the settings.");
        struct reader reader = { .path = path, .settings = settings };
        auto_free_ char *text = NULL;
        size_t length = 0;
        enum err e = read_file(path, &text, &length, fault);
        if (!e)
                e = locate_folder(path, reader.folder, fault);
        if (!e)
                e = read_lines(&reader, text, length, fault);
        if (!e)
                e = fill_rest(&reader, fault);
        if (!e)
                e = check_all(&reader, fault);
        if (e)
                return e;
        *ret = STEAL(settings);
        return ERR_OK;
}

void settings_free(struct settings *settings)
{
        if (!settings)
                return;
        for (size_t i = 0; i < ROWS; i++)
                if (is_text(&table[i]))
                        free(*(char **)member_of(settings, &table[i]));
        free(settings);
}
