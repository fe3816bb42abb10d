/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_load: holders who hand decisions in as fast as the bank answers. Every account has two
 * holders with software keys; every connection is one of them, logged in, and hands in first his
 * own approval, which carries the order in, then his co-holder's, which executes it. All is signed
 * before the clock starts; one thread drives all connections.
 *
 *   bench_load --accounts 64
 *
 * It prints one JSON line with the holders' keys, and then takes commands, a line each:
 *   policy N DOCUMENT                     the N-th account's, in order
 *   run PORT PIN CONNECTIONS COUNT PID... prints one JSON line; the CPU time is that of the PIDs
 */
#include "api/request.h"
#include "app/session.h"
#include "base/text.h"
#include "order/json.h"
#include "tests/bench/bench.h"
#include "tests/bench/wire.h"
#include "tests/order/soft_key.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define ACCOUNTS_MAX 256
#define PIDS_MAX 8
#define ANSWER_MAX ((size_t)1 << 20)

struct account {
    char iban[IBAN_MAX + 1], creditor[IBAN_MAX + 1];
    struct soft_key *keys[2];
    struct policy *policy;
};

/* One connection's share of a run. */
struct lane {
    const struct account *account;
    const struct wire_door *door;
    struct wire *wire;
    struct buf *requests;
    double *latencies_s;
    unsigned count, done, accepted;
    double begun_s; /* when the request went out that waits for its answer */
};

static struct account accounts[ACCOUNTS_MAX];

/* --- before the clock starts --- */

static void sign_one(const struct account *a, unsigned which, const struct order *order,
                     const struct buf *bytes, struct buf *request)
{
    const struct bench_signer signer = {soft_key_public(a->keys[which]), soft_key_sign,
                                        a->keys[which]};
    struct buf jws = BUF_INIT(JWS_MAX), body = BUF_INIT(ANSWER_MAX);

    bench_approve(order, a->policy, &signer, &jws);
    bench_need(request_decide_make(buf_str(&jws), bytes->data, bytes->len, &body), "request");
    wire_request("/v1/decisions", &body, request);
    buf_free(&jws);
    buf_free(&body);
}

/* The I-th order of a connection, with both of its approvals. */
static void sign_pair(struct lane *lane, unsigned i, struct buf *bytes)
{
    struct order order;

    bench_order(lane->account->iban, lane->account->creditor, &order, bytes);
    sign_one(lane->account, 0, &order, bytes, &lane->requests[2 * i]);
    sign_one(lane->account, 1, &order, bytes, &lane->requests[2 * i + 1]);
}

/* Pair by pair, as they are handed in: ids and nonces begin with their time, and holders sign what
 * they hand in at one time at one time. */
static void sign_all(struct lane *lanes, unsigned count)
{
    struct buf bytes = BUF_INIT(ORDER_MAX);

    for (unsigned l = 0; l < count; l++) {
        lanes[l].requests = calloc(lanes[l].count, sizeof *lanes[l].requests);
        lanes[l].latencies_s = calloc(lanes[l].count, sizeof *lanes[l].latencies_s);
        if (!lanes[l].requests || !lanes[l].latencies_s)
            bench_die("load", "no memory");
    }
    for (unsigned i = 0; i < lanes->count / 2; i++)
        for (unsigned l = 0; l < count; l++)
            sign_pair(&lanes[l], i, &bytes);
    buf_free(&bytes);
}

static struct js *post(struct wire *w, const char *path, const struct buf *body)
{
    struct buf request = BUF_INIT(ANSWER_MAX), answer = BUF_INIT(ANSWER_MAX);
    struct js *value;
    int status;

    wire_request(path, body, &request);
    wire_send(w, &request);
    status = wire_receive(w, &answer);
    if (status != 200 && status != 201)
        bench_die(path, buf_str(&answer));
    bench_need(js_parse(answer.data, answer.len, &value), path);
    buf_free(&request);
    buf_free(&answer);
    return value;
}

