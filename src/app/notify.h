/* SPDX-License-Identifier: Apache-2.0
 *
 * What systemd wants of a service: state notices over $NOTIFY_SOCKET, sockets handed in. Everything is a no-op outside systemd. */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1" … */
void notify_send(const char *state);
/* Interval in which WATCHDOG=1 is due, half of what systemd asks; 0: no watchdog. */
int64_t notify_watchdog_us(void);
/* Number of sockets handed in ($LISTEN_FDS for this process), from descriptor 3 on; clears the variables. */
int notify_sockets(void);

#endif
