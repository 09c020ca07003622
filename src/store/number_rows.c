/* SPDX-License-Identifier: Apache-2.0
 *
 * Queries that answer numbers alone, or whether there is a row. */
#include "store/store.h"

enum err session_query_numbers_values(struct session *session, enum statement statement, const struct value *values, size_t count,
        int64_t *ret, size_t max, size_t *ret_count, struct fault *fault)
{
        auto_result result = { 0 };
        bool row = true;
        size_t found = 0;
        enum err e = session_query_values(session, statement, values, count, &result, fault);
        while (!e && row && found < max) {
                e = result_next(&result, &row, fault);
                if (!e && row)
                        ret[found++] = result_i64(&result, 0);
        }
        if (e)
                return e;
        *ret_count = found;
        return ERR_OK;
}

enum err session_query_number_values(
        struct session *session, enum statement statement, const struct value *values, size_t count, int64_t *ret, struct fault *fault)
{
        int64_t number = 0;
        size_t found;
        enum err e = session_query_numbers_values(session, statement, values, count, &number, 1, &found, fault);
        if (e)
                return e;
        *ret = number;
        return ERR_OK;
}

enum err session_query_any_values(
        struct session *session, enum statement statement, const struct value *values, size_t count, bool *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query_values(session, statement, values, count, &result, fault);
        return e ? e : result_next(&result, ret, fault);
}
