/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/committer.h"
#include "bankd/server/certify.h"
#include "bankd/server/queue.h"
#include "bankd/server/watch.h"
#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_US INT64_C(1000000)  /* how often it looks for what time demands */
#define LOOK_ORDERS 64            /* at most so many orders in one transaction */
#define AGAIN_US INT64_C(5000000) /* when it asks the keeper again, or tells it again */
/* Who comes too late waits for the whole of a batch, and costs another signature of the keeper. */
static const struct queue_patience patience = {.hold_us = 20000, .quiet_us = 2000};

struct committer {
    struct committer_options o;
    struct queue *queue;
    uint64_t stored_size; /* of the newest checkpoint in the database; only ever too small */
    bool failing;         /* the last batch could not be committed */
    bool insane;          /* the clock contradicted the log */
    struct watch watch;
    int64_t look_us;    /* when it looks again, monotonic */
    int64_t refresh_us; /* when it asks the keeper for the bank's keys again, unless told before */
    int64_t repeat_us;  /* when it tells the keeper again of keys that count no more */
    pthread_t thread;
    pthread_mutex_t mail_lock;
    bool has_mail; /* under MAIL_LOCK, as is what follows */
    struct committer_change mail;
    bool refresh;
};

/* What holds for a whole batch. */
struct mood {
    bool frozen; /* the committed head is not signed: nothing new may enter */
    bool insane; /* the clock contradicts the log: nothing but clock-accept may enter */
};

/* --- who asks ----------------------------------------------------------------------------------*/

static void become(struct job *j, const struct core_operator *as)
{
    _Static_assert(sizeof as->name <= sizeof j->operator_name, "an operator's name fits");
    memcpy(j->operator_name, as->name, sizeof as->name);
    j->roles = as->roles;
    j->act = as->act;
}

/* Whom the route's table lets ask besides holders, and who he is. What is not let in has its answer
 * afterwards. */
static enum err admit(const struct bank *b, struct job *j)
{
    const struct route_info *info = route_info(j->match.route);
    struct core_caller who = job_caller(j);
    struct core_operator as;

    if (j->console)
        return route_is_act(j->match.route) ? core_console(b->core, &who, &j->answer) : ERR_OK;
    bool signed_act = j->path[0] && !j->err; /* core_act asks for its signer's roles */
    if (!info->roles || !j->session[0] || signed_act)
        return ERR_OK;
    enum err e =
        core_operator(b->core, &who, info->roles, info->callers & CALLER_HOLDER, &as, &j->answer);
    if (!e && as.name[0] && !route_is_act(j->match.route))
        become(j, &as);
    return e;
}

struct acting {
    const struct bank *b;
    struct job *j;
};

static enum err run_act(void *ctx, const struct core_operator *as, struct core_answer *out)
{
    const struct acting *a = ctx;

    (void)out; /* the job's own */
    become(a->j, as);
    return handler_apply(a->b, a->j);
}

static enum err apply_act(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct acting a = {b, j};

    return core_act(b->core, &who, j->verified, route_info(j->match.route)->roles, run_act, &a,
                    &j->answer);
}

/* --- one request -------------------------------------------------------------------------------*/

/* What a worker refused. On a route that needs a session its absence comes first, as it does for
 * what the core judges: a stranger learns nothing about a document. */
static enum err refuse(const struct bank *b, struct job *j, const struct core_caller *who)
{
    const char *account = j->decide.order.account;
    bool open =
        route_info(j->match.route)->callers & (CALLER_OPEN | CALLER_WATCHER | CALLER_COURIER);

    if (!open && j->err != ERR_ROLE_REQUIRED) {
        enum err e = core_admit(b->core, who, &j->answer);
        if (e || j->answer.err)
            return e;
    }
    return core_refuse(b->core, who, j->err, account[0] ? account : NULL, &j->answer);
}

static enum err run(const struct bank *b, struct job *j)
{
    enum err e = j->path[0] ? apply_act(b, j) : handler_apply(b, j);

    return e ? e : certify_tell(b->keeper_socket, j);
}

/* The answer is kept in the transaction of what it tells of. */
static enum err run_once(const struct bank *b, struct job *j)
{
    const struct core_caller who = job_caller(j); /* as he came, whoever he becomes */
    struct core_once once = {.key = j->once};
    bool again = false;

    memcpy(once.request, j->request, sizeof once.request);
    enum err e = core_once_find(b->core, &who, &once, &again, &j->answer);
    if (e || again)
        return e;
    e = run(b, j);
    return e ? e : core_once_keep(b->core, &who, &once, &j->answer);
}

