/* SPDX-License-Identifier: Apache-2.0 */
#include "app/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#define LATE_S 5
#define COUNT (sizeof numbers / sizeof *numbers)

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction before[COUNT], before_alarm;
static volatile sig_atomic_t seen;

/* What waits for others by itself does not hear of it (libpcsclite goes on after EINTR, for ever
 * when pcscd hangs): then the signal ends the program. */
static void on_late(int number)
{
    (void)number;
    (void)signal(seen, SIG_DFL);
    (void)raise(seen);
}

static void on_signal(int number)
{
    seen = number;
    (void)alarm(LATE_S);
}

void signals_catch(void)
{
    const struct sigaction note = {.sa_handler = on_signal}; /* no SA_RESTART: it ends a wait */
    const struct sigaction late = {.sa_handler = on_late};
    seen = 0;
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaction(numbers[i], &note, &before[i]);
    (void)sigaction(SIGALRM, &late, &before_alarm);
}

bool signals_seen(void)
{
    return seen != 0;
}

void signals_release(void)
{
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaction(numbers[i], &before[i], NULL);
    (void)alarm(0);
    (void)sigaction(SIGALRM, &before_alarm, NULL);
}
