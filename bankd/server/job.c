/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/job.h"
#include "api/problem.h"
#include "base/log.h"

#include <stdlib.h>

enum err job_new(struct job **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? ERR_OK : ERR_NO_MEMORY;
}

void job_free(struct job *j)
{
    if (!j)
        return;
    job_clear(j);
    buf_free(&j->in);
    free(j);
}

void job_clear(struct job *j)
{
    request_decide_free(&j->decide);
    request_account_free(&j->account);
    request_policy_free(&j->policy);
    request_application_free(&j->application);
    verified_free(j->verified);
    core_answer_free(&j->answer);
    j->verified = NULL;
    j->err = ERR_OK;
    j->match = (struct route_match){0};
    j->routed = false;
    j->type = NULL;
    j->query = (struct request_query){0};
    j->follow = (struct follow){0};
    j->network[0] = j->session[0] = 0;
    j->certified_until_us = 0;
    j->operator_name[0] = j->path[0] = j->once[0] = 0;
    j->console = j->by_operator = j->unheard = false;
    j->roles = 0;
    j->act = 0;
    j->payee_check[0] = 0;
}

struct core_caller job_caller(const struct job *j)
{
    return (struct core_caller){
        .address = j->network,
        .session = j->session,
        .certified_until_us = j->certified_until_us,
        .operator_name = j->operator_name[0] ? j->operator_name : NULL,
        .roles = j->roles,
        .console = j->console,
        .act = j->act,
    };
}

struct core_page job_page(const struct job *j)
{
    return (struct core_page){.cursor = j->query.cursor, .limit = j->query.limit};
}

void job_refuse(struct job *j, enum err e)
{
    core_answer_free(&j->answer);
    j->answer = (struct core_answer){.err = e, .http = err_info(e)->http};
    j->type = NULL;
    if (problem_body(e, NULL, &j->answer.body))
        log_event(LOG_WARN, "bankd.answer", "no memory for the text of %s", err_name(e));
}

void job_list_add(struct job_list *l, struct job *j)
{
    j->next = NULL;
    if (l->last)
        l->last->next = j;
    else
        l->first = j;
    l->last = j;
    l->count++;
}

struct job *job_list_take(struct job_list *l)
{
    struct job *j = l->first;

    if (!j)
        return NULL;
    l->first = j->next;
    if (!l->first)
        l->last = NULL;
    l->count--;
    j->next = NULL;
    return j;
}

void job_list_move(struct job_list *l, struct job_list *from)
{
    if (!from->first)
        return;
    if (l->last)
        l->last->next = from->first;
    else
        l->first = from->first;
    l->last = from->last;
    l->count += from->count;
    *from = (struct job_list){0};
}
