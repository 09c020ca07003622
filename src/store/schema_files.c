/* SPDX-License-Identifier: Apache-2.0
 *
 * The migrations of schemas/sql, inside the binary. The one list: a test compares it with the folder. */
#include "store/engine.h"

/* X(version, symbol, file) */
/* clang-format off */
#define MIGRATIONS(X)                                   \
        X(1, migration_0001, "0001_spine.sql")          \
        X(2, migration_0002, "0002_sources.sql")        \
        X(3, migration_0003, "0003_scim_log.sql")       \
        X(4, migration_0004, "0004_slug_index.sql")     \
        X(5, migration_0005, "0005_purge.sql")          \
        X(6, migration_0006, "0006_ceiling.sql")        \
        X(7, migration_0007, "0007_pulse.sql")          \
        X(8, migration_0008, "0008_token_expiry.sql")   \
        X(9, migration_0009, "0009_connection_job.sql") \
        X(10, migration_0010, "0010_taken.sql")         \
        X(11, migration_0011, "0011_scim_log_loose.sql") \
        X(12, migration_0012, "0012_schemas.sql")        \
        X(13, migration_0013, "0013_adoption.sql") \
        X(14, migration_0014, "0014_claim_ended.sql") \
        X(15, migration_0015, "0015_break_glass.sql") \
        X(16, migration_0016, "0016_domain.sql") \
        X(17, migration_0017, "0017_mapping.sql") \
        X(18, migration_0018, "0018_scim_log_note.sql") \
        X(19, migration_0019, "0019_member.sql") \
        X(20, migration_0020, "0020_scim_log_about.sql") \
        X(21, migration_0021, "0021_nested.sql") \
        X(22, migration_0022, "0022_scim_log_partly.sql") \
        X(23, migration_0023, "0023_domain_absent.sql") \
        X(24, migration_0024, "0024_scim_log_refused.sql") \
        X(25, migration_0025, "0025_scim_log_age.sql")
/* clang-format on */

/* `symbol` is declared here. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define X(version, symbol, file) \
        extern const char symbol[]; \
        __asm__(".pushsection .rodata\n" \
                ".local " #symbol "\n" #symbol ": .incbin \"" MUSTER_SCHEMAS "/sql/" file "\"\n" \
                ".byte 0\n" \
                ".popsection\n");
MIGRATIONS(X)
#undef X

const struct migration migrations[] = {
#define X(version, symbol, file) { version, file, symbol },
        MIGRATIONS(X)
#undef X
                { 0, NULL, NULL },
};