static enum err apply(const struct bank *b, struct job *j, const struct mood *m)
{
    const struct handler *h = handler_of(j->match.route);
    struct core_caller who = job_caller(j);
    enum err refusal = ERR_OK;

    if (m->frozen && h->writes)
        refusal = ERR_LOG_UNSIGNED;
    else if (m->insane && j->match.route != ROUTE_CLOCK_ACCEPT && j->match.route != ROUTE_METRICS)
        refusal = ERR_CLOCK_INSANE;
    else if (m->frozen || m->insane)
        refusal = j->err;
    if (refusal) {
        job_refuse(j, refusal);
        return ERR_OK;
    }
    enum err e = admit(b, j);
    if (e || j->answer.err)
        return e;
    if (j->err)
        return refuse(b, j, &who);
    return j->once[0] ? run_once(b, j) : run(b, j);
}

/* What asks the keeper is alone, so that nobody else's request is undone with it: the first that
 * does is put off, with all behind it, until it is the first of a batch. */
static enum err apply_all(const struct bank *b, struct job_list *jobs, const struct mood *m,
                          struct job_list *later)
{
    struct job_list rest = *jobs;
    bool alone = false;
    enum err e = ERR_OK;

    *jobs = (struct job_list){0};
    while (rest.first && !alone && !e) {
        if (!m->frozen && !m->insane)
            e = certify_find(b->core, rest.first);
        alone = certify_asks(rest.first);
        if (e || (alone && jobs->first))
            break;
        job_list_add(jobs, job_list_take(&rest));
        e = apply(b, jobs->last, m);
    }
    job_list_move(e && !alone ? jobs : later, &rest);
    return e;
}

/* The checkpoint of the batch before rides along; when nothing is written it can wait. STORED is
 * its size then. */
static enum err store_checkpoint(const struct committer *c, const struct job_list *jobs,
                                 uint64_t *stored)
{
    const struct bank *b = c->o.bank;
    bool writes = false;

    for (const struct job *j = jobs->first; j && !writes; j = j->next)
        writes = !j->err && handler_of(j->match.route)->writes;
    if (!writes || c->stored_size == note_size(b->note))
        return ERR_OK;
    *stored = note_size(b->note);
    return core_checkpoint_store(b->core, note_text(b->note), note_size(b->note));
}

/* Whatever answer would outlive what it tells of. A refusal had left nothing, and numbers are no
 * promise. */
static void take_back(struct job_list *jobs)
{
    for (struct job *j = jobs->first; j; j = j->next)
        if (!j->answer.err && j->match.route != ROUTE_METRICS)
            job_refuse(j, ERR_CLOCK_INSANE);
}

/* A clock that stays insane undoes all; what it lets through is answered, and no failure. STORED is
 * the size of the checkpoint that the store has then. */
static enum err end(struct committer *c, struct job_list *jobs, const struct mood *m,
                    uint64_t stored)
{
    const struct bank *b = c->o.bank;
    enum err e = m->frozen ? ERR_OK : core_commit(b->core);
    bool undone = e || m->frozen;

    if (undone)
        core_rollback(b->core);
    else
        c->stored_size = stored;
    if (!undone || !m->insane || (e && e != ERR_CLOCK_INSANE))
        return e;
    take_back(jobs);
    return ERR_OK;
}

/* One transaction; after an error it has left nothing. What a frozen log is read with is rolled
 * back: even a refusal's entry would be something new. LATER gets what JOBS is without then. */
static enum err commit(struct committer *c, struct job_list *jobs, struct job_list *later)
{
    const struct bank *b = c->o.bank;
    const struct core_time now = {store_now(c->o.store), clock_mono_us()};
    struct mood m = {.frozen = !note_current(b->note, b->core)};
    uint64_t stored = c->stored_size;

    enum err e = core_begin(b->core, &now);
    m.insane = e == ERR_CLOCK_INSANE;
    c->insane = m.insane;
    if (!e || m.insane)
        e = apply_all(b, jobs, &m, later);
    if (!e)
        e = watch_count(&c->watch, jobs);
    if (!e && !m.frozen && !m.insane)
        e = store_checkpoint(c, jobs, &stored);
    if (!e)
        return end(c, jobs, &m, stored);
    core_rollback(b->core);
    return e;
}

static void refuse_all(struct job_list *jobs, enum err e)
{
    for (struct job *j = jobs->first; j; j = j->next)
        job_refuse(j, e);
}

static void refuse_uncovered(const struct bank *b, struct job_list *jobs)
{
    for (struct job *j = jobs->first; j; j = j->next)
        if (j->answer.needs_size > note_size(b->note))
            job_refuse(j, ERR_LOG_UNSIGNED);
}

