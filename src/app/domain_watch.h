/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that looks up the records of verified domains (R6). It waits for DNS, which nothing else may. */
#ifndef APP_DOMAIN_WATCH_H
#define APP_DOMAIN_WATCH_H

#include "directory/domain.h"

struct domain_watch;
enum err domain_watch_start(struct directory *directory, struct domain_watch **ret, struct fault *fault) MUST_USE;
/* Waits for a look-up under way: DNS_WAIT_S at most. */
void domain_watch_stop(struct domain_watch *watch);

#endif
