/* SPDX-License-Identifier: Apache-2.0
 *
 * settings: bankd's configuration file (bankd(8)).
 */
#ifndef BANKD_SERVER_SETTINGS_H
#define BANKD_SERVER_SETTINGS_H

#include "bankd/core/core.h"
#include "base/err.h"
#include <stdint.h>

#define SETTINGS_THREADS_MAX 64

struct settings {
    char *bank;
    char *listen;         /* "127.0.0.1:8443", "[::1]:0" */
    char *metrics_listen; /* the same, "": no such door */
    char *socket;         /* Unix socket for the operator */
    char *store;
    char *keeper_socket;
    char *log_format; /* "text", "json" */
    char *hold_above, *hold_on, *cutoff, *bank_codes, *console, *four_eyes;
    uint64_t enrolments_each;
    uint64_t sponsors;
    uint64_t claim_minutes;
    struct core_terms terms;                 /* what they say */
    uint64_t event_threads, workers;         /* never 0 */
    uint64_t event_threads_set, workers_set; /* 0: not in the file */
    uint64_t max_connections;
    uint64_t max_streams, max_streams_each; /* of events; of one person */
    uint64_t events_hours;
    char *courier_socket; /* "": nobody carries notices */
    uint64_t courier_uid;
    uint64_t remind_minutes, notice_wait_ms, notice_attempts, notices_max, notice_days;
    uint64_t queue_max; /* requests waiting for a worker, and for the committer */
    uint64_t radar_days;
    uint64_t batch_max; /* requests in one transaction */
    char *payee_check;  /* the checker's socket, "": none */
    uint64_t handshake_ms, head_ms, body_ms, write_ms, idle_ms, stream_ms, keeper_ms,
        payee_check_ms;
};

/* CONFIG_INVALID after logging what to mend, in which line. From then on the log has its form. Also
 * raises the limit of open files as far as max_connections needs it, and refuses when it cannot. */
MUST_CHECK enum err settings_load(const char *path, struct settings *out);
/* Reads the file again while NOW is in force, and logs what changed. CONFIG_INVALID, logged, also
 * when something changed that needs a restart (bankd(8)): then nothing of it may be taken over. */
MUST_CHECK enum err settings_reload(const char *path, const struct settings *now,
                                    struct settings *out);
void settings_free(struct settings *s);

#endif