/* WROTE: an entry came in. That one could read proves nothing about writing. */
static void note_outcome(struct committer *c, enum err e, bool wrote)
{
    bool failing = e != ERR_OK;

    metrics_add(c->o.bank->metrics, failing ? METRIC_COMMIT_FAILURES : METRIC_COMMITS, 0, 1);
    if (!failing && !wrote)
        return;
    if (failing && !c->failing)
        log_event(LOG_ERROR, "bankd.commit", "%s: %s %s", err_name(e), err_info(e)->cause,
                  err_info(e)->remedy);
    if (!failing && c->failing)
        log_event(LOG_INFO, "bankd.commit", "the database can be written again");
    c->failing = failing;
}

/* --- a batch -----------------------------------------------------------------------------------*/

/* Has the head signed, where it is not. */
static void advance(const struct committer *c)
{
    const struct bank *b = c->o.bank;
    int64_t begun_us = clock_mono_us();

    if (note_current(b->note, b->core))
        return;
    note_advance(b->note, b->core);
    if (!note_current(b->note, b->core))
        return;
    metrics_observe(b->metrics, METRIC_SIGN_TIME, clock_mono_us() - begun_us);
    c->o.news(c->o.ctx, note_size(b->note));
}

/* The root key may have been replaced at the keeper. Where an answer about that is awaited and
 * lost, this goes on until the keeper says what came of it. */
static void refresh(struct committer *c)
{
    const struct bank *b = c->o.bank;
    const struct core_time now = {store_now(c->o.store), clock_mono_us()};
    bool rolled = false;

    if (c->refresh_us != INT64_MAX)
        c->refresh_us = now.mono_us + AGAIN_US;
    if (!note_current(b->note, b->core) || note_refresh(b->note, b->core, &now, &rolled))
        return; /* the next time, or the next start */
    c->refresh_us = INT64_MAX;
    if (rolled)
        c->o.rolled(c->o.ctx);
    advance(c);
}

/* An operator asked for another root key: the keeper may have made it, or makes it still. What
 * waited for a clock that is believed waits no more. */
static void refresh_after(struct committer *c, const struct job_list *jobs)
{
    bool now = false;

    for (const struct job *j = jobs->first; j; j = j->next) {
        enum route r = j->routed ? j->match.route : ROUTE_HEALTH;
        now |= (r == ROUTE_ROLLOVER || r == ROUTE_CLOCK_ACCEPT) && !j->answer.err;
        if (r == ROUTE_ROLLOVER && j->answer.err == ERR_TIMEOUT)
            c->refresh_us = clock_mono_us() + AGAIN_US;
    }
    if (now)
        refresh(c);
}

/* Of what the keeper did not hear, and at the start of what it may not have heard. */
static void repeat(struct committer *c)
{
    const struct bank *b = c->o.bank;

    c->repeat_us = clock_mono_us() + AGAIN_US;
    if (note_current(b->note, b->core) && !certify_repeat(b->keeper_socket, b->core))
        c->repeat_us = INT64_MAX;
}

static void repeat_after(struct committer *c, const struct job_list *jobs)
{
    for (const struct job *j = jobs->first; j; j = j->next)
        if (j->unheard)
            c->repeat_us = clock_mono_us() + AGAIN_US;
}

/* After a COMMIT of unknown result the core has read back what holds; should that be the new head,
 * it is signed like any other. */
static void run_batch(struct committer *c, struct job_list *jobs, struct job_list *later)
{
    const struct bank *b = c->o.bank;
    bool was_current = note_current(b->note, b->core);
    int64_t begun_us = clock_mono_us();
    enum err e = commit(c, jobs, later);

    metrics_observe(b->metrics, METRIC_COMMIT_TIME, clock_mono_us() - begun_us);
    metrics_observe(b->metrics, METRIC_BATCH, (int64_t)jobs->count);
    if (e || was_current) /* otherwise it was rolled back, as it had to be */
        note_outcome(c, e, !note_current(b->note, b->core));
    if (e)
        refuse_all(jobs, e);
    if (was_current)
        advance(c); /* otherwise in its own time, see serve */
    refresh_after(c, jobs);
    repeat_after(c, jobs);
    refuse_uncovered(b, jobs);
    watch_answer(&c->watch, &(struct watch_batch){e, c->failing, c->insane}, jobs);
    queue_answered(c->queue, jobs->count, clock_mono_us() - begun_us);
    c->o.deliver(c->o.ctx, jobs);
}

