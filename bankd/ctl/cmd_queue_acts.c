/* SPDX-License-Identifier: Apache-2.0
 *
 * queue claim, hand-over, give-back, comment, release, hold, reject: what an operator does about
 * one item or many. The total is shown first; who says yes says it once, with one PIN, and of what
 * he saw: what changed meanwhile the bank refuses.
 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/select.h"
#include "base/progress.h"
#include "base/text.h"
#include "order/flag.h"
#include <stdio.h>
#include <string.h>

/* --- what is asked of the bank --- */

struct deed {
    enum route route;
    const char *question, *working, *done;
    bool orders; /* is for orders only */
    enum err (*body)(struct ctl *ctl, const struct js *item, struct buf *out);
};

static enum err word_body(struct ctl *ctl, const struct js *item, struct buf *out)
{
    struct request_word r = {.entry = js_int(js_get(item, "entry"))};
    enum err e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    return e == ERR_OK ? request_word_make(&r, out) : e;
}

/* TO NULL: for nobody by name. */
static enum err claim_body(struct ctl *ctl, const struct js *item, const char *to, struct buf *out)
{
    struct request_claim r = {.note = ""};
    enum err e = ctl_take(ctl, "item", js_member_text(item, "item"), r.item, sizeof r.item);
    if (e == ERR_OK)
        e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK && to != NULL)
        e = ctl_take(ctl, "to", to, r.operator_id, sizeof r.operator_id);
    return e == ERR_OK ? request_claim_make(&r, out) : e;
}

static enum err own_body(struct ctl *ctl, const struct js *item, struct buf *out)
{
    return claim_body(ctl, item, NULL, out);
}

static enum err other_body(struct ctl *ctl, const struct js *item, struct buf *out)
{
    return claim_body(ctl, item, ctl->to, out);
}

static enum err comment_body(struct ctl *ctl, const struct js *item, struct buf *out)
{
    struct request_comment r = {.text = ""};
    enum err e = ctl_take(ctl, "item", js_member_text(item, "item"), r.item, sizeof r.item);
    if (e == ERR_OK)
        e = ctl_take(ctl, "text", ctl->text, r.text, sizeof r.text);
    return e == ERR_OK ? request_comment_make(&r, out) : e;
}

static const struct deed claims = {ROUTE_CLAIM, "Claim", "Claiming", "claimed", false, own_body};
static const struct deed hand_over = {ROUTE_CLAIM,   "Hand over", "Handing over",
                                      "handed over", false,       other_body};
static const struct deed give_back = {ROUTE_GIVE_BACK, "Give back", "Giving back",
                                      "given back",    false,       own_body};
static const struct deed comment = {ROUTE_COMMENT, "Comment on", "Commenting",
                                    "noted",       false,        comment_body};
static const struct deed release = {ROUTE_RELEASE, "Release", "Releasing", NULL, true, word_body};
static const struct deed hold = {ROUTE_HOLD, "Hold", "Holding", NULL, true, word_body};
static const struct deed reject = {ROUTE_REFUSE, "Reject", "Rejecting", NULL, true, word_body};

/* --- one --- */

/* An order's own route has it in its path. */
static enum err ask(struct ctl *ctl, const struct deed *d, const struct js *item,
                    struct js **answer)
{
    struct buf body = BUF_INIT(0);
    struct client_call call = {.route = d->route};
    if (d->orders && !select_is_order(item))
        return ctl_fail(ctl, ERR_ORDER_NOT_HELD, "it is no order");
    enum err e = d->body(ctl, item, &body);
    if (d->orders) {
        call.param[0] = js_member_text(item, "account");
        call.param[1] = js_member_text(item, "id");
    }
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = ctl_call(ctl, &call, answer);
    buf_free(&body);
    return e;
}

/* What became of one: SAID, and WHY or "", or what the bank answered. */
struct outcome {
    const char *name;
    enum err said;
    const char *why;
    const struct js *answer;
};

