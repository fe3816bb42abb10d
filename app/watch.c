/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 1000 /* ages grow */
#define AGAIN_US INT64_C(2000000)
#define FILTER_MAX 40
#define STATE_MAX 96
#define FOOT_MAX 160
#define NAME_MAX_BYTES 128
#define SIDE_STEP 8

/* One page of lines that somebody looks through. */
struct pane {
    struct buf text;
    struct screen_line *lines;
    size_t *item; /* of a line of the list */
    size_t count, selected, top, left;
};

struct watching {
    const struct watch *w;
    struct client *client;
    struct client_stream *stream;
    int64_t after;    /* the newest event, -1: none */
    int64_t retry_us; /* when to connect again */
    bool stale;       /* the list is to be read */
    bool live;        /* the stream was heard */
    struct pane list, item;
    bool shows; /* ITEM */
    bool types; /* the filter */
    char filter[FILTER_MAX + 1];
    char marked[NAME_MAX_BYTES];
    bool over;
};

/* --- panes -------------------------------------------------------------------------------------*/

static void pane_free(struct pane *p)
{
    buf_free(&p->text);
    free(p->lines);
    free(p->item);
    p->lines = NULL;
    p->item = NULL;
    p->count = 0;
}

static bool has(const char *line, size_t len, const char *filter)
{
    size_t wanted = strlen(filter);
    for (size_t i = 0; i + wanted <= len; i++) {
        if (strncasecmp(line + i, filter, wanted) == 0)
            return true;
    }
    return wanted == 0;
}

/* Its text as lines: those with FILTER in them, behind the first SKIP. */
static enum err pane_lines(struct pane *p, size_t skip, const char *filter)
{
    const char *text = buf_str(&p->text);
    size_t most = 1;
    for (const char *at = text; *at != '\0'; at++)
        most += *at == '\n';
    free(p->lines);
    free(p->item);
    p->lines = calloc(most, sizeof *p->lines);
    p->item = calloc(most, sizeof *p->item);
    p->count = 0;
    if (p->lines == NULL || p->item == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; *text != '\0'; i++) {
        size_t len = strcspn(text, "\n");
        if (i >= skip && has(text, len, filter)) {
            p->lines[p->count] = (struct screen_line){.text = text, .len = len};
            p->item[p->count++] = i - skip;
        }
        text += len + (text[len] == '\n');
    }
    return ERR_OK;
}

static void pane_move(struct pane *p, int key)
{
    size_t last = p->count > 0 ? p->count - 1 : 0, page = screen_rows();
    size_t at = p->selected;
    if (key == SCREEN_UP || key == 'k')
        at = at > 0 ? at - 1 : 0;
    else if (key == SCREEN_DOWN || key == 'j')
        at++;
    else if (key == SCREEN_PAGE_UP)
        at = at > page ? at - page : 0;
    else if (key == SCREEN_PAGE_DOWN)
        at += page;
    else if (key == SCREEN_HOME || key == 'g')
        at = 0;
    else if (key == SCREEN_END || key == 'G')
        at = last;
    else if (key == SCREEN_LEFT)
        p->left = p->left > SIDE_STEP ? p->left - SIDE_STEP : 0;
    else if (key == SCREEN_RIGHT)
        p->left += SIDE_STEP;
    p->selected = at < last ? at : last;
}

/* So that what is selected can be seen. */
static void pane_scroll(struct pane *p)
{
    size_t rows = screen_rows();
    if (p->selected < p->top)
        p->top = p->selected;
    if (p->selected >= p->top + rows)
        p->top = p->selected - rows + 1;
    if (p->top > 0 && p->count < p->top + rows)
        p->top = p->count > rows ? p->count - rows : 0;
}

/* --- the list ----------------------------------------------------------------------------------*/

static void mark(struct watching *s)
{
    s->marked[0] = '\0';
    if (s->list.selected < s->list.count)
        (void)snprintf(s->marked, sizeof s->marked, "%s",
                       s->w->name(s->w->ctx, s->list.item[s->list.selected]));
}

static void find_marked(struct watching *s)
{
    struct pane *p = &s->list;
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(s->w->name(s->w->ctx, p->item[i]), s->marked) == 0)
            p->selected = i;
    }
    if (p->selected >= p->count)
        p->selected = p->count > 0 ? p->count - 1 : 0;
}

