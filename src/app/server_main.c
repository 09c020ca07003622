/* SPDX-License-Identifier: Apache-2.0
 *
 * musterd from its command line to its last signal. */
#include "app/app.h"

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "base/json.h"
#include "base/log.h"
#include "base/settings.h"
#include "http/server.h"
#include "notify.h"
#include "wiring.h"

struct arguments {
        const char *config;
        bool check_only;
};

static void usage(FILE *to)
{
        (void)fputs("usage: musterd --config FILE [--check-config]\n"
                    "\n"
                    "  --config FILE    the configuration; conf/muster.conf documents every key\n"
                    "  --check-config   read and check it, say what is wrong, start nothing\n"
                    "  --version        print the version\n"
                    "  --help           print this\n",
                to);
}

/* Answers an exit code when the program is to end at once, -1 to go on. */
static int parse(int argc, char **argv, struct arguments *ret)
{
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "check-config", no_argument, NULL, 'k' },
                { "version", no_argument, NULL, 'V' },
                { "help", no_argument, NULL, 'h' },
                { NULL, 0, NULL, 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
                switch (option) {
                case 'c':
                        ret->config = optarg;
                        break;
                case 'k':
                        ret->check_only = true;
                        break;
                case 'V':
                        (void)puts("musterd " MUSTER_VERSION);
                        return EXIT_OK;
                case 'h':
                        usage(stdout);
                        return EXIT_OK;
                default:
                        usage(stderr);
                        return EXIT_USAGE;
                }
        }
        if (!ret->config || optind != argc) {
                usage(stderr);
                return EXIT_USAGE;
        }
        return -1;
}

/* Signals are waited for by this thread only: all others inherit the blocked set. */
static void block_signals(sigset_t *ret)
{
        (void)sigemptyset(ret);
        (void)sigaddset(ret, SIGTERM);
        (void)sigaddset(ret, SIGINT);
        (void)sigaddset(ret, SIGHUP);
        (void)pthread_sigmask(SIG_BLOCK, ret, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
}

static void wait_for_end(const sigset_t *signals, struct server *server)
{
        for (;;) {
                int number = 0;
                if (sigwait(signals, &number) == 0 && number != SIGHUP) {
                        log_event(LOG_INFO, "stopping", LOG_I64("signal", number));
                        return;
                }
                server_reload(server);
        }
}

static int fail(const struct fault *fault, enum err e, const char *what)
{
        log_event(LOG_ERROR, what, LOG_TEXT("field", *fault->field ? fault->field : NULL), LOG_TEXT("why", fault->message));
        (void)fprintf(stderr, "musterd: %s\n", fault->message);
        return (int)error_row(e)->exit;
}

/* No more threads allocate at once than there are cores; what is free in one arena is of no use to threads of another. */
static void limit_arenas(void)
{
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        (void)mallopt(M_ARENA_MAX, cores > 1 ? (int)cores : 1);
}

static int serve(const struct settings *settings)
{
        sigset_t signals;
        struct server *server;
        struct fault fault = { 0 };
        block_signals(&signals);
        limit_arenas();
        http_raise_file_limit();
        enum err e = server_start(settings, notify_sockets(), &server, &fault);
        if (e)
                return fail(&fault, e, "start-failed");
        notify_send("READY=1");
        wait_for_end(&signals, server);
        notify_send("STOPPING=1");
        server_stop(server);
        log_event(LOG_INFO, "stopped");
        return EXIT_OK;
}

int server_main(int argc, char **argv)
{
        struct arguments arguments = { 0 };
        int code = parse(argc, argv, &arguments);
        if (code >= 0)
                return code;
        json_memory_install();
        struct settings *settings;
        struct fault fault = { 0 };
        enum err e = settings_load(arguments.config, &settings, &fault);
        if (e) {
                (void)fprintf(stderr, "musterd: %s\n", fault.message);
                return (int)error_row(e)->exit;
        }
        enum log_level level;
        if (log_level_parse(settings->log_level, &level))
                log_set_level(level);
        code = EXIT_OK;
        if (arguments.check_only)
                (void)printf("%s is right\n", arguments.config);
        else
                code = serve(settings);
        settings_free(settings);
        return code;
}
