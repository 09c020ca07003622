/* SPDX-License-Identifier: Apache-2.0
 *
 * How the layers hang together in a running server. */
#ifndef APP_WIRING_H
#define APP_WIRING_H

#include "base/settings.h"

struct server;

/* Everything up to serving: directory, faces, scheduler, both listeners. `sockets`: number handed in by systemd. */
enum err server_start(const struct settings *settings, int sockets, struct server **ret, struct fault *fault) MUST_USE;
/* SIGHUP: certificate, its key and the database's password are read again. */
void server_reload(struct server *server);
/* Not ready, drain, stop the scheduler, close. Every accepted request gets its answer, every acknowledged write is durable. */
void server_stop(struct server *server);

#endif
