/* SPDX-License-Identifier: Apache-2.0
 *
 * application: what holders who want an account together ask for, each one's signed word on it, and
 * the text that he is shown and signs (docs/FORMAT.md sections 8.8 and 8.9), version 1, frozen.
 */
#ifndef ORDER_APPLICATION_H
#define ORDER_APPLICATION_H

#include "base/buf.h"
#include "base/err.h"
#include "order/policy.h"
#include "order/statement.h"

#define APPLICATION_MAX 15360u /* bytes: the policy that becomes of it fits POLICY_MAX */
#define APPLICATION_LIFE_US (INT64_C(30) * 86400 * 1000000)
#define APPLICATION_DISPLAY_VERSION "countersign-application-display/1;en"
#define APPLICATION_DISPLAY_MAX 65536u /* bytes */

/* --- the document --- */
struct application {
    char bank[BANK_MAX + 1];
    char currency[4];
    int64_t expires_us;
    uint8_t digest[DIGEST_LEN];
    struct buf bytes;
    /* With a bank's members that stand for nothing: its people, limits and rules count. */
    struct policy *policy;
};
/* POLICY_INVALID and the forms; APPLICATION_PERIOD for a policy that may be over before it is in
 * force; DOC_MEMBER_MISSING for no VALUE. The caller frees *OUT, also after a failure. */
MUST_CHECK enum err application_from_js(const struct js *value, struct application *out);
MUST_CHECK enum err application_parse(const void *bytes, size_t len, struct application *out);
void application_free(struct application *a); /* NULL-safe */

/* The first policy of ACCOUNT: what the holders signed, and the bank's own members. */
MUST_CHECK enum err application_policy(const struct application *a, const char *account,
                                       int64_t valid_from_us, struct policy **out);

/* Appends the policy of TERMS with stand-ins for the bank's members, whether it loads or not: what
 * policy_lint looks at. */
MUST_CHECK enum err application_policy_write(const struct policy_terms *terms, struct buf *out);
/* Appends the document. Of TERMS bank, title, currency, people, rules, limits and deputies count.
 */
MUST_CHECK enum err application_make(const struct policy_terms *terms, int64_t expires_us,
                                     const char *nonce, struct buf *out);

/* --- a word on it --- */
enum application_verb { APPLICATION_NONE, APPLICATION_APPLY, APPLICATION_WITHDRAW };
const char *application_verb_name(enum application_verb v); /* "apply" */
/* APPLICATION_NONE: there is no such verb. */
enum application_verb application_verb_from_name(const char *name);

struct application_word {
    struct statement head;
    enum application_verb verb;
    uint8_t application[DIGEST_LEN];
    uint8_t display_digest[DIGEST_LEN];
};
/* Form only: verify_application says whether it is about this application. */
MUST_CHECK enum err application_word_parse(const void *payload, size_t len,
                                           struct application_word *out);
/* The payload of a statement; its bank is the application's. */
MUST_CHECK enum err application_word_make(const struct application *a, enum application_verb verb,
                                          const struct statement *head, struct buf *out);
/* APPLICATION_PERIOD unless the application is over after the word, and within 30 days of it. */
MUST_CHECK enum err application_check_time(const struct application *a,
                                           const struct statement *head);

/* --- its name: the digest in hexadecimal digits --- */
#define APPLICATION_NAME_LEN ((size_t)2 * DIGEST_LEN)
#define APPLICATION_NAME_SHOWN 16               /* digits, as the text has them that is signed */
#define APPLICATION_NAME_LEAST 8                /* digits by which people find one */
bool application_name_is(const char *text);     /* a whole one */
bool application_name_begins(const char *text); /* with enough digits, or whole */

/* One among those that the bank lists, by how its name begins. */
struct application_search {
    const char *begins;
    char found[APPLICATION_NAME_LEN + 1];
    unsigned count; /* how many begin like this */
};
/* ANSWER: a page of the bank's list. */
void application_search(struct application_search *s, const struct js *answer);

/* Appends the text: all of what is asked for. */
MUST_CHECK enum err application_display_render(const struct application *a,
                                               enum application_verb verb, struct buf *out);
MUST_CHECK enum err application_display_digest(const struct application *a,
                                               enum application_verb verb,
                                               uint8_t out[static DIGEST_LEN]);

#endif
