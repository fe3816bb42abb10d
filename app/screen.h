/* SPDX-License-Identifier: Apache-2.0
 *
 * screen: the whole terminal as one page: the one user of ncurses. What is drawn has no control
 * characters (text_tame).
 */
#ifndef APP_SCREEN_H
#define APP_SCREEN_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum screen_colour { SCREEN_PLAIN, SCREEN_AMBER, SCREEN_RED };

struct screen_line {
    const char *text;
    size_t len;
    enum screen_colour colour;
};
struct screen_page {
    const char *title, *state; /* the first line, left and right */
    const char *heads;         /* the columns' names, "" for none */
    const struct screen_line *lines;
    size_t count;
    size_t selected; /* COUNT: none */
    size_t top;      /* the first line shown */
    size_t left;     /* cells that are left out on the left */
    const char *foot;
};

/* USAGE when standard input or output is no terminal, or ncurses does not know it. */
MUST_CHECK enum err screen_open(void);
void screen_close(void); /* harmless when it is not open */

void screen_draw(const struct screen_page *p);
/* How many lines of a page fit. */
size_t screen_rows(void);

/* A key that was pressed; SCREEN_NONE when none was. Characters are themselves. */
enum screen_key {
    SCREEN_NONE = 0,
    SCREEN_ENTER = 10,
    SCREEN_ESCAPE = 27,
    SCREEN_UP = 1000,
    SCREEN_DOWN,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_HOME,
    SCREEN_END,
    SCREEN_LEFT,
    SCREEN_RIGHT,
    SCREEN_ERASE, /* backspace */
    SCREEN_RESIZE,
    SCREEN_QUIT, /* Ctrl-C, or a signal to end */
};
int screen_key(void);

#endif
