/* SPDX-License-Identifier: Apache-2.0
 *
 * What the settings mean together. Guards R33: links come from a public_url that is https or stays on this machine, and nothing
 * listens to other machines without TLS. Also refuses a password where only the path of a file belongs. */
#include "settings_check.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/network.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#define HOST_MAX_BYTES 255
#define PROXIES_MAX 64

/* IPv4 or IPv6 address without brackets. */
static bool is_address(const char *text, bool *ret_is_loopback)
{
        struct in_addr four;
        struct in6_addr six;
        if (inet_pton(AF_INET, text, &four) == 1) {
                *ret_is_loopback = ntohl(four.s_addr) >> 24 == 127;
                return true;
        }
        if (inet_pton(AF_INET6, text, &six) == 1) {
                *ret_is_loopback = IN6_IS_ADDR_LOOPBACK(&six);
                return true;
        }
        return false;
}

/* Splits "HOST", "HOST:PORT" or "[IPV6]:PORT" in `text` of `length` bytes; brackets are taken off, port is "" when absent. */
static bool split_host(const char *text, size_t length, char ret_host[HOST_MAX_BYTES + 1], char ret_port[6], bool *ret_is_bracketed)
{
        const char *end = text + length;
        bool is_bracketed = length > 0 && text[0] == '[';
        const char *host = is_bracketed ? text + 1 : text;
        const char *stop = memchr(host, is_bracketed ? ']' : ':', (size_t)(end - host));
        if (!stop && is_bracketed)
                return false;
        size_t host_length = (size_t)((stop ? stop : end) - host);
        const char *port = stop ? stop + is_bracketed : end;
        size_t port_length = port < end ? (size_t)(end - port) - 1 : 0;
        if (host_length == 0 || host_length > HOST_MAX_BYTES || port_length > 5 || (port < end && (*port != ':' || port_length == 0)))
                return false;
        memcpy(ret_host, host, host_length);
        ret_host[host_length] = '\0';
        memcpy(ret_port, port + (port < end), port_length);
        ret_port[port_length] = '\0';
        *ret_is_bracketed = is_bracketed;
        return true;
}

static bool is_host_name(const char *text)
{
        size_t length = strlen(text);
        return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length && text[0] != '.' && text[0] != '-' && !strstr(text, "..");
}

/* The authority of public_url: a name or address, and whether it is this machine. */
static bool is_public_host(const char *text, size_t length, bool *ret_is_loopback)
{
        char host[HOST_MAX_BYTES + 1], port[6];
        bool is_bracketed;
        int64_t number;
        if (!split_host(text, length, host, port, &is_bracketed) || (port[0] && !text_parse_i64(port, 1, 65535, &number)))
                return false;
        *ret_is_loopback = text_equal(host, "localhost");
        bool is_numeric = is_address(host, ret_is_loopback);
        return is_bracketed ? is_numeric && strchr(host, ':') : is_host_name(host);
}

static void lower(char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (text[i] >= 'A' && text[i] <= 'Z')
                        text[i] = (char)(text[i] + 'a' - 'A');
}

static enum err check_public_url(struct settings *settings, struct fault *fault)
{
        char *url = settings->public_url;
        bool is_https = strncasecmp(url, "https://", 8) == 0;
        if (!is_https && strncasecmp(url, "http://", 7) != 0)
                return fault_set(fault, ERR_VALUE, NULL, "public_url must begin with https:// (or http:// when its host is loopback)");
        for (const char *at = url; *at; at++)
                if (*at <= ' ' || *at >= 0x7f || strchr("\"'<>\\^`{|}", *at))
                        return fault_set(fault, ERR_VALUE, NULL, "public_url holds a character that must be percent-encoded");
        if (strchr(url, '?') || strchr(url, '#'))
                return fault_set(fault, ERR_VALUE, NULL, "public_url may not have a query or fragment");
        char *authority = strstr(url, "://") + 3;
        size_t authority_length = strcspn(authority, "/");
        if (memchr(authority, '@', authority_length))
                return fault_set(fault, ERR_VALUE, NULL, "public_url may not hold a user name or password");
        lower(url, (size_t)(authority - url) + authority_length);
        bool is_loopback = false;
        if (!is_public_host(authority, authority_length, &is_loopback))
                return fault_set(fault, ERR_VALUE, NULL, "public_url has no valid HOST or HOST:PORT");
        if (!is_https && !is_loopback)
                return fault_set(fault, ERR_VALUE, NULL,
                        "public_url is http, but its host is not loopback: logins and tokens would cross the network in the clear; use "
                        "https");
        for (size_t length = strlen(url); url[length - 1] == '/'; length--)
                url[length - 1] = '\0';
        return ERR_OK;
}

