/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/chart.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80u
#define CELLS_MAX 1000u
#define EIGHTHS 8u

unsigned chart_columns(void)
{
    struct winsize size = {0};
    if (!isatty(STDOUT_FILENO))
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

/* As setlocale chooses, without changing how this program reads and writes. */
bool chart_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

/* VALUE / MOST of PARTS, at least 1. Both are halved until the product fits. */
static unsigned share(int64_t value, int64_t most, unsigned parts)
{
    while (most > INT64_MAX / (int64_t)(CELLS_MAX * EIGHTHS)) {
        most /= 2;
        value /= 2;
    }
    int64_t share = value * parts / most;
    return share > 0 ? (unsigned)share : 1;
}

void chart_bar(FILE *f, int64_t value, int64_t most, unsigned cells, bool utf8)
{
    static const char *const partial[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (value <= 0 || value > most || cells == 0 || cells > CELLS_MAX)
        return;
    unsigned parts = share(value, most, utf8 ? cells * EIGHTHS : cells);
    for (unsigned i = 0; i < (utf8 ? parts / EIGHTHS : parts); i++)
        fputs(utf8 ? "█" : "#", f);
    if (utf8)
        fputs(partial[parts % EIGHTHS], f);
}
