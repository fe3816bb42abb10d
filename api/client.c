/* SPDX-License-Identifier: Apache-2.0 */
#include "api/client.h"
#include "api/trust.h"
#include "base/log.h"
#include "order/json.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TIMEOUT_MS 30000L
#define REQUEST_URL_MAX 2048u
#define TRIES_MAX 4   /* of a request whose answer is lost */
#define PAUSE_MS 100L /* before the second try, and then four times as long each time */

struct client {
    CURL *curl;
    bool talked;                       /* the bank answered before */
    bool unknown;                      /* client_unknown */
    struct curl_slist *headers, *once; /* ONCE: with the Idempotency-Key of the present call */
    struct trust *trust;               /* NULL on a Unix socket */
    char *url;                         /* without a slash at the end */
    char message[512];
    char curl_message[CURL_ERROR_SIZE];
};

static CURLcode apply_trust(CURL *curl, void *ssl_ctx, void *arg)
{
    (void)curl;
    return trust_apply(arg, ssl_ctx) == ERR_OK ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
    return buf_add(arg, bytes, size * count) == ERR_OK ? size * count : 0;
}

/* Without the system's authorities: trust.c asks none, and a machine may have none. */
static bool set_transport(struct client *c, const struct client_options *o)
{
    CURL *h = c->curl;
    if (o->unix_socket != NULL)
        return curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket) == CURLE_OK;
    return curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, apply_trust) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, c->trust) == CURLE_OK;
}

static bool set_common(struct client *c, const struct client_options *o)
{
    CURL *h = c->curl;
    long timeout = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
    c->headers = curl_slist_append(NULL, "Content-Type: application/json");
    return c->headers != NULL && curl_easy_setopt(h, CURLOPT_HTTPHEADER, c->headers) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->curl_message) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
}

static enum err open_handle(struct client *c, const struct client_options *o)
{
    const char *url = o->unix_socket != NULL ? "http://localhost" : o->url;
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    c->url = strndup(url, len);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_NO_MEMORY;
    c->curl = curl_easy_init();
    if (c->url == NULL || c->curl == NULL)
        return ERR_NO_MEMORY;
    return set_common(c, o) && set_transport(c, o) ? ERR_OK : ERR_NO_MEMORY;
}

