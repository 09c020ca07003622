/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <signal.h>

bool thread_start(pthread_t *ret, void *(*run)(void *), void *context)
{
        sigset_t mask, before;
        (void)sigfillset(&mask);
        (void)sigdelset(&mask, SIGBUS);
        (void)sigdelset(&mask, SIGFPE);
        (void)sigdelset(&mask, SIGILL);
        (void)sigdelset(&mask, SIGSEGV);
        (void)pthread_sigmask(SIG_SETMASK, &mask, &before);
        bool is_started = pthread_create(ret, NULL, run, context) == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return is_started;
}
