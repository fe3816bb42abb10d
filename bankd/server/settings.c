/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/settings.h"
#include "bankd/server/listen.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/text.h"
#include "order/forms.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_BYTES 4000
#define SOCKET_BYTES 107                 /* sun_path of unix(7) without its NUL */
#define OTHER_FILES 128                  /* open files that are no connection of a client */
#define WAIT_MAX UINT64_C(600000)        /* milliseconds */
#define STREAM_WAIT_MAX UINT64_C(120000) /* so that a stream keeps its session */

#define EVENT "bankd.config"

#define AT(member) offsetof(struct settings, member)

/* When it may change. At start: what others know the bank by or talk to it through, and what memory
 * and threads were made for. */
enum change { AT_START, WHILE_RUNNING };

static const struct setting {
    const char *name;
    enum conf_type type;
    bool required;
    const char *fallback;
    uint64_t min, max;
    size_t at;
    enum change change;
} table[] = {
    {"bank", CONF_TEXT, true, NULL, 1, BANK_MAX, AT(bank), AT_START},
    {"listen", CONF_TEXT, true, NULL, 1, 100, AT(listen), AT_START},
    {"metrics_listen", CONF_TEXT, false, "", 0, 100, AT(metrics_listen), AT_START},
    {"socket", CONF_TEXT, true, NULL, 1, SOCKET_BYTES, AT(socket), AT_START},
    {"store", CONF_TEXT, true, NULL, 1, PATH_BYTES, AT(store), AT_START},
    {"keeper_socket", CONF_TEXT, true, NULL, 1, SOCKET_BYTES, AT(keeper_socket), AT_START},
    {"courier_socket", CONF_TEXT, false, "", 0, SOCKET_BYTES, AT(courier_socket), AT_START},
    {"courier_uid", CONF_U64, false, "0", 0, UINT32_MAX, AT(courier_uid), AT_START},
    {"hold_above", CONF_TEXT, false, "", 0, 400, AT(hold_above), WHILE_RUNNING},
    {"hold_on", CONF_TEXT, false, "", 0, 200, AT(hold_on), WHILE_RUNNING},
    {"cutoff", CONF_TEXT, false, "", 0, 400, AT(cutoff), WHILE_RUNNING},
    {"bank_codes", CONF_TEXT, false, "", 0, 400, AT(bank_codes), WHILE_RUNNING},
    {"console", CONF_TEXT, false, "", 0, 10, AT(console), WHILE_RUNNING},
    {"four_eyes", CONF_TEXT, false, "", 0, 10, AT(four_eyes), WHILE_RUNNING},
    {"enrolments_each", CONF_U64, false, "20", 1, 1000, AT(enrolments_each), WHILE_RUNNING},
    {"sponsors", CONF_U64, false, "0", 0, 4, AT(sponsors), WHILE_RUNNING},
    {"claim_minutes", CONF_U64, false, "120", 1, 10080, AT(claim_minutes), WHILE_RUNNING},
    {"payee_check_socket", CONF_TEXT, false, "", 0, SOCKET_BYTES, AT(payee_check), WHILE_RUNNING},
    {"radar_days", CONF_U64, false, "30", 1, 3650, AT(radar_days), WHILE_RUNNING},
    {"log_format", CONF_TEXT, false, "text", 1, 10, AT(log_format), AT_START},
    {"event_threads", CONF_U64, false, NULL, 1, SETTINGS_THREADS_MAX, AT(event_threads_set),
     AT_START},
    {"workers", CONF_U64, false, NULL, 1, SETTINGS_THREADS_MAX, AT(workers_set), AT_START},
    {"max_connections", CONF_U64, false, "4096", 1, 100000, AT(max_connections), AT_START},
    {"max_streams", CONF_U64, false, "256", 1, 10000, AT(max_streams), AT_START},
    {"max_streams_each", CONF_U64, false, "8", 1, 1000, AT(max_streams_each), AT_START},
    {"queue_max", CONF_U64, false, "1024", 1, 100000, AT(queue_max), AT_START},
    {"batch_max", CONF_U64, false, "256", 1, 4096, AT(batch_max), AT_START},
    {"handshake_ms", CONF_U64, false, "5000", 1, WAIT_MAX, AT(handshake_ms), WHILE_RUNNING},
    {"head_ms", CONF_U64, false, "10000", 1, WAIT_MAX, AT(head_ms), WHILE_RUNNING},
    {"body_ms", CONF_U64, false, "20000", 1, WAIT_MAX, AT(body_ms), WHILE_RUNNING},
    {"write_ms", CONF_U64, false, "20000", 1, WAIT_MAX, AT(write_ms), WHILE_RUNNING},
    {"idle_ms", CONF_U64, false, "60000", 1, WAIT_MAX, AT(idle_ms), WHILE_RUNNING},
    {"stream_ms", CONF_U64, false, "15000", 1, STREAM_WAIT_MAX, AT(stream_ms), WHILE_RUNNING},
    {"keeper_ms", CONF_U64, false, "1000", 1, 1500, AT(keeper_ms), WHILE_RUNNING},
    {"events_hours", CONF_U64, false, "168", 1, 8784, AT(events_hours), WHILE_RUNNING},
    {"remind_minutes", CONF_U64, false, "1440", 0, 527040, AT(remind_minutes), WHILE_RUNNING},
    {"notice_wait_ms", CONF_U64, false, "30000", 1, 3600000, AT(notice_wait_ms), WHILE_RUNNING},
    {"notice_attempts", CONF_U64, false, "12", 1, 1000, AT(notice_attempts), WHILE_RUNNING},
    {"notices_max", CONF_U64, false, "1000", 1, 1000000, AT(notices_max), WHILE_RUNNING},
    {"notice_days", CONF_U64, false, "30", 1, 3660, AT(notice_days), WHILE_RUNNING},
    {"payee_check_ms", CONF_U64, false, "500", 1, 5000, AT(payee_check_ms), WHILE_RUNNING},
};
#define COUNT (sizeof table / sizeof *table)

