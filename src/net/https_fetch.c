/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl under limits. The hook that opens sockets sees every address, so that plain HTTP and refused networks are judged by where the
 * packets go and not by what a name promised (DNS rebinding). */
#include "net/https_fetch.h"

#include "base/auto.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct fetcher {
        CURL *curl;
        /* The rules under which the open connections were made. */
        enum fetch_plain plain;
        bool (*may_connect)(void *context, const struct sockaddr *address, size_t address_bytes);
        void *context;
};

struct call {
        CURL *curl;
        const struct fetch_request *request;
        struct fetch_response response;
        bool is_plain;
        bool refused_plain, refused_address;
        char error[CURL_ERROR_SIZE];
};

AUTO_DEFINE(struct curl_slist *, curl_slist_free_all)
AUTO_DEFINE(CURLU *, curl_url_cleanup)
AUTO_DEFINE(char *, curl_free)

enum err fetch_library_init(void)
{
        return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? ERR_OK : ERR_INTERNAL;
}

void fetch_library_done(void)
{
        curl_global_cleanup();
}

struct fetcher *fetcher_new(void)
{
        struct fetcher *fetcher = calloc(1, sizeof(*fetcher));
        if (!fetcher)
                return NULL;
        fetcher->curl = curl_easy_init();
        if (!fetcher->curl) {
                free(fetcher);
                return NULL;
        }
        return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
        if (!fetcher)
                return;
        curl_easy_cleanup(fetcher->curl);
        free(fetcher);
}

void fetch_response_done(struct fetch_response *response)
{
        buffer_done(&response->body);
        buffer_done(&response->headers);
        response->status = 0;
}

static size_t blanks(const char *text, size_t length)
{
        size_t count = 0;
        while (count < length && (text[count] == ' ' || text[count] == '\t'))
                count++;
        return count;
}

bool fetch_header(const struct fetch_response *response, const char *name, char *ret, size_t size)
{
        size_t name_length = strlen(name);
        const char *end = response->headers.data ? response->headers.data + response->headers.length : NULL;
        ret[0] = '\0';
        for (const char *line = response->headers.data; line && line < end;) {
                const char *line_end = memchr(line, '\n', (size_t)(end - line));
                size_t length = line_end ? (size_t)(line_end - line) : (size_t)(end - line);
                if (length > name_length && line[name_length] == ':' && strncasecmp(line, name, name_length) == 0) {
                        const char *value = line + name_length + 1;
                        size_t value_length = length - name_length - 1;
                        size_t before = blanks(value, value_length);
                        value += before;
                        value_length -= before;
                        while (value_length > 0 && strchr(" \t\r", value[value_length - 1]))
                                value_length--;
                        if (value_length >= size)
                                return false;
                        memcpy(ret, value, value_length);
                        ret[value_length] = '\0';
                        return true;
                }
                line = line_end ? line_end + 1 : end;
        }
        return false;
}

static bool is_loopback(const struct sockaddr *address, size_t size)
{
        if (address->sa_family == AF_UNIX)
                return true;
        if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in))
                return (ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24) == 127;
        if (address->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6))
                return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
        return false;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
        struct call *call = context;
        const struct fetch_request *request = call->request;
        if (call->is_plain && request->plain != FETCH_PLAIN_ANYWHERE && !is_loopback(&to->addr, to->addrlen)) {
                call->refused_plain = true;
                return CURL_SOCKET_BAD;
        }
        if (request->may_connect && !request->may_connect(request->context, &to->addr, to->addrlen)) {
                call->refused_address = true;
                return CURL_SOCKET_BAD;
        }
        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t put_body(char *bytes, size_t one, size_t length, void *context)
{
        struct call *call = context;
        buffer_put(&call->response.body, bytes, length);
        return call->response.body.failed ? 0 : length;
}

static size_t put_header(char *bytes, size_t one, size_t length, void *context)
{
        struct call *call = context;
        if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
                buffer_clear(&call->response.headers); /* an interim 1xx answer came before */
                return length;
        }
        buffer_put(&call->response.headers, bytes, length);
        return call->response.headers.failed ? 0 : length;
}

