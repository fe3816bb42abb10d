/* SPDX-License-Identifier: Apache-2.0 */
#include "order/application.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/doc.h"
#include "order/json.h"
#include <string.h>

/* Stand where the bank's members will, so that the policy can be judged before there are any. */
#define NO_ACCOUNT "PT77000000000000000000000"
#define YEAR_2000_US (946684800 * TEXT_SECOND_US)

/* What the bank adds to the policy, and nobody may ask for. */
static const char *const banks_own[] = {"account", "bank",      "currency",
                                        "type",    "validFrom", "version"};

/* --- the policy in it --- */

static enum err add_members(const struct application *a, const char *account, int64_t valid_from_us,
                            struct js *policy)
{
    enum err e = js_set_text(policy, "account", account);

    if (e == ERR_OK)
        e = js_set_text(policy, "bank", a->bank);
    if (e == ERR_OK)
        e = js_set_text(policy, "currency", a->currency);
    if (e == ERR_OK)
        e = js_set_text(policy, "type", "policy");
    if (e == ERR_OK)
        e = member_set_time(policy, "validFrom", valid_from_us);
    return e == ERR_OK ? js_set_int(policy, "version", 1) : e;
}

/* ASKED is what the application has. */
static enum err complete(const struct application *a, const struct js *asked, const char *account,
                         int64_t valid_from_us, struct policy **out)
{
    struct js *policy = NULL;
    enum err e = js_copy(asked, &policy);

    if (e == ERR_OK)
        e = add_members(a, account, valid_from_us, policy);
    if (e == ERR_OK)
        e = policy_from_js(policy, out);
    js_free(policy);
    return e;
}

enum err application_policy(const struct application *a, const char *account, int64_t valid_from_us,
                            struct policy **out)
{
    struct js *value = NULL;
    enum err e = js_parse_canonical(a->bytes.data, a->bytes.len, &value);

    *out = NULL;
    if (e == ERR_OK)
        e = complete(a, js_get(value, "policy"), account, valid_from_us, out);
    js_free(value);
    return e;
}

/* --- reading --- */

static enum err read_policy(const struct js *asked, struct application *out)
{
    for (size_t i = 0; i < sizeof banks_own / sizeof *banks_own; i++) {
        if (js_get(asked, banks_own[i]))
            return ERR_DOC_MEMBER_UNKNOWN;
    }
    enum err e = complete(out, asked, NO_ACCOUNT, YEAR_2000_US, &out->policy);
    /* Whenever it is admitted, its holders can do something with it. */
    if (e == ERR_OK && policy_valid_until(out->policy) <= out->expires_us)
        e = ERR_APPLICATION_PERIOD;
    return e;
}

static enum err read_members(const struct js *value, struct application *out)
{
    const struct js *bank, *currency, *expires, *nonce, *policy, *type, *version;
    const struct js_member table[] = {
        MEMBER_TEXT("bank", true, &bank),
        MEMBER_TEXT("currency", true, &currency),
        MEMBER_TEXT("expires", true, &expires),
        MEMBER_TEXT("nonce", true, &nonce),
        MEMBER_OBJECT("policy", true, &policy),
        MEMBER_TEXT("type", true, &type),
        MEMBER_INT("version", -JS_INT_MAX, JS_INT_MAX, &version),
    };
    char unused[NONCE_LEN + 1];
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_type(type, "application", version);
    if (e == ERR_OK)
        e = member_text(bank, forms_bank, out->bank, sizeof out->bank);
    if (e == ERR_OK)
        e = member_text(currency, amount_check_currency, out->currency, sizeof out->currency);
    if (e == ERR_OK)
        e = member_time(expires, &out->expires_us);
    if (e == ERR_OK)
        e = member_text(nonce, forms_nonce, unused, sizeof unused);
    return e == ERR_OK ? read_policy(policy, out) : e;
}

enum err application_from_js(const struct js *value, struct application *out)
{
    enum err e;

    *out = (struct application){.bytes = BUF_INIT(APPLICATION_MAX)};
    if (!value)
        return ERR_DOC_MEMBER_MISSING;
    e = js_canon(value, &out->bytes);
    if (e == ERR_OK)
        e = key_digest(out->bytes.data, out->bytes.len, out->digest);
    return e == ERR_OK ? read_members(value, out) : e;
}

enum err application_parse(const void *bytes, size_t len, struct application *out)
{
    struct js *value = NULL;
    enum err e;

    *out = (struct application){.policy = NULL};
    if (len > APPLICATION_MAX)
        return ERR_TOO_LARGE;
    e = js_parse_canonical(bytes, len, &value);
    if (e == ERR_OK)
        e = application_from_js(value, out);
    js_free(value);
    return e;
}

void application_free(struct application *a)
{
    if (!a)
        return;
    policy_free(a->policy);
    buf_free(&a->bytes);
    *a = (struct application){.policy = NULL};
}

/* --- writing --- */

enum err application_policy_write(const struct policy_terms *terms, struct buf *out)
{
    struct policy_terms whole = *terms;

    whole.account = NO_ACCOUNT;
    whole.version = 1;
    whole.valid_from_us = YEAR_2000_US;
    return policy_write(&whole, out);
}

/* What a policy of these terms has beside the bank's members. */
static enum err asked_policy(const struct policy_terms *terms, struct buf *out)
{
    struct buf bytes = BUF_INIT(POLICY_MAX);
    struct js *policy = NULL;
    enum err e = application_policy_write(terms, &bytes);

    if (e == ERR_OK)
        e = js_parse(bytes.data, bytes.len, &policy);
    for (size_t i = 0; e == ERR_OK && i < sizeof banks_own / sizeof *banks_own; i++)
        js_drop(policy, banks_own[i]);
    if (e == ERR_OK)
        e = js_canon(policy, out);
    js_free(policy);
    buf_free(&bytes);
    return e;
}

enum err application_make(const struct policy_terms *terms, int64_t expires_us, const char *nonce,
                          struct buf *out)
{
    struct buf asked = BUF_INIT(POLICY_MAX);
    struct doc doc = {0};
    enum err e = asked_policy(terms, &asked);

    doc_object(&doc);
    doc_text(&doc, "bank", terms->bank);
    doc_text(&doc, "currency", terms->currency);
    doc_time(&doc, "expires", expires_us);
    doc_text(&doc, "nonce", nonce);
    doc_canonical(&doc, "policy", asked.data, asked.len);
    doc_text(&doc, "type", "application");
    doc_int(&doc, "version", 1);
    if (e == ERR_OK)
        e = doc_canon(&doc, out);
    doc_free(&doc);
    buf_free(&asked);
    return e;
}