static enum err check_listen(const char *key, const char *value, bool *ret_is_local, struct fault *fault)
{
        if (text_starts_with(value, "unix:")) {
                *ret_is_local = true;
                if (value[5] != '/' || strlen(value + 5) >= sizeof(((struct sockaddr_un *)0)->sun_path))
                        return fault_set(fault, ERR_VALUE, NULL,
                                "%s: the path of a unix socket must be absolute and shorter than %zu bytes", key,
                                sizeof(((struct sockaddr_un *)0)->sun_path));
                return ERR_OK;
        }
        char host[HOST_MAX_BYTES + 1], port[6];
        bool is_bracketed;
        int64_t number;
        bool is_right = split_host(value, strlen(value), host, port, &is_bracketed) && is_address(host, ret_is_local) &&
                        is_bracketed == (strchr(host, ':') != NULL) && text_parse_i64(port, 0, 65535, &number);
        if (!is_right)
                return fault_set(fault, ERR_VALUE, NULL, "%s is \"%s\"; expected ADDRESS:PORT, [IPV6]:PORT or unix:/PATH", key, value);
        return ERR_OK;
}

static bool is_proxy(char *text)
{
        bool is_loopback;
        int64_t bits;
        char *slash = strchr(text, '/');
        if (slash) {
                *slash = '\0';
                if (!text_parse_i64(slash + 1, 0, strchr(text, ':') ? 128 : 32, &bits))
                        return false;
        }
        return is_address(text, &is_loopback);
}

static enum err check_proxies(const struct settings *settings, struct fault *fault)
{
        const char *list = settings->trusted_proxies;
        int count = 0;
        while (*list) {
                char entry[64];
                list += strspn(list, " \t");
                size_t length = strcspn(list, ",");
                size_t kept = length;
                while (kept > 0 && (list[kept - 1] == ' ' || list[kept - 1] == '\t'))
                        kept--;
                bool fits = kept < sizeof(entry);
                memcpy(entry, list, fits ? kept : 0);
                entry[fits ? kept : 0] = '\0';
                if (!is_proxy(entry))
                        return fault_set(fault, ERR_VALUE, NULL, "trusted_proxies: \"%.*s\" is no address or CIDR range",
                                (int)(fits ? kept : 60), list);
                if (++count > PROXIES_MAX)
                        return fault_set(fault, ERR_VALUE, NULL, "trusted_proxies has more than %d entries", PROXIES_MAX);
                list += length + (list[length] == ',');
        }
        return ERR_OK;
}

/* libpq takes a password from the user part and from parameters, whose names it percent-decodes. */
static bool has_password(const char *url)
{
        const char *start = strstr(url, "://") + 3;
        const char *stop = start + strcspn(start, "@/");
        if (*stop == '@' && memchr(start, ':', (size_t)(stop - start)))
                return true;
        for (const char *at = strchr(start, '?'); at; at = strchr(at, '&')) {
                at++;
                char name[64];
                size_t length = strcspn(at, "=&");
                if (length >= sizeof(name) || !text_percent_decode(at, length, false, name, &length))
                        return true; /* no parameter of libpq looks like this: refuse rather than guess */
                name[length] = '\0';
                if (strstr(name, "password"))
                        return true;
        }
        return false;
}