static enum err render(struct watching *s)
{
    struct pane *p = &s->list;
    buf_clear(&p->text);
    enum err e = s->w->render(s->w->ctx, &p->text);
    if (e == ERR_OK)
        e = pane_lines(p, 1, s->filter);
    for (size_t i = 0; e == ERR_OK && i < p->count; i++)
        p->lines[i].colour = s->w->colour(s->w->ctx, p->item[i]);
    if (e == ERR_OK)
        find_marked(s);
    return e;
}

/* What is mended by waiting and trying again. */
static bool passes(enum err e)
{
    return e == ERR_UNAVAILABLE || e == ERR_BUSY || e == ERR_LOG_UNSIGNED || e == ERR_TIMEOUT;
}

static enum err read_list(struct watching *s)
{
    enum err e = s->w->read(s->w->ctx);
    s->stale = passes(e);
    return s->stale ? ERR_OK : e;
}

/* --- the events --------------------------------------------------------------------------------*/

static void hang_up(struct watching *s)
{
    client_stream_close(s->stream);
    client_free(s->client);
    s->stream = NULL;
    s->client = NULL;
    s->live = false;
    s->retry_us = clock_mono_us() + AGAIN_US;
}

static enum err dial(struct watching *s)
{
    enum err e = s->w->connect(s->w->ctx, &s->client);
    return e == ERR_OK ? client_follow(s->client, s->after, &s->stream) : e;
}

/* An event whatever is a reason to read the list: what it says may have changed since. */
static enum err take_events(struct watching *s)
{
    struct sse_event event = {.data = BUF_INIT(SSE_MAX)};
    bool found = true;
    enum err e = ERR_OK;
    while (e == ERR_OK && found) {
        e = client_stream_next(s->stream, &found, &event);
        if (e == ERR_OK && found) {
            s->live = true;
            s->stale = true;
        }
    }
    if (client_stream_last(s->stream) >= 0)
        s->after = client_stream_last(s->stream);
    buf_free(&event.data);
    return e;
}

/* What he says about it stands where the screen was. */
static enum err ask_owner(struct watching *s)
{
    screen_close();
    enum err e = s->w->refused(s->w->ctx, s->client);
    enum err opened = screen_open();
    return e == ERR_OK ? opened : e;
}

/* What ends a stream and not the watching. */
static enum err may_go_on(struct watching *s, enum err e)
{
    if (e == ERR_EVENTS_GONE) {
        s->after = -1;
        s->stale = true;
        e = ERR_UNAVAILABLE;
    }
    if (e == ERR_TLS_REFUSED && s->client != NULL) {
        e = ask_owner(s);
        if (e != ERR_OK)
            return e;
        e = ERR_UNAVAILABLE;
    }
    if (!passes(e))
        return e;
    hang_up(s);
    return ERR_OK;
}

static enum err follow(struct watching *s)
{
    enum err e = ERR_OK;
    int64_t wait_us = s->retry_us - clock_mono_us();
    if (s->stream == NULL && wait_us > 0) {
        struct timeval tick = {.tv_usec = 100000};
        fd_set in;
        FD_ZERO(&in);
        FD_SET(STDIN_FILENO, &in);
        (void)select(STDIN_FILENO + 1, &in, NULL, NULL, &tick);
        return ERR_OK;
    }
    if (s->stream == NULL)
        e = dial(s);
    if (e == ERR_OK)
        e = client_stream_wait(s->stream, STDIN_FILENO, TICK_MS);
    if (e == ERR_OK)
        e = take_events(s);
    return e == ERR_OK ? e : may_go_on(s, e);
}

/* --- keys --------------------------------------------------------------------------------------*/

static enum err show(struct watching *s)
{
    struct pane *p = &s->item;
    if (s->list.selected >= s->list.count)
        return ERR_OK;
    buf_clear(&p->text);
    p->selected = p->top = p->left = 0;
    enum err e = s->w->show(s->w->ctx, s->list.item[s->list.selected], &p->text);
    if (e != ERR_OK) { /* it may just have gone */
        buf_clear(&p->text);
        e = buf_addf(&p->text, "%s: %s\n", err_name(e), err_info(e)->cause);
    }
    if (e == ERR_OK)
        e = pane_lines(p, 0, "");
    s->shows = e == ERR_OK;
    return e;
}

