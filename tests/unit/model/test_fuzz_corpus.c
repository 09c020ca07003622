/* SPDX-License-Identifier: Apache-2.0
 *
 * Replays every corpus file of the fuzz targets of model in the plain build: what a fuzzer once found stays found. Runs in the source
 * folder. */
#include "model_fixture.h"

#include <dirent.h>
#include <stdio.h>

#define LLVMFuzzerTestOneInput fuzz_filter
#include "../../fuzz/model/fuzz_filter.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_path
#include "../../fuzz/model/fuzz_path.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_patch
#include "../../fuzz/model/fuzz_patch.c"
#undef LLVMFuzzerTestOneInput

static void replay(const char *folder, int (*target)(const uint8_t *, size_t))
{
        DIR *entries = opendir(folder);
        size_t count = 0;
        if (!entries)
                fail_msg("%s cannot be opened; run in the source folder", folder);
        for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
                char path[512];
                uint8_t bytes[65536];
                if (entry->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
                auto_fclose_ FILE *file = fopen(path, "rb");
                assert_non_null(file);
                size_t length = fread(bytes, 1, sizeof(bytes), file);
                assert_int_equal(target(bytes, length), 0);
                count++;
        }
        (void)closedir(entries);
        assert_true(count >= 10);
}

static void test_filter_corpus(void **state)
{
        replay("tests/fuzz/corpus/filter", fuzz_filter);
}

static void test_path_corpus(void **state)
{
        replay("tests/fuzz/corpus/path", fuzz_path);
}

static void test_patch_corpus(void **state)
{
        replay("tests/fuzz/corpus/patch", fuzz_patch);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_filter_corpus),
                cmocka_unit_test(test_path_corpus),
                cmocka_unit_test(test_patch_corpus),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