static void take_challenge(struct wire *w, const struct key *key, char out[static NONCE_LEN + 1])
{
    struct request_challenge ask = {.for_login = true};
    struct buf body = BUF_INIT(1024);
    struct js *answer;
    const char *text;

    snprintf(ask.thumbprint, sizeof ask.thumbprint, "%s", key_thumbprint(key));
    bench_need(request_challenge_make(&ask, &body), "challenge");
    answer = post(w, "/v1/challenges", &body);
    text = js_text(js_get(answer, "challenge"), NULL);
    snprintf(out, NONCE_LEN + 1, "%s", text ? text : "");
    js_free(answer);
    buf_free(&body);
}

static void log_in(void *item)
{
    struct lane *lane = item;
    struct soft_key *holder = lane->account->keys[0];
    struct secret *session = NULL;
    struct statement_login login = {0};
    struct buf payload = BUF_INIT(4096), jws = BUF_INIT(JWS_MAX), body = BUF_INIT(JWS_MAX);

    bench_need(session_make(&session, login.session), "session");
    lane->wire = wire_open(lane->door, session);
    bench_head(&login.head);
    snprintf(login.head.bank, sizeof login.head.bank, "%s", BENCH_BANK);
    take_challenge(lane->wire, soft_key_public(holder), login.head.challenge);
    bench_need(statement_login_make(&login, &payload), "login");
    bench_need(jws_make(soft_key_public(holder), statement_typ(STATEMENT_LOGIN), payload.data,
                        payload.len, soft_key_sign, holder, &jws),
               "login");
    bench_need(request_statement_make(REQUEST_LOGIN, buf_str(&jws), &body), "login");
    js_free(post(lane->wire, "/v1/login", &body));
    secret_free(session);
    buf_free(&payload);
    buf_free(&jws);
    buf_free(&body);
}

/* --- the run --- */

static void send_next(struct lane *lane)
{
    lane->begun_s = bench_wall_s();
    wire_send(lane->wire, &lane->requests[lane->done]);
}

static void take_answer(struct lane *lane, struct buf *answer)
{
    int status = wire_receive(lane->wire, answer);

    lane->latencies_s[lane->done] = bench_wall_s() - lane->begun_s;
    if (status == 200 || status == 201)
        lane->accepted++;
    else if (lane->accepted == lane->done)
        fprintf(stderr, "bench_load: %s\n", buf_str(answer));
    lane->done++;
}

static int watch(struct lane *lanes, unsigned count)
{
    int set = epoll_create1(EPOLL_CLOEXEC);

    for (unsigned i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &lanes[i]};
        if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, wire_fd(lanes[i].wire), &event) != 0)
            bench_die("load", "cannot wait for answers");
    }
    return set;
}

/* One thread for all of them: holders have machines of their own, so here they are to take as
 * little of the bank's processors and caches as they can. */
static void hand_in(struct lane *lanes, unsigned count)
{
    struct epoll_event ready[ACCOUNTS_MAX];
    struct buf answer = BUF_INIT(ANSWER_MAX);
    int set = watch(lanes, count);
    unsigned busy = count;

    for (unsigned i = 0; i < count; i++)
        send_next(&lanes[i]);
    while (busy) {
        int n = epoll_wait(set, ready, ACCOUNTS_MAX, -1);
        for (int i = 0; i < n; i++) {
            struct lane *lane = ready[i].data.ptr;
            take_answer(lane, &answer);
            if (lane->done < lane->count)
                send_next(lane);
            else {
                epoll_ctl(set, EPOLL_CTL_DEL, wire_fd(lane->wire), NULL);
                busy--;
            }
        }
    }
    close(set);
    buf_free(&answer);
}

