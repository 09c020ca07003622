/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalogue's rows. */
#include "store/statement.h"
#include <assert.h>

static_assert(sizeof(BATCH_NOS) == STATEMENT_BATCH + 1 && sizeof(BATCH_IDS) == STATEMENT_BATCH + 1, "a letter per value of a batch");

static const struct statement_row rows[STATEMENT_COUNT] = {
#define X(name, class, parameters, columns, sql) [ST_##name] = { #name, STATEMENT_##class, parameters, columns, sql },
        STATEMENTS(X)
#undef X
};

const struct statement_row *statement_row(enum statement statement)
{
        assert((unsigned)statement < STATEMENT_COUNT);
        return &rows[statement];
}
