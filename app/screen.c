/* SPDX-License-Identifier: Apache-2.0 */
#include "app/screen.h"

#include "base/text.h"
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define LINE_CELLS 512
#define ESCAPE_MS 25
#define CTRL_C 3

static SCREEN *screen;
static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    (void)number;
    told_to_end = 1;
}

/* Names are UTF-8, whatever the terminal's language. */
static void set_language(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
}

static void set_colours(void)
{
    const char *no_color = getenv("NO_COLOR");
    if ((no_color != NULL && no_color[0] != '\0') || !has_colors() || start_color() != OK)
        return;
    (void)use_default_colors();
    (void)init_pair(SCREEN_AMBER, COLOR_YELLOW, -1);
    (void)init_pair(SCREEN_RED, COLOR_RED, -1);
}

enum err screen_open(void)
{
    struct sigaction end = {.sa_handler = on_signal};
    if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
        return ERR_USAGE;
    set_language();
    screen = newterm(NULL, stdout, stdin);
    if (screen == NULL)
        return ERR_USAGE;
    (void)sigaction(SIGTERM, &end, NULL);
    (void)sigaction(SIGHUP, &end, NULL);
    (void)raw();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, true);
    (void)nodelay(stdscr, true);
    (void)set_escdelay(ESCAPE_MS);
    (void)curs_set(0);
    set_colours();
    return ERR_OK;
}

void screen_close(void)
{
    if (screen == NULL)
        return;
    (void)endwin();
    delscreen(screen);
    screen = NULL;
}

/* What of the text fits on the line Y from cell X on, without its first LEFT cells. */
static void put(int y, int x, const char *text, size_t len, size_t left)
{
    mbstate_t state = {0};
    wchar_t out[LINE_CELLS];
    int room = COLS - x, used = 0;
    size_t count = 0, skipped = 0;

    while (len > 0 && count + 1 < LINE_CELLS) {
        wchar_t c = L'?';
        size_t n = mbrtowc(&c, text, len, &state);
        if (n == 0 || n > len) {
            n = 1;
            c = L'?';
            state = (mbstate_t){0};
        }
        int cells = wcwidth(c);
        text += n;
        len -= n;
        if (cells < 0 || !text_is_seen((uint32_t)c)) {
            c = L'?';
            cells = 1;
        }
        if (skipped < left) {
            skipped += (size_t)cells;
            continue;
        }
        if (used + cells > room)
            break;
        out[count++] = c;
        used += cells;
    }
    (void)mvaddnwstr(y, x, out, (int)count);
}

static void draw_bar(int y, const char *left, const char *right)
{
    int at = COLS - (int)strlen(right);
    (void)attron(A_REVERSE);
    (void)mvhline(y, 0, ' ', COLS);
    put(y, 0, left, strlen(left), 0);
    if (right[0] != '\0' && at > (int)strlen(left))
        put(y, at, right, strlen(right), 0);
    (void)attroff(A_REVERSE);
}

static void draw_line(int y, const struct screen_page *p, size_t i)
{
    const struct screen_line *line = &p->lines[i];
    attr_t how = i == p->selected ? A_REVERSE : A_NORMAL;
    (void)attr_set(how, (short)line->colour, NULL);
    if (i == p->selected)
        (void)mvhline(y, 0, ' ', COLS);
    put(y, 0, line->text, line->len, p->left);
    (void)attr_set(A_NORMAL, 0, NULL);
}

size_t screen_rows(void)
{
    return LINES > 4 ? (size_t)LINES - 3 : 1;
}

void screen_draw(const struct screen_page *p)
{
    (void)erase();
    draw_bar(0, p->title, p->state);
    (void)attron(A_BOLD);
    put(1, 0, p->heads, strlen(p->heads), p->left);
    (void)attroff(A_BOLD);
    for (size_t i = 0; i < screen_rows() && p->top + i < p->count; i++)
        draw_line((int)i + 2, p, p->top + i);
    draw_bar(LINES - 1, p->foot, "");
    (void)refresh();
}

int screen_key(void)
{
    static const struct {
        int curses, key;
    } keys[] = {
        {KEY_UP, SCREEN_UP},
        {KEY_DOWN, SCREEN_DOWN},
        {KEY_PPAGE, SCREEN_PAGE_UP},
        {KEY_HOME, SCREEN_HOME},
        {KEY_NPAGE, SCREEN_PAGE_DOWN},
        {KEY_END, SCREEN_END},
        {KEY_LEFT, SCREEN_LEFT},
        {KEY_RIGHT, SCREEN_RIGHT},
        {KEY_BACKSPACE, SCREEN_ERASE},
        {127, SCREEN_ERASE},
        {8, SCREEN_ERASE},
        {KEY_RESIZE, SCREEN_RESIZE},
        {KEY_ENTER, SCREEN_ENTER},
        {13, SCREEN_ENTER},
        {CTRL_C, SCREEN_QUIT},
    };
    int c = told_to_end ? CTRL_C : getch();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].curses == c)
            return keys[i].key;
    }
    return c == ERR || c >= KEY_MIN ? SCREEN_NONE : c;
}