enum err client_new(const struct client_options *o, struct client **out)
{
    *out = NULL;
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return ERR_NO_MEMORY;
    enum err e = ERR_OK;
    if (o->unix_socket == NULL)
        e = trust_new(o->bank, o->bank_key, o->session_key, &c->trust);
    if (e == ERR_OK)
        e = open_handle(c, o);
    if (e != ERR_OK) {
        client_free(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void client_free(struct client *c)
{
    if (c == NULL)
        return;
    if (c->curl != NULL)
        curl_easy_cleanup(c->curl);
    curl_slist_free_all(c->headers);
    curl_slist_free_all(c->once);
    trust_free(c->trust);
    free(c->url);
    free(c);
}

/* No parameter needs encoding, for one that would is refused: it might lead to another route. */
enum err client_path(const struct client_call *call, struct buf *out)
{
    const char *path = route_info(call->route)->path;
    enum err e = ERR_OK;
    for (size_t param = 0; e == ERR_OK && *path != '\0';) {
        size_t plain = strcspn(path, "{");
        e = buf_add(out, path, plain);
        path += plain;
        if (e != ERR_OK || *path == '\0')
            break;
        const char *text = param < ROUTE_PARAMS_MAX ? call->param[param] : NULL;
        if (text == NULL || !route_is_param(text, strlen(text)))
            return ERR_USAGE;
        e = buf_add_str(out, text);
        param++;
        path += strcspn(path, "}") + 1;
    }
    return e;
}

static enum err make_url(const struct client *c, const struct client_call *call, struct buf *url)
{
    enum err e = buf_add_str(url, c->url);
    if (e == ERR_OK)
        e = client_path(call, url);
    if (e == ERR_OK && call->query != NULL)
        e = buf_addf(url, "?%s", call->query);
    return e;
}

static bool set_call(struct client *c, const struct client_call *call, const char *url,
                     struct buf *answer)
{
    CURL *h = c->curl;
    bool post = strcmp(route_info(call->route)->method, "POST") == 0;
    if (curl_easy_setopt(h, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(h, CURLOPT_WRITEDATA, answer) != CURLE_OK)
        return false;
    if (!post)
        return curl_easy_setopt(h, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)call->body_len) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POSTFIELDS, call->body != NULL ? call->body : "") ==
               CURLE_OK;
}

/* libcurl's return codes end here. */
static enum err transport_error(struct client *c, CURLcode code)
{
    (void)snprintf(c->message, sizeof c->message, "%s",
                   c->curl_message[0] != '\0' ? c->curl_message : curl_easy_strerror(code));
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return ERR_TLS_REFUSED;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return ERR_TIMEOUT;
    return code == CURLE_WRITE_ERROR ? ERR_TOO_LARGE : ERR_UNAVAILABLE;
}

/* What a problem document says. Of the token that is plugged in here a bank knows nothing: nobody
 * is to think that his PIN is locked, or wait for his card, since it says so. */
static enum err read_problem(struct client *c, const struct js *problem, enum err otherwise)
{
    size_t len = 0;
    const char *name = js_text(js_get(problem, "name"), &len);
    const char *detail = js_text(js_get(problem, "detail"), NULL);
    enum err e = name != NULL ? err_from_name(name, len) : otherwise;
    (void)snprintf(c->message, sizeof c->message, "%s", detail != NULL ? detail : "");
    if (c->trust == NULL || err_info(e)->exit != EXIT_TOKEN)
        return e;
    (void)snprintf(c->message, sizeof c->message, "the bank says %s of itself", err_name(e));
    return ERR_UNAVAILABLE;
}

static enum err problem_error(struct client *c, const struct buf *answer, long http)
{
    struct js *problem = NULL;
    enum err e = http >= 500 ? ERR_UNAVAILABLE : ERR_USAGE;
    (void)snprintf(c->message, sizeof c->message, "the bank answered %ld", http);
    if (js_parse(answer->data, answer->len, &problem) == ERR_OK)
        e = read_problem(c, problem, e);
    js_free(problem);
    return e;
}

/* A key that no other request has. */
static enum err make_once(struct client *c)
{
    uint8_t random[16];
    char field[96] = "Content-Type: application/json";
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return ERR_INTERNAL;
    struct curl_slist *list = curl_slist_append(NULL, field);
    int at = snprintf(field, sizeof field, "Idempotency-Key: \"");
    for (size_t i = 0; i < sizeof random; i++)
        at += snprintf(field + at, sizeof field - (size_t)at, "%02x", random[i]);
    (void)snprintf(field + at, sizeof field - (size_t)at, "\"");
    c->once = list != NULL ? curl_slist_append(list, field) : NULL;
    if (c->once == NULL) {
        curl_slist_free_all(list);
        return ERR_NO_MEMORY;
    }
    bool set = curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->once) == CURLE_OK;
    return set ? ERR_OK : ERR_NO_MEMORY;
}

static void end_once(struct client *c)
{
    (void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
    curl_slist_free_all(c->once);
    c->once = NULL;
}

/* libcurl makes a request again by itself when a connection that it kept is gone: what then fails
 * may have been done before. */
static bool may_be_done(const struct client *c, CURLcode code)
{
    bool no_answer = code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
                     code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE ||
                     code == CURLE_OPERATION_TIMEDOUT;

    return no_answer || (c->talked && code != CURLE_OK && code != CURLE_WRITE_ERROR &&
                         code != CURLE_PEER_FAILED_VERIFICATION);
}

/* The bank's words for what is not yet known; without any of them whoever stands before it speaks.
 */
static bool leaves_open(enum err e, long http)
{
    return e == ERR_LOG_UNSIGNED || e == ERR_TIMEOUT || e == ERR_STORE_FAILED ||
           (e == ERR_UNAVAILABLE && http >= 500);
}

/* One try. *LOST: whether the bank did what was asked is not known. */
static enum err perform(struct client *c, const struct client_call *call, struct buf *body,
                        bool *lost)
{
    long http = 0;
    c->message[0] = c->curl_message[0] = '\0';
    buf_clear(body);
    CURLcode code = curl_easy_perform(c->curl);
    *lost = may_be_done(c, code);
    if (code != CURLE_OK)
        return transport_error(c, code);
    c->talked = true;
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &http);
    enum err e = http >= 200 && http < 300 ? ERR_OK : problem_error(c, body, http);
    *lost = leaves_open(e, http);
    log_event(LOG_DEBUG, "bank.answer", "route=%s status=%ld bytes=%zu",
              route_info(call->route)->path, http, body->len);
    return e;
}

/* The bank may just be starting again: once an answer was lost, no connection and no room are no
 * answer, too. */
static enum err perform_once(struct client *c, const struct client_call *call, struct buf *body)
{
    long pause_ms = PAUSE_MS;
    for (int tries = 1;; tries++, pause_ms *= 4) {
        const struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};
        bool lost = false;
        enum err e = perform(c, call, body, &lost);
        c->unknown = e != ERR_OK && (c->unknown || lost);
        bool again = lost || (c->unknown && (e == ERR_BUSY || e == ERR_UNAVAILABLE));
        if (!again || tries == TRIES_MAX)
            return e;
        (void)nanosleep(&pause, NULL);
    }
}

enum err client_call(struct client *c, const struct client_call *call, struct buf *answer)
{
    struct buf url = BUF_INIT(REQUEST_URL_MAX), body = BUF_INIT(CLIENT_ANSWER_MAX);
    bool once = call->once && strcmp(route_info(call->route)->method, "POST") == 0, lost = false;
    c->message[0] = c->curl_message[0] = '\0';
    enum err e = make_url(c, call, &url);
    if (e == ERR_OK && !set_call(c, call, buf_str(&url), &body))
        e = ERR_NO_MEMORY;
    if (e == ERR_OK && once)
        e = make_once(c);
    if (e == ERR_OK)
        e = once ? perform_once(c, call, &body) : perform(c, call, &body, &lost);
    if (once)
        end_once(c);
    if (body.len > 0 && buf_add(answer, body.data, body.len) != ERR_OK && e == ERR_OK)
        e = ERR_NO_MEMORY;
    buf_free(&url);
    buf_free(&body);
    return e;
}