static void run_batches(struct committer *c, struct job_list *jobs)
{
    struct job_list later = {0};

    while (jobs->first) {
        run_batch(c, jobs, &later);
        *jobs = later;
        later = (struct job_list){0};
    }
}

/* A batch of what nobody asked for: orders whose time has come. Nobody waits for an answer, so a
 * failure is only noted. */
static void look(struct committer *c)
{
    const struct bank *b = c->o.bank;
    const struct core_time now = {store_now(c->o.store), clock_mono_us()};
    bool more = false;

    c->look_us = now.mono_us + LOOK_US;
    if (!note_current(b->note, b->core))
        return;
    enum err e = core_begin(b->core, &now);
    if (!e)
        e = core_due(b->core, LOOK_ORDERS, &more);
    if (!e)
        e = core_commit(b->core);
    if (e)
        core_rollback(b->core);
    c->insane = e == ERR_CLOCK_INSANE;
    if (!c->insane)
        note_outcome(c, e, !note_current(b->note, b->core));
    advance(c);
    if (more && !e)
        c->look_us = now.mono_us;
    if (!e && note_current(b->note, b->core)) {
        core_remind(b->core, &now);
        advance(c);
    }
}

/* --- its thread --------------------------------------------------------------------------------*/

/* Between two batches, so that one set of terms holds for a whole one. What was put in after
 * committer_adopt was taken out of the queue before this look. */
static void read_mail(struct committer *c)
{
    const struct bank *b = c->o.bank;

    pthread_mutex_lock(&c->mail_lock);
    if (c->has_mail) {
        core_set_terms(b->core, &c->mail.terms);
        note_set_wait(b->note, c->mail.keeper_ms);
    }
    bool asked = c->refresh;
    c->has_mail = c->refresh = false;
    pthread_mutex_unlock(&c->mail_lock);
    if (asked)
        refresh(c);
}

static int64_t wake_us(const struct committer *c)
{
    int64_t due_us = note_due_us(c->o.bank->note);

    due_us = due_us < c->refresh_us ? due_us : c->refresh_us;
    due_us = due_us < c->repeat_us ? due_us : c->repeat_us;
    return due_us < c->look_us ? due_us : c->look_us;
}

static void *serve(void *arg)
{
    struct committer *c = arg;
    const struct bank *b = c->o.bank;
    struct job_list jobs = {0};

    while (queue_take(c->queue, c->o.batch_max, wake_us(c), &jobs)) {
        read_mail(c);
        if (clock_mono_us() >= note_due_us(b->note))
            advance(c);
        if (clock_mono_us() >= c->refresh_us)
            refresh(c);
        if (clock_mono_us() >= c->repeat_us)
            repeat(c);
        if (clock_mono_us() >= c->look_us)
            look(c);
        run_batches(c, &jobs);
        jobs = (struct job_list){0};
    }
    return NULL;
}

enum err committer_start(const struct committer_options *o, struct committer **out)
{
    struct committer *c = calloc(1, sizeof *c);

    *out = NULL;
    if (!c)
        return ERR_NO_MEMORY;
    c->o = *o;
    c->refresh_us = INT64_MAX;
    c->watch = (struct watch){.bank = o->bank, .measure = o->measure, .ctx = o->ctx};
    pthread_mutex_init(&c->mail_lock, NULL);
    enum err e = queue_new(o->queue_max, &patience, &c->queue);
    if (!e && pthread_create(&c->thread, NULL, serve, c) != 0)
        e = ERR_NO_MEMORY;
    if (e) {
        committer_free(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

bool committer_put(struct committer *c, struct job *j)
{
    return queue_put(c->queue, j);
}

void committer_expect(struct committer *c)
{
    queue_expect(c->queue);
}

bool committer_put_expected(struct committer *c, struct job *j)
{
    return queue_put_expected(c->queue, j);
}

size_t committer_waiting(struct committer *c)
{
    return queue_depth(c->queue);
}

void committer_adopt(struct committer *c, const struct committer_change *change)
{
    pthread_mutex_lock(&c->mail_lock);
    c->mail = *change;
    c->has_mail = true;
    pthread_mutex_unlock(&c->mail_lock);
}

void committer_refresh(struct committer *c)
{
    pthread_mutex_lock(&c->mail_lock);
    c->refresh = true;
    pthread_mutex_unlock(&c->mail_lock);
}

void committer_stop(struct committer *c)
{
    if (!c)
        return;
    queue_close(c->queue);
    pthread_join(c->thread, NULL);
}

void committer_free(struct committer *c)
{
    if (!c)
        return;
    queue_free(c->queue);
    pthread_mutex_destroy(&c->mail_lock);
    free(c);
}
