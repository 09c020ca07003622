/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the command line inside a test and keeps what it wrote. */
#ifndef TEST_CLI_RUN_H
#define TEST_CLI_RUN_H

#include "cli/cli.h"
#include "net/fake_server.h"

#include <stdlib.h>
#include <string.h>

#define RUN_WORDS_MAX 32
#define RUN_TOKEN "mus_id_very-secret"

struct run {
        char *out, *err; /* heap */
        int exit_code;
};

static const char *run_url; /* MUSTER_URL; NULL: not set */

static inline const char *run_environment(const char *name)
{
        if (strcmp(name, "MUSTER_URL") == 0)
                return run_url;
        return strcmp(name, "MUSTER_TOKEN") == 0 ? RUN_TOKEN : NULL;
}

/* Words are separated by blanks; '...' keeps blanks. */
static inline int run_split(char *line, char **ret)
{
        int count = 0;
        while (*line && count < RUN_WORDS_MAX - 1) {
                line += strspn(line, " ");
                char end = *line == '\'' ? '\'' : ' ';
                line += end == '\'';
                if (!*line)
                        break;
                ret[count++] = line;
                while (*line && *line != end)
                        line++;
                if (*line)
                        *line++ = '\0';
        }
        ret[count] = NULL;
        return count;
}

static inline void run_done(struct run *run)
{
        free(run->out);
        free(run->err);
        memset(run, 0, sizeof(*run));
}

static inline void run_words(struct run *run, const char *words)
{
        char line[4096];
        char *argv[RUN_WORDS_MAX];
        size_t out_size, err_size;
        (void)snprintf(line, sizeof(line), "%s", words);
        FILE *out = open_memstream(&run->out, &out_size);
        FILE *err = open_memstream(&run->err, &err_size);
        const struct cli_world world = { out, err, run_environment };
        int argc = run_split(line, argv);
        run->exit_code = cli_run(&world, argc, argv);
        (void)fclose(out);
        (void)fclose(err);
}

/* The same against a stub that gives these answers. */
static inline void run_served(struct run *run, struct fake_server *server, const char *const *answers, const char *words)
{
        fake_server_start(server, answers);
        run_url = server->url;
        run_words(run, words);
        run_url = NULL;
        fake_server_stop(server);
}

#endif