static enum err check_database(const struct settings *settings, struct fault *fault)
{
        const char *url = settings->database;
        if (text_starts_with(url, "sqlite:") && url[7] != '\0')
                return ERR_OK;
        if (!text_starts_with(url, "postgresql://"))
                return fault_set(fault, ERR_VALUE, NULL, "url must be sqlite:PATH or postgresql://USER@HOST/NAME");
        if (has_password(url))
                return fault_set(fault, ERR_VALUE, NULL,
                        "url holds a password, which does not belong in this file: put it into a file of mode 0600 "
                        "and name that in password_file");
        return ERR_OK;
}

static enum err check_exposure(const struct settings *settings, const char *key, bool is_local, struct fault *fault)
{
        if (is_local || settings->tls_certificate_file[0] || settings->behind_proxy)
                return ERR_OK;
        return fault_set(fault, ERR_VALUE, NULL,
                "%s is not a loopback address, and without TLS everybody on the way could read tokens: set tls_certificate_file and "
                "tls_key_file, or behind_proxy and trusted_proxies, or listen on loopback",
                key);
}

static enum err check_tls_and_proxy(const struct settings *settings, const void **ret_member, struct fault *fault)
{
        bool has_certificate = settings->tls_certificate_file[0], has_key = settings->tls_key_file[0];
        *ret_member = has_certificate ? &settings->tls_certificate_file : &settings->tls_key_file;
        if (has_certificate != has_key)
                return fault_set(fault, ERR_VALUE, NULL, "tls_certificate_file and tls_key_file belong together; only one is set");
        *ret_member = &settings->trusted_proxies;
        if (settings->trusted_proxies[0] && !settings->behind_proxy)
                return fault_set(fault, ERR_VALUE, NULL, "trusted_proxies has no meaning without behind_proxy = yes");
        enum err e = check_proxies(settings, fault);
        if (e)
                return e;
        *ret_member = &settings->behind_proxy;
        if (settings->behind_proxy && !settings->trusted_proxies[0])
                return fault_set(fault, ERR_VALUE, NULL, "behind_proxy needs trusted_proxies: the addresses the proxy connects from");
        return ERR_OK;
}

static enum err check_listeners(const struct settings *settings, const void **ret_member, struct fault *fault)
{
        const struct {
                const char *key;
                char *const *value;
                bool is_optional;
        } listeners[] = { { "listen", &settings->listen, false }, { "operations_listen", &settings->operations_listen, true } };
        for (size_t i = 0; i < COUNT_OF(listeners); i++) {
                bool is_local = false;
                *ret_member = listeners[i].value;
                if (listeners[i].is_optional && !(*listeners[i].value)[0])
                        continue;
                enum err e = check_listen(listeners[i].key, *listeners[i].value, &is_local, fault);
                if (!e)
                        e = check_exposure(settings, listeners[i].key, is_local, fault);
                if (e)
                        return e;
        }
        return ERR_OK;
}

enum err settings_check(struct settings *settings, const void **ret_member, struct fault *fault)
{
        enum log_level level;
        *ret_member = &settings->public_url;
        enum err e = check_public_url(settings, fault);
        if (e)
                return e;
        e = check_tls_and_proxy(settings, ret_member, fault);
        if (e)
                return e;
        e = check_listeners(settings, ret_member, fault);
        if (e)
                return e;
        *ret_member = &settings->database;
        e = check_database(settings, fault);
        if (e)
                return e;
        *ret_member = &settings->dns_server;
        unsigned char address[4];
        unsigned port;
        if (*settings->dns_server && !endpoint_parse(settings->dns_server, address, &port))
                return fault_set(fault, ERR_VALUE, NULL, "dns_server is \"%s\"; expected the ADDRESS:PORT of a resolver, IPv4",
                        settings->dns_server);
        *ret_member = &settings->log_level;
        if (!log_level_parse(settings->log_level, &level))
                return fault_set(fault, ERR_VALUE, NULL, "level is \"%s\"; expected debug, info, warn or error", settings->log_level);
        return ERR_OK;
}