static enum err set_tame(struct js *object, const char *name, const char *text)
{
    struct buf tame = BUF_INIT(0);
    enum err e = text_tame_add(&tame, text, strlen(text));
    if (e == ERR_OK)
        e = js_set_text(object, name, buf_str(&tame));
    buf_free(&tame);
    return e;
}

static enum err set_answer(struct js *object, const struct js *answer)
{
    struct js *copy = NULL;
    enum err e = js_copy(answer, &copy);
    return e == ERR_OK ? js_set(object, "answer", copy) : e;
}

/* {"answer":...,"item":...} or {"detail":...,"error":...,"item":...} */
static enum err add_json(const struct outcome *o, struct buf *lines)
{
    struct js *line = NULL;
    enum err e = js_object_new(&line);
    if (e == ERR_OK)
        e = set_tame(line, "item", o->name);
    if (e == ERR_OK && o->said == ERR_OK)
        e = set_answer(line, o->answer);
    if (e == ERR_OK && o->said != ERR_OK)
        e = js_set_text(line, "error", err_name(o->said));
    if (e == ERR_OK && o->said != ERR_OK && o->why[0] != '\0')
        e = set_tame(line, "detail", o->why);
    if (e == ERR_OK)
        e = js_canon(line, lines);
    js_free(line);
    return e;
}

/* What the bank says goes to a terminal. */
static enum err add_text(const struct outcome *o, const struct deed *d, struct buf *lines)
{
    struct buf line = BUF_INIT(0);
    enum err e = o->said != ERR_OK
                     ? buf_addf(&line, "%s  refused: %s%s%s", o->name, err_name(o->said),
                                o->why[0] != '\0' ? ", " : "", o->why)
                     : buf_addf(&line, "%s  %s", o->name,
                                d->done != NULL ? d->done : js_member_text(o->answer, "status"));
    if (e == ERR_OK)
        e = text_tame_add(lines, buf_str(&line), line.len);
    buf_free(&line);
    return e;
}

static enum err add_line(const struct ctl *ctl, const struct outcome *o, const struct deed *d,
                         struct buf *lines)
{
    enum err e = ctl->json ? add_json(o, lines) : add_text(o, d, lines);
    return e == ERR_OK ? buf_add_byte(lines, '\n') : e;
}

/* --- all of them --- */

struct run {
    const struct deed *deed;
    struct buf lines;
    size_t refused;
};

static void one(struct ctl *ctl, struct run *r, const struct js *item, enum err *e)
{
    struct js *answer = NULL;
    ctl->detail[0] = '\0';
    enum err said = ask(ctl, r->deed, item, &answer);
    if (said == ERR_OK || err_info(said)->exit == EXIT_REFUSED) {
        const struct outcome o = {js_member_text(item, "item"), said, ctl->detail, answer};
        r->refused += said != ERR_OK;
        *e = add_line(ctl, &o, r->deed, &r->lines);
        buf_free(&ctl->problem);
    } else {
        *e = said; /* the bank or the token is gone: the rest would fare alike */
    }
    js_free(answer);
}

static enum err absent(struct ctl *ctl, struct run *r, const struct args_list *names)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < names->count; i++) {
        const struct outcome o = {names->item[i], ERR_NOT_FOUND,
                                  "not one item of the queue has this name", NULL};
        r->refused++;
        e = add_line(ctl, &o, r->deed, &r->lines);
    }
    return e;
}

static enum err all(struct ctl *ctl, struct run *r, const struct js *items)
{
    struct progress bar;
    enum err e = ERR_OK;
    progress_start(&bar, r->deed->working, js_count(items));
    for (size_t i = 0; e == ERR_OK && i < js_count(items); i++) {
        one(ctl, r, js_at(items, i), &e);
        progress_set(&bar, i + 1);
    }
    progress_end(&bar);
    return e;
}

