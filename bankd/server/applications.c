/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/applications.h"

enum err applications_apply(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);

    return core_apply(b->core, &who, j->verified, &j->application.application, &j->answer);
}

enum err applications_admit(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);

    return core_application_admit(b->core, &who, j->match.param[0], j->body.opening.account,
                                  &j->answer);
}

enum err applications_refuse(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);

    return core_application_refuse(b->core, &who, j->match.param[0], j->body.note.note, &j->answer);
}
