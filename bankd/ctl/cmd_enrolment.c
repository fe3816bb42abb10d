/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to be enrolled. The operator has the person's letter before him: its thumbprint is typed
 * from the paper, never taken from the request.
 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/sponsors.h"
#include "bankd/ctl/table.h"
#include "order/enrolment.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LETTER_LINE_MAX 700
#define WANTED_MAX 96

/* Member `sponsored` of ROW: in a word each, who vouches for it. */
static enum err add_sponsors(struct js *row)
{
    const struct js *all = js_get(row, "sponsorships");
    struct js *list = NULL;
    enum err e = js_array_new(&list);
    for (size_t i = 0; e == ERR_OK && i < js_count(all); i++) {
        char word[SPONSORS_WORD_MAX];
        sponsors_word(js_at(all, i), word);
        e = js_push_text(list, word);
    }
    if (e == ERR_OK)
        return js_set(row, "sponsored", list);
    js_free(list);
    return e;
}

/* Member `becomes` of ROW: who he says that he is, and whether that is somebody. */
static enum err add_wanted(struct js *row)
{
    const struct js *keys = js_get(row, "wantedKeys");
    char word[WANTED_MAX];
    if (js_get(row, "wanted") == NULL)
        return ERR_OK;
    (void)snprintf(word, sizeof word, keys ? "%s:a-person-here" : "%s",
                   js_member_text(row, "wanted"));
    return js_set_text(row, "becomes", word);
}

/* The requests, each with the words on it; only who is said to have any is asked about. */
static enum err make_rows(struct ctl *ctl, const struct js *requests, struct js **out)
{
    struct js *list = NULL;
    enum err e = js_array_new(&list);
    for (size_t i = 0; e == ERR_OK && i < js_count(requests); i++) {
        struct js *row = NULL;
        e = js_copy(js_at(requests, i), &row);
        if (e == ERR_OK && js_get(row, "sponsors") != NULL)
            e = sponsors_add(ctl, row);
        if (e == ERR_OK && !ctl->json)
            e = add_sponsors(row);
        if (e == ERR_OK && !ctl->json)
            e = add_wanted(row);
        if (e == ERR_OK)
            e = js_push(list, row);
        else
            js_free(row);
    }
    if (e == ERR_OK)
        e = js_object_new(out);
    if (e == ERR_OK)
        return js_set(*out, "enrolments", list);
    js_free(list);
    return e;
}

enum err cmd_enrolment_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"ENROLMENT", "enrolment", false}, {"NAME", "name", false},
        {"WANTS TO BE", "becomes", false}, {"RECEIVED", "received", false},
        {"EXPIRES", "expires", false},     {"SPONSORS", "sponsored", false},
    };
    const struct client_call call = {.route = ROUTE_ENROLMENTS};
    struct js *told = NULL, *rows = NULL;
    (void)words;
    enum err e = ctl_list(ctx, &call, "enrolments", &told);
    if (e == ERR_OK)
        e = make_rows(ctx, js_get(told, "enrolments"), &rows);
    if (e == ERR_OK)
        e = ((struct ctl *)ctx)->json ? app_print_json(rows)
                                      : ctl_print_table(js_get(rows, "enrolments"), columns,
                                                        sizeof columns / sizeof columns[0]);
    js_free(told);
    js_free(rows);
    return e;
}

/* Nothing else may stand in a path. */
static enum err take_request(struct ctl *ctl, const struct args_list *words,
                             struct client_call *call)
{
    call->param[0] = words->item[0];
    if (forms_thumbprint(words->item[0], strlen(words->item[0])) != ERR_OK)
        return ctl_fail(ctl, ERR_USAGE, "%s is no request, as bankctl enrolment list shows them",
                        words->item[0]);
    return ERR_OK;
}

static void line(const char *label, const char *value)
{
    if (value[0] == '\0')
        return;
    printf("%-14s", label);
    app_print_safe(stdout, value);
    putchar('\n');
}

/* Whether that is somebody: to admit him is then to let another key sign for that person. */
static void print_wanted(const struct js *told)
{
    const struct js *keys = js_get(told, "wantedKeys");
    const char *wanted = js_member_text(told, "wanted");
    line("Wants to be", wanted);
    if (wanted[0] == '\0' || strcmp(js_member_text(told, "status"), "waiting") != 0)
        return;
    printf("%-14s", "");
    if (keys == NULL)
        puts("nobody here has this short name");
    else
        printf("a person here, with %" PRId64 " active key%s; who brings the letter must be that "
               "person (admit --another)\n",
               js_int(keys), js_int(keys) == 1 ? "" : "s");
}

/* No thumbprint among it: it is the letter's to say. */
static void print_request(const struct js *told)
{
    const struct js *keys = js_get(told, "keys");

    line("Enrolment", js_member_text(told, "enrolment"));
    line("Status", js_member_text(told, "status"));
    line("Note", js_member_text(told, "note"));
    line("Name", js_member_text(told, "name"));
    print_wanted(told);
    line("Is", js_member_text(told, "holder"));
    line("Received", js_member_text(told, "received"));
    line("Expires", js_member_text(told, "expires"));
    for (size_t use = KEY_USE_AUTHENTICATE; use < KEY_USES; use++)
        line(use == KEY_USE_DERIVE ? "To encrypt to" : "For TLS",
             js_member_text(keys, key_use_name((enum key_use)use)));
}