static enum err type(struct watching *s, int key)
{
    size_t len = strlen(s->filter);
    if (key == SCREEN_ENTER || key == SCREEN_ESCAPE)
        s->types = false;
    if (key == SCREEN_ESCAPE)
        s->filter[0] = '\0';
    else if (key == SCREEN_ERASE && len > 0)
        s->filter[len - 1] = '\0';
    else if (key >= ' ' && key < 127 && len < FILTER_MAX) {
        s->filter[len] = (char)key;
        s->filter[len + 1] = '\0';
    }
    return ERR_OK;
}

/* Of the item that is shown: nothing is marked there, it only moves. */
static void leaf(struct pane *p, int key)
{
    size_t rows = screen_rows();
    if ((key == SCREEN_DOWN || key == 'j' || key == SCREEN_PAGE_DOWN) &&
        p->selected < p->top + rows)
        p->selected = p->top + rows - 1;
    else if ((key == SCREEN_UP || key == 'k' || key == SCREEN_PAGE_UP) && p->selected > p->top)
        p->selected = p->top;
    pane_move(p, key);
}

static enum err press(struct watching *s, int key)
{
    if (key == SCREEN_QUIT) {
        s->over = true;
        return ERR_OK;
    }
    if (s->types)
        return type(s, key);
    if (s->shows && (key == 'q' || key == SCREEN_ESCAPE || key == SCREEN_ENTER))
        s->shows = false;
    else if (s->shows)
        leaf(&s->item, key);
    else if (key == 'q')
        s->over = true;
    else if (key == '/')
        s->types = true;
    else if (key == SCREEN_ESCAPE)
        s->filter[0] = '\0';
    else if (key == SCREEN_ENTER)
        return show(s);
    else if (s->w->key(s->w->ctx, key) || key == 'r')
        s->stale = true;
    else
        pane_move(&s->list, key);
    if (!s->shows)
        mark(s);
    return ERR_OK;
}

static enum err press_all(struct watching *s)
{
    enum err e = ERR_OK;
    for (int key = screen_key(); e == ERR_OK && !s->over && key != SCREEN_NONE;
         key = screen_key()) {
        e = press(s, key);
        if (e == ERR_OK && !s->shows)
            e = render(s);
    }
    return e;
}

/* --- the page ----------------------------------------------------------------------------------*/

static void draw(struct watching *s)
{
    struct pane *p = s->shows ? &s->item : &s->list;
    char state[STATE_MAX], foot[FOOT_MAX], heads[1024] = "";
    const char *text = buf_str(&s->list.text);
    if (!s->shows)
        (void)snprintf(heads, sizeof heads, "%.*s", (int)strcspn(text, "\n"), text);
    (void)snprintf(state, sizeof state, "%zu%s%s  %s", s->list.count,
                   s->filter[0] != '\0' ? " with " : "", s->filter,
                   s->live && !s->stale ? "live" : "NO CONNECTION");
    if (s->types)
        (void)snprintf(foot, sizeof foot, "/%s_  Enter: keep  Esc: all", s->filter);
    else if (s->shows)
        (void)snprintf(foot, sizeof foot, "q: back  arrows: move");
    else
        (void)snprintf(foot, sizeof foot, "q: quit  Enter: show  /: filter  %s", s->w->keys);
    pane_scroll(p);
    screen_draw(&(struct screen_page){.title = s->w->title,
                                      .state = state,
                                      .heads = heads,
                                      .lines = p->lines,
                                      .count = p->count,
                                      .selected = s->shows ? p->count : p->selected,
                                      .top = p->top,
                                      .left = p->left,
                                      .foot = foot});
}

enum err watch_run(const struct watch *w)
{
    struct watching s = {.w = w, .after = -1};
    s.list.text = (struct buf)BUF_INIT(CLIENT_ANSWER_MAX * 2);
    s.item.text = (struct buf)BUF_INIT(CLIENT_ANSWER_MAX * 2);
    enum err e = screen_open();
    if (e == ERR_OK)
        e = render(&s);
    mark(&s);
    while (e == ERR_OK && !s.over) {
        draw(&s);
        e = follow(&s);
        if (e == ERR_OK && s.stale && s.stream != NULL)
            e = read_list(&s);
        if (e == ERR_OK)
            e = render(&s);
        if (e == ERR_OK)
            e = press_all(&s);
    }
    hang_up(&s);
    screen_close();
    pane_free(&s.list);
    pane_free(&s.item);
    return e;
}
