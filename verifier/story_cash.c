/* SPDX-License-Identifier: Apache-2.0
 *
 * How a cash order begins: by its terminal's statement, and by nothing else.
 */
#include "verifier/story_body.h"

#include <string.h>

static enum err check_document(const struct story *s, const struct body *b)
{
    return story_contradiction_unless(s->order.kind != ORDER_PAYMENT &&
                                      b->leaf->time_us <= s->order.expires_us);
}

/* The key is the one that the bank enrolled for this terminal. */
static enum err note_terminal(struct story *s, const struct body *b, const struct verified *v)
{
    const struct enrolled *en = story_keys_find(s, verified_signer(v));

    if (en->kind != STORY_TERMINAL || strcmp(en->holder, s->order.terminal) != 0)
        return ERR_EVIDENCE_CONTRADICTION;
    return story_order_note(s, b, v, VERB_SUBMIT);
}

static enum err take_statement(struct story *s, const struct body *b, const struct js *statement)
{
    struct verify_terminal_input in = {
        .bank = s->subject.bank, .order = &s->order, .keys = {story_find_key, s}};
    struct verified *v = NULL;
    enum err e;

    in.jws = js_text(statement, &in.jws_len);
    e = verify_terminal(&in, &v);
    if (e == ERR_OK)
        e = note_terminal(s, b, v);
    verified_free(v);
    return e;
}

/* What comes in needs nobody's approval; what goes out has none yet. */
static enum status first_status(const struct story *s)
{
    return s->order.kind == ORDER_DEPOSIT ? STATUS_ACCP : STATUS_ACTC;
}

enum err story_cash(struct story *s, struct body *b)
{
    static const enum status allowed[] = {STATUS_RCVD, STATUS_ACTC, STATUS_ACCP, STATUS_NONE};
    const struct js *document, *statement, *status, *terminal;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_OBJECT("document", true, &document),
                                      MEMBER_TEXT("statement", true, &statement),
                                      MEMBER_ARRAY("status", 0, STORY_STEPS_MAX, &status),
                                      MEMBER_TEXT("terminal", true, &terminal)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_order_link(s, b);
    if (e == ERR_OK)
        e = story_order_document(s, b, document);
    if (e == ERR_OK)
        e = check_document(s, b);
    if (e == ERR_OK)
        e = take_statement(s, b, statement);
    if (e == ERR_OK)
        e = story_contradiction_unless(story_text_is(terminal, s->order.terminal));
    if (e == ERR_OK)
        e = story_order_walk(s, b, status, allowed);
    return e == ERR_OK ? story_contradiction_unless(s->status == first_status(s)) : e;
}