/* What each signed, and whether it is so. */
static void print_sponsors(const struct js *told)
{
    const struct js *all = js_get(told, "sponsorships");
    for (size_t i = 0; i < js_count(all); i++) {
        const struct js *one = js_at(all, i);
        const char *verdict = js_member_text(one, "verdict");
        bool proved = strcmp(verdict, err_name(ERR_OK)) == 0;
        printf("%-14s", "Sponsor");
        app_print_safe(stdout, js_member_text(one, "holder"));
        fputs(", holder of ", stdout);
        app_print_safe(stdout, js_member_text(one, "account"));
        if (!proved)
            printf(": NOT PROVED: %s\n", verdict);
        else
            puts(js_bool(js_get(one, "counts"))
                     ? ": signed for this key and name"
                     : ": signed, but it does not count any more: his key or his right is gone");
    }
}

static enum err print_told(const struct ctl *ctl, const struct js *told)
{
    if (ctl->json)
        return app_print_json(told);
    print_request(told);
    print_sponsors(told);
    return ERR_OK;
}

enum err cmd_enrolment_show(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct client_call call = {.route = ROUTE_ENROLMENT};
    struct js *told = NULL;
    enum err e = take_request(ctl, words, &call);
    if (e == ERR_OK)
        e = ctl_call(ctl, &call, &told);
    if (e == ERR_OK)
        e = sponsors_add(ctl, told);
    if (e == ERR_OK)
        e = print_told(ctl, told);
    js_free(told);
    return e;
}

/* An option's VALUE or what is typed at the terminal, without its end. */
static enum err read_letter_line(struct ctl *ctl, const char *option, const char *value,
                                 char typed[static LETTER_LINE_MAX])
{
    if (value != NULL)
        return ctl_take(ctl, option, value, typed, LETTER_LINE_MAX);
    fprintf(stderr, "The new holder's %s, from the person's letter: ", option);
    if (fgets(typed, LETTER_LINE_MAX, stdin) == NULL)
        return ctl_fail(ctl, ERR_NOT_CONFIRMED, "no %s was typed", option);
    typed[strcspn(typed, "\r\n")] = '\0';
    return ERR_OK;
}

/* The groups of the letter are for the eye. */
static enum err read_thumbprint(struct ctl *ctl, char out[static KEY_THUMBPRINT_LEN + 1])
{
    char typed[LETTER_LINE_MAX];
    size_t len = 0;
    enum err e = read_letter_line(ctl, "thumbprint", ctl->thumbprint, typed);
    if (e != ERR_OK)
        return e;
    for (const char *text = typed; *text != '\0'; text++) {
        if (strchr(" \t", *text) == NULL && len++ < KEY_THUMBPRINT_LEN)
            out[len - 1] = *text;
    }
    out[len <= KEY_THUMBPRINT_LEN ? len : 0] = '\0';
    return forms_thumbprint(out, strlen(out)) == ERR_OK
               ? ERR_OK
               : ctl_fail(ctl, ERR_USAGE, "a thumbprint has %d characters, in groups or not",
                          KEY_THUMBPRINT_LEN);
}

static enum err read_name(struct ctl *ctl, char *out, size_t cap)
{
    char typed[LETTER_LINE_MAX];
    enum err e = read_letter_line(ctl, "name", ctl->name, typed);
    return e == ERR_OK ? ctl_take(ctl, "name", typed, out, cap) : e;
}

/* What the bank makes of the word in BODY, which E says was made; frees BODY. */
static enum err decide(struct ctl *ctl, enum err e, enum route route, const struct args_list *words,
                       struct buf *body)
{
    struct client_call call = {.route = route, .body = body->data, .body_len = body->len};
    struct js *told = NULL;
    if (e == ERR_OK)
        e = take_request(ctl, words, &call);
    if (e == ERR_OK)
        e = ctl_call(ctl, &call, &told);
    if (e == ERR_OK)
        e = print_told(ctl, told);
    js_free(told);
    buf_free(body);
    return e;
}

enum err cmd_enrolment_admit(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_admission r = {.holder = ""};
    struct buf body = BUF_INIT(0);
    enum err e = ctl_take(ctl, "id", ctl->id, r.holder, sizeof r.holder);
    if (e == ERR_OK)
        e = read_name(ctl, r.name, sizeof r.name);
    if (e == ERR_OK)
        e = read_thumbprint(ctl, r.thumbprint);
    r.another = ctl->another;
    if (e == ERR_OK)
        e = request_admission_make(&r, &body);
    return decide(ctl, e, ROUTE_ENROLMENT_ADMIT, words, &body);
}

enum err cmd_enrolment_refuse(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_note r = {.note = ""};
    struct buf body = BUF_INIT(0);
    enum err e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = request_note_make(&r, &body);
    return decide(ctl, e, ROUTE_ENROLMENT_REFUSE, words, &body);
}
