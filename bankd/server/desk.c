/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/desk.h"

static struct core_word word_of(const struct job *j)
{
    return (struct core_word){j->match.param[0], j->match.param[1], j->body.word.note,
                              j->body.word.entry};
}

enum err desk_release(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct core_word word = word_of(j);
    return core_order_release(b->core, &who, &word, &j->answer);
}

enum err desk_refuse(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct core_word word = word_of(j);
    return core_order_refuse(b->core, &who, &word, &j->answer);
}

enum err desk_hold(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct core_word word = word_of(j);
    return core_order_hold(b->core, &who, &word, &j->answer);
}

enum err desk_claim(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_claim *r = &j->body.claim;
    return core_claim(b->core, &who, r->item, r->operator_id[0] ? r->operator_id : NULL, r->note,
                      &j->answer);
}

enum err desk_give_back(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_claim *r = &j->body.claim;
    return core_claim(b->core, &who, r->item, "", r->note, &j->answer);
}

enum err desk_comment(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_comment *r = &j->body.comment;
    return core_comment(b->core, &who, r->item, r->text, &j->answer);
}

enum err desk_queue(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    return core_queue(b->core, &who, j->query.waiting, &page, &j->answer);
}

enum err desk_confirm(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct core_word word = word_of(j);
    return core_order_confirm(b->core, &who, &word, &j->answer);
}

enum err desk_return(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_return *r = &j->body.returned;
    const struct core_word word = {j->match.param[0], j->match.param[1], r->note, r->entry};
    return core_order_return(b->core, &who, &word, r->reason, &j->answer);
}

enum err desk_credit(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_credit *r = &j->body.credit;
    const struct core_credit in = {.reference = r->reference,
                                   .account = r->account,
                                   .amount = r->amount,
                                   .currency = r->currency,
                                   .debtor_account = r->debtor_account,
                                   .debtor_name = r->debtor_name,
                                   .description = r->description};

    return core_credit(b->core, &who, &in, &j->answer);
}

enum err desk_assign(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_assign *r = &j->body.assign;
    return core_credit_assign(b->core, &who, j->match.param[0], r->account, r->note, &j->answer);
}

enum err desk_credit_return(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_credit_return(b->core, &who, j->match.param[0], j->body.note.note, &j->answer);
}
