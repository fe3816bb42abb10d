/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/settings.h"
#include "base/conf.h"
#include "base/log.h"
#include "order/forms.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_BYTES 4000
#define SOCKET_BYTES 107 /* sun_path of unix(7) without its NUL */
#define ITEMS 23
#define OTHER_FILES 128           /* open files that are no connection of a client */
#define WAIT_MAX UINT64_C(600000) /* milliseconds */

static void fill_items(struct settings *s, struct conf_item items[static ITEMS])
{
    const struct conf_item table[ITEMS] = {
        {"bank", CONF_TEXT, true, NULL, 1, BANK_MAX, &s->bank},
        {"listen", CONF_TEXT, true, NULL, 1, 100, &s->listen},
        {"socket", CONF_TEXT, true, NULL, 1, SOCKET_BYTES, &s->socket},
        {"store", CONF_TEXT, true, NULL, 1, PATH_BYTES, &s->store},
        {"keeper_socket", CONF_TEXT, true, NULL, 1, SOCKET_BYTES, &s->keeper_socket},
        {"hold_above", CONF_TEXT, false, "", 0, 400, &s->hold_above},
        {"hold_on", CONF_TEXT, false, "", 0, 200, &s->hold_on},
        {"cutoff", CONF_TEXT, false, "", 0, 400, &s->cutoff},
        {"bank_codes", CONF_TEXT, false, "", 0, 400, &s->bank_codes},
        {"console", CONF_TEXT, false, "", 0, 10, &s->console},
        {"payee_check_socket", CONF_TEXT, false, "", 0, SOCKET_BYTES, &s->payee_check},
        {"event_threads", CONF_U64, false, NULL, 1, SETTINGS_THREADS_MAX, &s->event_threads},
        {"workers", CONF_U64, false, NULL, 1, SETTINGS_THREADS_MAX, &s->workers},
        {"max_connections", CONF_U64, false, "4096", 1, 100000, &s->max_connections},
        {"queue_max", CONF_U64, false, "1024", 1, 100000, &s->queue_max},
        {"batch_max", CONF_U64, false, "256", 1, 4096, &s->batch_max},
        {"handshake_ms", CONF_U64, false, "5000", 1, WAIT_MAX, &s->handshake_ms},
        {"head_ms", CONF_U64, false, "10000", 1, WAIT_MAX, &s->head_ms},
        {"body_ms", CONF_U64, false, "20000", 1, WAIT_MAX, &s->body_ms},
        {"write_ms", CONF_U64, false, "20000", 1, WAIT_MAX, &s->write_ms},
        {"idle_ms", CONF_U64, false, "60000", 1, WAIT_MAX, &s->idle_ms},
        {"keeper_ms", CONF_U64, false, "1000", 1, 1500, &s->keeper_ms},
        {"payee_check_ms", CONF_U64, false, "500", 1, 5000, &s->payee_check_ms},
    };
    memcpy(items, table, sizeof table);
}

static void fill_threads(struct settings *s)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t cores = online < 1                      ? 1
                     : online > SETTINGS_THREADS_MAX ? SETTINGS_THREADS_MAX
                                                     : (uint64_t)online;

    if (!s->event_threads) /* a request costs them a quarter of what it costs a worker */
        s->event_threads = (cores + 3) / 4;
    if (!s->workers)
        s->workers = cores;
}

/* A bank that cannot accept what it promises to serve says so before it starts. */
static enum err raise_file_limit(const struct settings *s)
{
    rlim_t needed = (rlim_t)s->max_connections + OTHER_FILES;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ERR_INTERNAL;
    if (limit.rlim_cur >= needed)
        return ERR_OK;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return log_fail(ERR_CONFIG_INVALID, "bankd.config",
                        "max_connections needs %" PRIu64 " open files, the limit is %" PRIu64,
                        (uint64_t)needed, (uint64_t)limit.rlim_max);
    return ERR_OK;
}

static enum err read_terms(const char *path, struct settings *s)
{
    const struct {
        const char *name, *text, *form;
        enum err (*read)(const char *text, struct core_terms *out);
    } lists[] = {
        {"hold_above", s->hold_above, "10000.00 EUR, 9000.00 USD", core_terms_hold_above},
        {"hold_on", s->hold_on, "first-payment, look-alike, RMVC, RVNM, RVNA", core_terms_hold_on},
        {"cutoff", s->cutoff, "16:00 EUR, 20:30 USD", core_terms_cutoff},
        {"bank_codes", s->bank_codes, "PT 0002, DE 37040044", core_terms_bank_codes},
        {"console", s->console, "open", core_terms_console},
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (lists[i].read(lists[i].text, &s->terms))
            return log_fail(ERR_CONFIG_INVALID, "bankd.config", "%s: %s is not of the form %s",
                            path, lists[i].name, lists[i].form);
    }
    const flag_set checks = FLAG_BIT(FLAG_RMVC) | FLAG_BIT(FLAG_RVNM) | FLAG_BIT(FLAG_RVNA);
    if ((s->terms.hold_on & checks) && !s->payee_check[0])
        return log_fail(ERR_CONFIG_INVALID, "bankd.config",
                        "%s: hold_on waits for a payee check, and payee_check_socket is not set",
                        path);
    return ERR_OK;
}

enum err settings_load(const char *path, struct settings *out)
{
    struct conf_item items[ITEMS];
    char message[256];

    memset(out, 0, sizeof *out);
    fill_items(out, items);
    enum err e = conf_load(path, items, ITEMS, message, sizeof message);
    if (e)
        return log_fail(e, "bankd.config", "%s", message);
    if (forms_bank(out->bank, strlen(out->bank)))
        e = log_fail(ERR_CONFIG_INVALID, "bankd.config", "%s: bank is no bank's name", path);
    if (!e)
        e = read_terms(path, out);
    fill_threads(out);
    if (!e)
        e = raise_file_limit(out);
    if (e)
        settings_free(out);
    return e;
}

void settings_free(struct settings *s)
{
    struct conf_item items[ITEMS];

    fill_items(s, items);
    conf_free(items, ITEMS);
}
