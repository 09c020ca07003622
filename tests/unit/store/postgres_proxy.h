/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP proxy before PostgreSQL that cuts a connection around its COMMIT: what a failing network or server does at the worst moment. */
#ifndef TESTS_STORE_POSTGRES_PROXY_H
#define TESTS_STORE_POSTGRES_PROXY_H

#include <stddef.h>

enum proxy_cut {
        CUT_NOTHING,
        CUT_BEFORE_COMMIT, /* the server never sees it */
        CUT_DURING_COMMIT, /* the server still works on it when the client hears of the loss */
        CUT_AFTER_COMMIT,  /* the server has committed, the client never hears of it */
};

/* Starts for the server of `url`; writes the URL that leads through the proxy. */
void proxy_start(const char *url, char *ret_url, size_t size);
void proxy_stop(void);
/* Cuts the next COMMIT; with `refuse`, new connections are refused until proxy_accept. */
void proxy_cut(enum proxy_cut cut, int refuse);
void proxy_accept(void);

#endif
