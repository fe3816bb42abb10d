/* SPDX-License-Identifier: Apache-2.0 */
#include "base/progress.h"
#include "base/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_US INT64_C(100000)
#define BAR 30
#define CLEAR_LINE "\r\033[K"

void progress_start(struct progress *p, const char *what, uint64_t total)
{
    *p = (struct progress){
        .what = what,
        .total = total,
        .drawn_us = clock_mono_us(),
        .terminal = isatty(STDERR_FILENO) == 1,
    };
}

static void draw_bar(const struct progress *p, uint64_t done)
{
    char bar[BAR + 1];
    double part = done < p->total ? (double)done / (double)p->total : 1.0;
    size_t full = (size_t)(part * BAR);
    memset(bar, '.', BAR);
    memset(bar, '#', full);
    bar[BAR] = '\0';
    fprintf(stderr, CLEAR_LINE "%s [%s] %3u %%  %" PRIu64 " of %" PRIu64, p->what, bar,
            (unsigned)(part * 100), done, p->total);
}

void progress_set(struct progress *p, uint64_t done)
{
    if (!p->terminal)
        return;
    int64_t now = clock_mono_us();
    if (now - p->drawn_us < INTERVAL_US)
        return;
    p->drawn_us = now;
    p->visible = true;
    if (p->total > 0)
        draw_bar(p, done);
    else
        fprintf(stderr, CLEAR_LINE "%s %" PRIu64, p->what, done);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->visible)
        fputs(CLEAR_LINE, stderr);
    p->visible = false;
}
