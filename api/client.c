/* SPDX-License-Identifier: Apache-2.0 */
#include "api/client.h"
#include "api/trust.h"
#include "base/log.h"
#include "order/json.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000L
#define URL_MAX 2048u

struct client {
    CURL *curl;
    struct curl_slist *headers;
    struct trust *trust; /* NULL on a Unix socket */
    char *url;           /* without a slash at the end */
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

static enum err problem_error(struct client *c, const struct buf *answer, long http)
{
    struct js *problem = NULL;
    enum err e = http >= 500 ? ERR_UNAVAILABLE : ERR_USAGE;
    (void)snprintf(c->message, sizeof c->message, "the bank answered %ld", http);
    if (js_parse(answer->data, answer->len, &problem) == ERR_OK) {
        size_t len = 0;
        const char *name = js_text(js_get(problem, "name"), &len);
        if (name != NULL)
            e = err_from_name(name, len);
        const char *detail = js_text(js_get(problem, "detail"), &len);
        (void)snprintf(c->message, sizeof c->message, "%s", detail != NULL ? detail : "");
    }
    js_free(problem);
    return e;
}

enum err client_call(struct client *c, const struct client_call *call, struct buf *answer)
{
    struct buf url = BUF_INIT(URL_MAX), body = BUF_INIT(CLIENT_ANSWER_MAX);
    c->message[0] = c->curl_message[0] = '\0';
    enum err e = make_url(c, call, &url);
    if (e == ERR_OK && !set_call(c, call, buf_str(&url), &body))
        e = ERR_NO_MEMORY;
    if (e == ERR_OK) {
        CURLcode code = curl_easy_perform(c->curl);
        long http = 0;
        if (code != CURLE_OK) {
            e = transport_error(c, code);
        } else {
            (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &http);
            e = http >= 200 && http < 300 ? ERR_OK : problem_error(c, &body, http);
            log_event(LOG_DEBUG, "bank.answer", "route=%s status=%ld bytes=%zu",
                      route_info(call->route)->path, http, body.len);
        }
    }
    if (body.len > 0 && buf_add(answer, body.data, body.len) != ERR_OK && e == ERR_OK)
        e = ERR_NO_MEMORY;
    buf_free(&url);
    buf_free(&body);
    return e;
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