static void fill_items(struct settings *s, struct conf_item items[static COUNT])
{
    for (size_t i = 0; i < COUNT; i++) {
        const struct setting *t = &table[i];
        items[i] = (struct conf_item){t->name, t->type, t->required,      t->fallback,
                                      t->min,  t->max,  (char *)s + t->at};
    }
}

/* --- what the whole of them must be ------------------------------------------------------------*/

struct reading {
    const char *path;
    size_t lines[COUNT];
};

/* WHY is what the setting's name begins. */
static enum err refuse(const struct reading *r, const char *name, const char *why)
{
    size_t i = 0;

    while (strcmp(table[i].name, name) != 0)
        i++;
    return conf_refuse(EVENT, r->path, r->lines[i], "%s %s", name, why);
}

static void fill_threads(struct settings *s)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t cores = online < 1                      ? 1
                     : online > SETTINGS_THREADS_MAX ? SETTINGS_THREADS_MAX
                                                     : (uint64_t)online;

    /* A request costs event threads a quarter of what it costs a worker. */
    s->event_threads = s->event_threads_set ? s->event_threads_set : (cores + 3) / 4;
    s->workers = s->workers_set ? s->workers_set : cores;
}

/* A bank that cannot accept what it promises to serve says so before it starts. */
static enum err raise_file_limit(const struct reading *r, const struct settings *s)
{
    rlim_t needed = (rlim_t)s->max_connections + OTHER_FILES;
    struct rlimit limit;
    char why[128];

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ERR_INTERNAL;
    if (limit.rlim_cur >= needed)
        return ERR_OK;
    snprintf(why, sizeof why,
             "needs %" PRIu64 " open files, the limit is %" PRIu64 "; raise that or lower it",
             (uint64_t)needed, (uint64_t)limit.rlim_max);
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return refuse(r, "max_connections", why);
    return ERR_OK;
}

