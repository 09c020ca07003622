/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of the decision routes. */
#ifndef API_DECISION_H
#define API_DECISION_H

#include "access/access.h"
#include "http/route.h"

enum handled decision_evaluate(struct request *request);
enum handled decision_metadata(struct request *request);
/* As revision_format; epoch and revision are not negative. */
void decision_revision(const char *handle, int64_t epoch, int64_t revision, char ret[REVISION_TEXT_SIZE]);

#endif