static enum err check_url(const char *url, bool *ret_is_plain, struct fault *fault)
{
        if (!url || strlen(url) > FETCH_URL_MAX_BYTES)
                return fault_set(fault, ERR_VALUE, "url", "The URL is missing or longer than %d bytes.", FETCH_URL_MAX_BYTES);
        __attribute__((cleanup(auto_curl_url_cleanup))) CURLU *parsed = curl_url();
        if (!parsed)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        __attribute__((cleanup(auto_curl_free))) char *scheme = NULL;
        __attribute__((cleanup(auto_curl_free))) char *user = NULL;
        if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
                return fault_set(fault, ERR_VALUE, "url", "This is not a URL such as https://id.example.com.");
        if (curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
                (!text_equal(scheme, "https") && !text_equal(scheme, "http")))
                return fault_set(fault, ERR_VALUE, "url", "The URL must begin with https:// or http://.");
        if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK)
                return fault_set(fault, ERR_VALUE, "url", "A URL with a user name or password in it is refused.");
        *ret_is_plain = text_equal(scheme, "http");
        return ERR_OK;
}

/* CR, LF and other controls would begin a header of their own. */
static bool is_header_safe(const char *text)
{
        for (const unsigned char *at = (const unsigned char *)text; *at; at++)
                if (*at < ' ' || *at == 0x7f)
                        return false;
        return true;
}

static enum err add_header(struct curl_slist **list, const char *line, struct fault *fault)
{
        if (!is_header_safe(line))
                return fault_set(fault, ERR_VALUE, NULL, "A request header or the token holds control characters.");
        struct curl_slist *longer = curl_slist_append(*list, line);
        if (!longer)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        *list = longer;
        return ERR_OK;
}

static enum err make_headers(const struct fetch_request *request, struct curl_slist **ret, struct fault *fault)
{
        __attribute__((cleanup(auto_curl_slist_free_all))) struct curl_slist *list = NULL;
        char line[256];
        enum err e = add_header(&list, "Expect:", fault); /* no 100-continue: bodies are small */
        for (size_t i = 0; !e && request->headers && request->headers[i]; i++)
                e = add_header(&list, request->headers[i], fault);
        if (!e && !request->body)
                e = add_header(&list, "Content-Type:", fault); /* libcurl would call an empty POST a form */
        if (!e && request->body && request->content_type) {
                if ((size_t)snprintf(line, sizeof(line), "Content-Type: %s", request->content_type) >= sizeof(line))
                        return fault_set(fault, ERR_VALUE, NULL, "The content type is too long.");
                e = add_header(&list, line, fault);
        }
        if (!e && request->bearer && request->bearer->length > 0 && !is_header_safe(request->bearer->text))
                e = fault_set(fault, ERR_VALUE, NULL, "The token holds control characters.");
        if (e)
                return e;
        *ret = STEAL(list);
        return ERR_OK;
}

/* Options whose failure matters for safety are checked together: a libcurl that lacks one is not used. */
static bool set_limits(struct call *call)
{
        CURL *curl = call->curl;
        const struct fetch_request *request = call->request;
        long timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : FETCH_TIMEOUT_MS;
        return !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") && !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) &&
               !curl_easy_setopt(curl, CURLOPT_PROXY, "") && !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
               !curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
               !curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
               !curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
               !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms) &&
               !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms < 10000 ? timeout_ms : 10000L) &&
               !curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->response.body.ceiling) &&
               !curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) && !curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call) &&
               !curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) && !curl_easy_setopt(curl, CURLOPT_USERAGENT, "muster/" MUSTER_VERSION) &&
               (!request->ca_file || !curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file));
}

static bool set_request(struct call *call, struct curl_slist *headers)
{
        CURL *curl = call->curl;
        const struct fetch_request *request = call->request;
        bool ok = !curl_easy_setopt(curl, CURLOPT_URL, request->url) && !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) &&
                  !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, put_body) && !curl_easy_setopt(curl, CURLOPT_WRITEDATA, call) &&
                  !curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, put_header) && !curl_easy_setopt(curl, CURLOPT_HEADERDATA, call) &&
                  !curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->error);
        if (ok && request->unix_socket)
                ok = !curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
        if (ok && request->bearer && request->bearer->length > 0)
                ok = !curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) &&
                     !curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, request->bearer->text);
        if (ok && request->body)
                ok = !curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body) &&
                     !curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
        if (ok && request->method && !text_equal(request->method, "GET"))
                ok = !curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
        if (ok && text_equal(request->method, "POST") && !request->body)
                ok = !curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "") && !curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
        return ok;
}

