/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line `muster`: one table of commands; help, completion, man page and docs/cli.md are made from it. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

/* The whole program: returns its exit code (enum exit_code). Call once. */
int cli_main(int argc, char **argv);

/* The same with streams and environment of choice, for tests. `environment` answers NULL for what is not set. */
struct cli_world {
        FILE *out, *err;
        const char *(*environment)(const char *name);
};
int cli_run(const struct cli_world *world, int argc, char **argv);

#endif
