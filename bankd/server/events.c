/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/events.h"

#include <inttypes.h>
#include <string.h>

#define EVENTS_STEP 200  /* of one look */
#define EVENTS_SPAN 1000 /* entries of one look, whosever */

/* A new stream is told where it begins, so that it can always go on from somewhere. */
static enum err open_stream(const struct bank *b, struct job *j, const struct core_events *events)
{
    struct core_caller who = job_caller(j);
    struct buf first = {0};

    enum err e = followers_take(b->followers, events->who, who.operator_name != NULL);
    if (e) {
        core_answer_free(&j->answer);
        return core_refuse(b->core, &who, e, NULL, &j->answer);
    }
    j->follow.counted = true;
    memccpy(j->follow.who, events->who, 0, FOLLOW_WHO_MAX);
    e = buf_addf(&first, "retry: 2000\n\nevent: open\nid: %" PRId64 "\ndata: {}\n\n",
                 events->after >= 0 ? events->after : events->until);
    if (!e)
        e = buf_add(&first, j->answer.body.data, j->answer.body.len);
    buf_free(&j->answer.body);
    j->answer.body = first;
    return e;
}

/* Each look ends with where it has come to. */
enum err events_apply(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_events events = {.after = j->query.has_after ? (int64_t)j->query.after : -1,
                                 .until = (int64_t)note_size(b->note) - 1,
                                 .limit = EVENTS_STEP,
                                 .span = EVENTS_SPAN};

    if (j->follow.open)
        events.after = j->follow.reached;
    enum err e = core_events(b->core, &who, &events, &j->answer);
    if (!e && !j->answer.err && !j->follow.open)
        e = open_stream(b, j, &events);
    if (e || j->answer.err)
        return e;
    j->follow.reached = events.reached;
    return buf_addf(&j->answer.body, ": here\nid: %" PRId64 "\n\n", events.reached);
}