static enum err choose(struct ctl *ctl, const struct args_list *words, const struct deed *d,
                       struct js **out, struct args_list *missing)
{
    const struct select_wish wish = {words, ctl->account, ctl->flag, ctl->by, d->orders};
    struct client_call call = {.route = ROUTE_QUEUE};
    struct js *list = NULL;
    enum waits waiting = WAITS_ANY;
    char query[40];
    enum err e = ctl->account != NULL ? ctl_check_account(ctl) : ERR_OK;
    if (e == ERR_OK && words->count == 0 && ctl->waiting == NULL && ctl->account == NULL &&
        ctl->flag == NULL && ctl->by == NULL)
        e = ctl_fail(ctl, ERR_USAGE, "name items, or choose them by an option");
    if (e == ERR_OK && ctl->flag != NULL &&
        flag_from_name(ctl->flag, strlen(ctl->flag)) == FLAG_COUNT)
        e = ctl_fail(ctl, ERR_USAGE, "--flag is none that docs/LIFE.md lists");
    if (e == ERR_OK)
        e = ctl_waiting(ctl, &waiting);
    (void)snprintf(query, sizeof query, "waiting=%s", waits_name(waiting));
    call.query = waiting != WAITS_ANY ? query : NULL;
    if (e == ERR_OK)
        e = ctl_list(ctl, &call, "items", &list);
    if (e == ERR_OK)
        e = select_items(js_get(list, "items"), &wish, out, missing);
    js_free(list);
    return e;
}

/* Beside what scripts read, so on standard error. */
static enum err confirm(struct ctl *ctl, const struct deed *d, const struct js *items)
{
    struct buf total = BUF_INIT(0);
    char question[64];
    enum err e = select_total(items, &total);
    if (e == ERR_OK) {
        fputs(buf_str(&total), stderr);
        (void)snprintf(question, sizeof question, "%s %s?", d->question,
                       js_count(items) == 1 ? "it" : "all of them");
        e = app_confirm(&app_main, question);
    }
    if (e != ERR_OK && app_main.message[0] != '\0')
        e = ctl_fail(ctl, e, "%s", app_main.message);
    buf_free(&total);
    return e;
}

static enum err run(struct ctl *ctl, const struct args_list *words, const struct deed *d)
{
    struct run r = {.deed = d, .lines = BUF_INIT(APP_PRINT_MAX)};
    struct args_list missing = {.count = 0};
    struct buf probe = BUF_INIT(0);
    struct js *items = NULL;
    enum err e = choose(ctl, words, d, &items, &missing);
    if (e == ERR_OK)
        e = absent(ctl, &r, &missing);
    if (e == ERR_OK && js_count(items) > 0) {
        e = d->body(ctl, js_at(items, 0), &probe); /* what is missing is said before it is asked */
        if (e == ERR_OK)
            e = confirm(ctl, d, items);
        ctl->shown = true;
        if (e == ERR_OK)
            e = all(ctl, &r, items);
    } else if (e == ERR_OK && !ctl->json && missing.count == 0) {
        e = buf_add_str(&r.lines, CTL_NONE);
    }
    fputs(buf_str(&r.lines), stdout);
    ctl->found = r.refused > 0 ? EXIT_REFUSED : EXIT_DONE;
    buf_free(&r.lines);
    buf_free(&probe);
    js_free(items);
    return e;
}

enum err cmd_queue_claim(void *ctx, const struct args_list *words)
{
    return run(ctx, words, &claims);
}

enum err cmd_queue_hand_over(void *ctx, const struct args_list *words)
{
    return run(ctx, words, &hand_over);
}

enum err cmd_queue_give_back(void *ctx, const struct args_list *words)
{
    return run(ctx, words, &give_back);
}

enum err cmd_queue_comment(void *ctx, const struct args_list *words)
{
    return run(ctx, words, &comment);
}

enum err cmd_queue_release(void *ctx, const struct args_list *words)
{
    return run(ctx, words, &release);
}

enum err cmd_queue_hold(void *ctx, const struct args_list *words)
{
    return run(ctx, words, &hold);
}

enum err cmd_queue_reject(void *ctx, const struct args_list *words)
{
    return run(ctx, words, &reject);
}
