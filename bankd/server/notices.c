/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/notices.h"

enum err notices_prepare_contact(const struct bank *b, struct job *j)
{
    (void)b;
    return request_contact_read(j->in.data + j->body_at, j->body_len, &j->body.contact);
}

enum err notices_prepare_courier(const struct bank *b, struct job *j)
{
    (void)b;
    return request_courier_read(j->in.data + j->body_at, j->body_len, &j->body.courier);
}

enum err notices_contact(const struct bank *b, struct job *j)
{
    const struct request_contact *r = &j->body.contact;
    const struct core_contact to = {r->email, r->webhook, r->language};
    struct core_caller who = job_caller(j);

    return core_contact_set(b->core, &who, &to, &j->answer);
}

enum err notices_prepare_code(const struct bank *b, struct job *j)
{
    (void)b;
    return request_contact_code_read(j->in.data + j->body_at, j->body_len, &j->body.contact_code);
}

enum err notices_confirm(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);

    return core_contact_confirm(b->core, &who, j->body.contact_code.code, &j->answer);
}

enum err notices_where(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);

    return core_contact(b->core, &who, &j->answer);
}

enum err notices_retry(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);

    return core_notice_retry(b->core, &who, j->match.param[0], j->body.note.note, &j->answer);
}

enum err notices_courier(const struct bank *b, struct job *j)
{
    static const enum core_outcome outcomes[] = {[REQUEST_CARRIED] = CORE_CARRIED,
                                                 [REQUEST_FAILED] = CORE_FAILED,
                                                 [REQUEST_UNWANTED] = CORE_UNWANTED};
    const struct request_courier *r = &j->body.courier;
    struct core_carried carried[REQUEST_CARRIED_MAX];

    for (size_t i = 0; i < r->count; i++) {
        const struct request_carried *one = &r->carried[i];
        carried[i] =
            (struct core_carried){one->notice, one->error, outcomes[one->outcome], one->jitter};
    }
    return core_courier(b->core, carried, r->count, &j->answer);
}