static enum err failure(const struct call *call, CURLcode code, struct fault *fault)
{
        const char *why = call->error[0] ? call->error : curl_easy_strerror(code);
        if (call->refused_plain)
                return fault_set(fault, ERR_FORBIDDEN, "url", "Plain HTTP is refused beyond this host; use https.");
        if (call->refused_address)
                return fault_set(fault, ERR_FORBIDDEN, "url", "The address behind this URL is not allowed.");
        if (call->response.body.failed || call->response.headers.failed) {
                const struct buffer *full = call->response.body.failed ? &call->response.body : &call->response.headers;
                enum err e = buffer_check(full, NULL);
                return fault_set(
                        fault, e, NULL, e == ERR_MEMORY ? "Out of memory." : "The answer is larger than %zu bytes.", full->ceiling);
        }
        switch (code) {
        case CURLE_FILESIZE_EXCEEDED:
                return fault_set(fault, ERR_TOO_LARGE, NULL, "The answer is larger than %zu bytes.", call->response.body.ceiling);
        case CURLE_OPERATION_TIMEDOUT:
                return fault_set(fault, ERR_DEADLINE, NULL, "No whole answer in time: %s.", why);
        case CURLE_OUT_OF_MEMORY:
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        case CURLE_URL_MALFORMAT:
                return fault_set(fault, ERR_VALUE, "url", "The URL is wrong: %s.", why);
        default:
                return fault_set(fault, ERR_UNAVAILABLE, NULL, "%s.", why);
        }
}

static enum err perform(struct call *call, struct fault *fault)
{
        __attribute__((cleanup(auto_curl_slist_free_all))) struct curl_slist *headers = NULL;
        enum err e = make_headers(call->request, &headers, fault);
        if (e)
                return e;
        if (!set_limits(call) || !set_request(call, headers))
                return fault_set(fault, ERR_INTERNAL, NULL, "libcurl refuses an option this program needs.");
        CURLcode code = curl_easy_perform(call->curl);
        if (code != CURLE_OK)
                return failure(call, code, fault);
        long status = 0;
        (void)curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
        call->response.status = (int)status;
        return ERR_OK;
}

/* A connection made under other rules must not be used again: nothing would ask this request's. */
static enum err take_rules(struct fetcher *fetcher, const struct fetch_request *request, struct fault *fault)
{
        if (fetcher->plain == request->plain && fetcher->may_connect == request->may_connect && fetcher->context == request->context)
                return ERR_OK;
        CURL *fresh = curl_easy_init();
        if (!fresh)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        curl_easy_cleanup(fetcher->curl);
        *fetcher = (struct fetcher){ fresh, request->plain, request->may_connect, request->context };
        return ERR_OK;
}

enum err fetch_run(struct fetcher *fetcher, const struct fetch_request *request, struct fetch_response *ret, struct fault *fault)
{
        struct call call = { .request = request };
        enum err e = check_url(request->url, &call.is_plain, fault);
        if (e)
                return e;
        e = take_rules(fetcher, request, fault);
        if (e)
                return e;
        call.curl = fetcher->curl;
        if (call.is_plain && request->plain == FETCH_PLAIN_NEVER)
                return fault_set(fault, ERR_FORBIDDEN, "url", "Plain HTTP is refused; use https.");
        buffer_init(&call.response.body, request->response_max_bytes ? request->response_max_bytes : FETCH_RESPONSE_MAX_BYTES);
        buffer_init(&call.response.headers, FETCH_HEADERS_MAX_BYTES);
        e = perform(&call, fault);
        curl_easy_reset(fetcher->curl); /* options hold pointers into this frame; connections stay */
        if (e) {
                fetch_response_done(&call.response);
                return e;
        }
        *ret = call.response;
        return ERR_OK;
}
