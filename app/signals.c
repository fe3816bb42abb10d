/* SPDX-License-Identifier: Apache-2.0 */
#include "app/signals.h"

#include <signal.h>
#include <stddef.h>

#define COUNT (sizeof numbers / sizeof *numbers)

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction before[COUNT];
static volatile sig_atomic_t seen;

static void on_signal(int number)
{
    (void)number;
    seen = 1;
}

void signals_catch(void)
{
    const struct sigaction note = {.sa_handler = on_signal}; /* no SA_RESTART: it ends a wait */
    seen = 0;
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaction(numbers[i], &note, &before[i]);
}

bool signals_seen(void)
{
    return seen != 0;
}

void signals_release(void)
{
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaction(numbers[i], &before[i], NULL);
}
