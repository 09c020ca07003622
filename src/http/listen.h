/* SPDX-License-Identifier: Apache-2.0
 *
 * The listening socket: made from an address text, or taken from systemd. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/error.h"

#define LISTEN_TEXT_SIZE 128

struct listener {
        int fd;
        char address[LISTEN_TEXT_SIZE]; /* "127.0.0.1:43211", "[::1]:8080", "unix:/path" */
        char *unlink_path;              /* socket file that we made; NULL: none */
};

/* `fd` >= 0 is dup'ed and `address` ignored. The socket is non-blocking and close-on-exec. */
enum err listener_open(const char *address, int fd, struct listener *ret, struct fault *fault) MUST_USE;
void listener_close(struct listener *listener);

#endif