/* User and system time of other processes, to the nanosecond. */
static double cpu_of(const long *pids, unsigned count)
{
    double seconds = 0;

    for (unsigned i = 0; i < count; i++) {
        clockid_t clock;
        struct timespec t;

        if (clock_getcpuclockid((pid_t)pids[i], &clock) != 0 || clock_gettime(clock, &t) != 0)
            bench_die("load", "the bank is gone");
        seconds += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    }
    return seconds;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void report(struct lane *lanes, unsigned count, double wall_s, double cpu_s)
{
    unsigned accepted = 0, total = 0, each = lanes[0].count;
    double *all = calloc((size_t)count * each, sizeof *all);

    if (!all)
        bench_die("load", "no memory");
    for (unsigned i = 0; i < count; i++) {
        accepted += lanes[i].accepted;
        memcpy(all + total, lanes[i].latencies_s, each * sizeof *all);
        total += each;
    }
    qsort(all, total, sizeof *all, compare_doubles);
    printf("{\"accepted\":%u,\"sent\":%u,\"per_second\":%.1f,\"per_cpu_second\":%.1f,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
           accepted, total, accepted / wall_s, accepted / cpu_s, all[total / 2] * 1e3,
           all[(size_t)total * 99 / 100] * 1e3);
    fflush(stdout);
    free(all);
}

static void free_lane(struct lane *lane)
{
    wire_close(lane->wire);
    for (unsigned i = 0; i < lane->count; i++)
        buf_free(&lane->requests[i]);
    free(lane->requests);
    free(lane->latencies_s);
}

static void run(const char *line)
{
    char pin[KEY_THUMBPRINT_LEN + 1];
    struct wire_door door = {.bank = BENCH_BANK, .bank_key = pin};
    unsigned connections, count, pid_count = 0;
    long pids[PIDS_MAX];
    int used;

    if (sscanf(line, "%u %43s %u %u%n", &door.port, pin, &connections, &count, &used) != 4 ||
        connections == 0 || connections > ACCOUNTS_MAX || count < 2 * connections)
        bench_die("run", line);
    for (int n; pid_count < PIDS_MAX && sscanf(line + used, "%ld%n", &pids[pid_count], &n) == 1;
         used += n)
        pid_count++;
    struct lane *lanes = calloc(connections, sizeof *lanes);
    if (!lanes)
        bench_die("run", "no memory");
    for (unsigned i = 0; i < connections; i++)
        lanes[i] = (struct lane){
            .account = &accounts[i], .door = &door, .count = count / connections / 2 * 2};
    bench_threads(connections, log_in, lanes, sizeof *lanes);
    sign_all(lanes, connections);
    double cpu = cpu_of(pids, pid_count), wall = bench_wall_s();
    hand_in(lanes, connections);
    wall = bench_wall_s() - wall;
    report(lanes, connections, wall, cpu_of(pids, pid_count) - cpu);
    for (unsigned i = 0; i < connections; i++)
        free_lane(&lanes[i]);
    free(lanes);
}

/* --- commands --- */

static void print_keys(unsigned count)
{
    for (unsigned i = 0; i < 2 * count; i++) {
        size_t len;
        const uint8_t *spki = key_spki(soft_key_public(accounts[i / 2].keys[i % 2]), &len);
        char text[TEXT_B64_LEN(KEY_SPKI_MAX) + 1];

        text_b64url(spki, len, text);
        printf("%s{\"account\":\"%s\",\"spki\":\"%s\"}", i ? "," : "[", accounts[i / 2].iban, text);
    }
    puts("]");
    fflush(stdout);
}

static void take_policy(const char *line)
{
    unsigned n;
    int used;

    if (sscanf(line, "%u %n", &n, &used) != 1 || n >= ACCOUNTS_MAX)
        bench_die("policy", line);
    bench_need(policy_parse(line + used, strlen(line + used), &accounts[n].policy), "policy");
}

int main(int argc, char **argv)
{
    unsigned count = bench_number(argc, argv, "--accounts", "64");
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    if (count == 0 || count > ACCOUNTS_MAX)
        bench_die("--accounts", "out of range");
    for (unsigned i = 0; i < count; i++) {
        bench_iban(i, accounts[i].iban);
        bench_iban((i + 1) % count, accounts[i].creditor);
        accounts[i].keys[0] = soft_key_new(KEY_ES256);
        accounts[i].keys[1] = soft_key_new(KEY_ES256);
    }
    print_keys(count);
    while ((len = getline(&line, &cap, stdin)) > 0) {
        line[len - (line[len - 1] == '\n')] = 0;
        if (strncmp(line, "policy ", 7) == 0)
            take_policy(line + 7);
        else if (strncmp(line, "run ", 4) == 0)
            run(line + 4);
        else
            bench_die("unknown command", line);
    }
    free(line);
    return EXIT_DONE; /* keys and policies die with the process */
}