bool client_unknown(const struct client *c)
{
    return c->unknown;
}

const char *client_other_root(const struct client *c)
{
    return c->trust != NULL ? trust_other_root(c->trust) : "";
}

enum err client_set_pin(struct client *c, const char *bank_key)
{
    return trust_set_pin(c->trust, bank_key);
}

const char *client_message(const struct client *c)
{
    return c->message;
}

/* --- events ------------------------------------------------------------------------------------*/

/* Longer than any stream is silent (bankd(8), stream_ms). */
#define SILENT_SECONDS 180L

struct client_stream {
    struct client *client;
    CURLM *multi;
    struct sse sse;
    struct buf problem; /* the body of a refusal */
};

static size_t take_events(char *bytes, size_t size, size_t count, void *arg)
{
    struct client_stream *s = arg;
    long http = 0;
    (void)curl_easy_getinfo(s->client->curl, CURLINFO_RESPONSE_CODE, &http);
    enum err e = http == 200 ? sse_feed(&s->sse, bytes, size * count)
                             : buf_add(&s->problem, bytes, size * count);
    return e == ERR_OK ? size * count : 0;
}

static bool set_stream(struct client_stream *s)
{
    CURL *h = s->client->curl;
    return curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_events) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEDATA, s) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, 0L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS) == CURLE_OK &&
           curl_multi_add_handle(s->multi, h) == CURLM_OK;
}

enum err client_follow(struct client *c, int64_t after, struct client_stream **out)
{
    struct client_call call = {.route = ROUTE_EVENTS};
    struct client_stream *s = calloc(1, sizeof *s);
    struct buf url = BUF_INIT(REQUEST_URL_MAX), query = BUF_INIT(64);
    *out = NULL;
    if (s == NULL)
        return ERR_NO_MEMORY;
    s->client = c;
    s->problem = (struct buf)BUF_INIT(CLIENT_ANSWER_MAX);
    s->multi = curl_multi_init();
    sse_start(&s->sse);
    enum err e = after >= 0 ? buf_addf(&query, "after=%lld", (long long)after) : ERR_OK;
    call.query = query.len > 0 ? buf_str(&query) : NULL;
    if (e == ERR_OK)
        e = make_url(c, &call, &url);
    if (e == ERR_OK &&
        !(s->multi != NULL && set_call(c, &call, buf_str(&url), NULL) && set_stream(s)))
        e = ERR_NO_MEMORY;
    buf_free(&url);
    buf_free(&query);
    if (e != ERR_OK)
        client_stream_close(s);
    else
        *out = s;
    return e;
}

/* How the transfer ended, where it did. */
static enum err read_end(struct client_stream *s)
{
    int left = 0;
    long http = 0;
    const CURLMsg *message = curl_multi_info_read(s->multi, &left);
    if (message == NULL || message->msg != CURLMSG_DONE)
        return ERR_OK;
    if (message->data.result != CURLE_OK)
        return transport_error(s->client, message->data.result);
    (void)curl_easy_getinfo(s->client->curl, CURLINFO_RESPONSE_CODE, &http);
    if (http != 200)
        return problem_error(s->client, &s->problem, http);
    (void)snprintf(s->client->message, sizeof s->client->message, "the bank ended the stream");
    return ERR_UNAVAILABLE;
}

enum err client_stream_wait(struct client_stream *s, int fd, int timeout_ms)
{
    struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};
    int running = 0;
    if (curl_multi_perform(s->multi, &running) != CURLM_OK)
        return ERR_INTERNAL;
    if (running > 0 && !sse_ready(&s->sse))
        (void)curl_multi_poll(s->multi, &extra, fd >= 0 ? 1 : 0, timeout_ms, NULL);
    if (curl_multi_perform(s->multi, &running) != CURLM_OK)
        return ERR_INTERNAL;
    return running > 0 || sse_ready(&s->sse) ? ERR_OK : read_end(s); /* half an event is none */
}

enum err client_stream_next(struct client_stream *s, bool *found, struct sse_event *out)
{
    enum err e = sse_next(&s->sse, found, out);
    if (e == ERR_OK && *found && strcmp(out->name, "end") == 0)
        return problem_error(s->client, &out->data, 403);
    return e;
}

int64_t client_stream_last(const struct client_stream *s)
{
    return s->sse.last_id;
}

void client_stream_close(struct client_stream *s)
{
    if (s == NULL)
        return;
    if (s->multi != NULL) {
        (void)curl_multi_remove_handle(s->multi, s->client->curl);
        (void)curl_multi_cleanup(s->multi);
    }
    sse_free(&s->sse);
    buf_free(&s->problem);
    free(s);
}