static enum err read_terms(const struct reading *r, struct settings *s)
{
    const struct {
        const char *name, *text, *why;
        enum err (*read)(const char *text, struct core_terms *out);
    } lists[] = {
        {"hold_above", s->hold_above, "is not of the form 10000.00 EUR, 9000.00 USD",
         core_terms_hold_above},
        {"hold_on", s->hold_on, "is not of the form first-payment, look-alike, RMVC, RVNM, RVNA",
         core_terms_hold_on},
        {"cutoff", s->cutoff, "is not of the form 16:00 EUR, 20:30 USD", core_terms_cutoff},
        {"bank_codes", s->bank_codes, "is not of the form PT 0002, DE 37040044",
         core_terms_bank_codes},
        {"console", s->console, "is neither absent nor open", core_terms_console},
        {"four_eyes", s->four_eyes, "is neither absent nor yes", core_terms_four_eyes},
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (lists[i].read(lists[i].text, &s->terms))
            return refuse(r, lists[i].name, lists[i].why);
    }
    s->terms.radar_days = (int64_t)s->radar_days;
    s->terms.enrolments_each = (int64_t)s->enrolments_each;
    s->terms.sponsors = (int64_t)s->sponsors;
    s->terms.claim_us = (int64_t)s->claim_minutes * 60 * TEXT_SECOND_US;
    s->terms.events_us = (int64_t)s->events_hours * 3600 * TEXT_SECOND_US;
    s->terms.remind_us = (int64_t)s->remind_minutes * 60 * TEXT_SECOND_US;
    s->terms.notice_wait_us = (int64_t)s->notice_wait_ms * 1000;
    s->terms.notice_attempts = (int64_t)s->notice_attempts;
    s->terms.notices_max = (int64_t)s->notices_max;
    s->terms.notices_us = (int64_t)s->notice_days * 86400 * TEXT_SECOND_US;
    const flag_set checks = FLAG_BIT(FLAG_RMVC) | FLAG_BIT(FLAG_RVNM) | FLAG_BIT(FLAG_RVNA);
    if ((s->terms.hold_on & checks) && !s->payee_check[0])
        return refuse(r, "hold_on", "waits for a payee check; set payee_check_socket, too");
    return ERR_OK;
}

static enum err check(const struct reading *r, const struct settings *s)
{
    if (forms_bank(s->bank, strlen(s->bank)))
        return refuse(r, "bank", "is no bank's name such as demobank.example/demo");
    if (!listen_is_address(s->listen))
        return refuse(r, "listen", "is no numeric address and port such as 127.0.0.1:8443");
    if (s->metrics_listen[0] && !listen_is_loopback(s->metrics_listen))
        return refuse(r, "metrics_listen",
                      "is no loopback address and port such as 127.0.0.1:9464");
    return ERR_OK;
}

/* What the process gets by them, once. */
static enum err take_over(const struct reading *r, const struct settings *s)
{
    if (log_set_format(s->log_format))
        return refuse(r, "log_format", "is neither text nor json");
    return raise_file_limit(r, s);
}

static enum err load(const char *path, enum change when, struct settings *out)
{
    struct reading r = {.path = path};
    struct conf_item items[COUNT];

    memset(out, 0, sizeof *out);
    fill_items(out, items);
    enum err e = conf_load_logged(EVENT, path, items, COUNT, r.lines);
    if (e)
        return e;
    if (when == AT_START)
        e = take_over(&r, out);
    if (!e)
        e = check(&r, out);
    if (!e)
        e = read_terms(&r, out);
    fill_threads(out);
    if (e)
        settings_free(out);
    return e;
}

enum err settings_load(const char *path, struct settings *out)
{
    return load(path, AT_START, out);
}

/* --- again, while it runs ----------------------------------------------------------------------*/

/* As it may stand in the file. */
static void show(const struct setting *t, const struct settings *s, char *out, size_t size)
{
    const void *value = (const char *)s + t->at;

    if (t->type == CONF_TEXT)
        snprintf(out, size, "\"%s\"", *(char *const *)value);
    else if (*(const uint64_t *)value == 0)
        snprintf(out, size, "not set");
    else
        snprintf(out, size, "%" PRIu64, *(const uint64_t *)value);
}

/* True when it may: it did not change, or is of those that can. */
static bool compare(const struct setting *t, const struct settings *now,
                    const struct settings *fresh)
{
    char was[PATH_BYTES + 3], is[PATH_BYTES + 3];

    show(t, now, was, sizeof was);
    show(t, fresh, is, sizeof is);
    if (strcmp(was, is) == 0)
        return true;
    if (t->change == WHILE_RUNNING) {
        log_event(LOG_INFO, "bankd.reload", "%s was %s, in the file it is %s", t->name, was, is);
        return true;
    }
    log_event(LOG_ERROR, "bankd.reload", "%s is %s, in the file it is %s: that needs a restart",
              t->name, was, is);
    return false;
}

enum err settings_reload(const char *path, const struct settings *now, struct settings *out)
{
    bool may = true;
    enum err e = load(path, WHILE_RUNNING, out);

    if (e)
        return e;
    for (size_t i = 0; i < COUNT; i++)
        may = compare(&table[i], now, out) && may;
    if (may)
        return ERR_OK;
    settings_free(out);
    return ERR_CONFIG_INVALID;
}

void settings_free(struct settings *s)
{
    struct conf_item items[COUNT];

    fill_items(s, items);
    conf_free(items, COUNT);
}
