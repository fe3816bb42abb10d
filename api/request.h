/* SPDX-License-Identifier: Apache-2.0
 *
 * request: the bodies and queries of the HTTP API (docs/openapi.yaml) as plain structs: the bank
 * reads them, clients make them. A body is one JSON object, not necessarily canonical; a member
 * that is not listed is refused. Only forms are judged here; rules are the bank's.
 *
 * Readers: the js_parse errors, DOC_MEMBER_UNKNOWN, _MISSING, _INVALID and the names of the forms.
 * What a reader filled borrows nothing from the bytes. Makers append to OUT, or nothing on error.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include "base/buf.h"
#include "base/err.h"
#include "order/application.h"
#include "order/batch.h"
#include "order/order.h"
#include "order/policy.h"
#include "order/role.h"
#include "order/waits.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct js;

/* CHALLENGE: {"for":"login"|"decision","thumbprint":…}: whose key is to sign what. */
struct request_challenge {
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    bool for_login;
};
MUST_CHECK enum err request_challenge_read(const void *bytes, size_t len,
                                           struct request_challenge *out);
MUST_CHECK enum err request_challenge_make(const struct request_challenge *in, struct buf *out);

/* LOGIN: {"login":JWS}; DELEGATE: {"delegation":JWS}; ROTATE: {"rotation":JWS};
 * SPONSOR: {"sponsorship":JWS}; ENROL: {"enrolment":JWS}; every act of an operator over a session
 * of his own: {"act":JWS}. MEMBER is the name. */
#define REQUEST_LOGIN "login"
#define REQUEST_DELEGATION "delegation"
#define REQUEST_ROTATION "rotation"
#define REQUEST_SPONSORSHIP "sponsorship"
#define REQUEST_ACT "act"
#define REQUEST_ENROLMENT "enrolment"
struct request_statement {
    struct js *body; /* owns the text */
    const char *jws;
    size_t jws_len;
};
MUST_CHECK enum err request_statement_read(const void *bytes, size_t len, const char *member,
                                           struct request_statement *out);
MUST_CHECK enum err request_statement_make(const char *member, const char *jws, struct buf *out);
void request_statement_free(struct request_statement *r);

/* DECIDE: {"decision":JWS,"order":{…}}, of a batch with "inclusion":{…}, the order's place in it.
 */
struct request_decide {
    struct js *body; /* owns the statement's text; the rest stands without it */
    const char *jws;
    size_t jws_len;
    struct order order;
    struct buf order_bytes; /* the order's canonical form */
    bool by_batch;
    struct batch_inclusion inclusion;
};
MUST_CHECK enum err request_decide_read(const void *bytes, size_t len, struct request_decide *out);
MUST_CHECK enum err request_decide_make(const char *jws, const void *order_bytes, size_t order_len,
                                        struct buf *out);
/* With the order's place in a batch; its bytes are canonical. */
MUST_CHECK enum err request_batch_make(const char *jws, const struct batch_inclusion *inclusion,
                                       const struct buf *order, struct buf *out);
void request_decide_free(struct request_decide *r);
/* Frees the body alone: once the statement is verified nobody reads it here. */
void request_decide_drop_body(struct request_decide *r);
/* CASH: {"order":{…},"statement":JWS}, the terminal's. */
MUST_CHECK enum err request_cash_read(const void *bytes, size_t len, struct request_decide *out);
MUST_CHECK enum err request_cash_make(const char *jws, const void *order_bytes, size_t order_len,
                                      struct buf *out);

/* POLICY_DECIDE: {"decision":JWS,"policy":{…}} */
struct request_policy {
    struct js *body; /* owns the text */
    const char *jws;
    size_t jws_len;
    struct policy *to;
};
MUST_CHECK enum err request_policy_read(const void *bytes, size_t len, struct request_policy *out);
MUST_CHECK enum err request_policy_make(const char *jws, const struct policy *to, struct buf *out);
void request_policy_free(struct request_policy *r);

/* APPLY: {"application":{…},"statement":JWS} */
struct request_application {
    struct js *body; /* owns the text */
    const char *jws;
    size_t jws_len;
    struct application application;
};
MUST_CHECK enum err request_application_read(const void *bytes, size_t len,
                                             struct request_application *out);
MUST_CHECK enum err request_application_make(const char *jws, const struct application *a,
                                             struct buf *out);
void request_application_free(struct request_application *r);

/* APPLICATION_ADMIT: {"account":IBAN}: the bank's for it. */
struct request_opening {
    char account[IBAN_MAX + 1];
};
MUST_CHECK enum err request_opening_read(const void *bytes, size_t len,
                                         struct request_opening *out);
MUST_CHECK enum err request_opening_make(const struct request_opening *in, struct buf *out);

/* HOLDER_ADD: {"holder":…,"name":…,"spki":base64url of DER}. The key is not parsed here. */
#define REQUEST_SPKI_MAX 2048u /* bytes: room for keys that are refused by name */
struct request_holder {
    char holder[HOLDER_MAX + 1];
    char name[ORDER_TEXT_BYTES + 1];
    uint8_t spki[REQUEST_SPKI_MAX];
    size_t spki_len;
};
MUST_CHECK enum err request_holder_read(const void *bytes, size_t len, struct request_holder *out);
MUST_CHECK enum err request_holder_make(const struct request_holder *in, struct buf *out);
/* TERMINAL_ADD: the same with "terminal" for "holder". */
MUST_CHECK enum err request_terminal_read(const void *bytes, size_t len,
                                          struct request_holder *out);
MUST_CHECK enum err request_terminal_make(const struct request_holder *in, struct buf *out);

/* ENROLMENT_ADMIT: {"holder":…,"name":…,"thumbprint":…}: who he is from now on, and what his letter
 * says; with "another":true he is there already, and gets another key. */
struct request_admission {
    char holder[HOLDER_MAX + 1];
    char name[ORDER_TEXT_BYTES + 1];
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    bool another;
};
MUST_CHECK enum err request_admission_read(const void *bytes, size_t len,
                                           struct request_admission *out);
MUST_CHECK enum err request_admission_make(const struct request_admission *in, struct buf *out);

/* OPERATOR_ADD: as HOLDER_ADD, with "operator". */
MUST_CHECK enum err request_operator_read(const void *bytes, size_t len,
                                          struct request_holder *out);
MUST_CHECK enum err request_operator_make(const struct request_holder *in, struct buf *out);
/* OPERATOR_ROLES: {"note":…,"roles":[…]}: all the roles from now on. */
struct request_roles {
    char note[ORDER_TEXT_BYTES + 1];
    role_set roles;
};
MUST_CHECK enum err request_roles_read(const void *bytes, size_t len, struct request_roles *out);
MUST_CHECK enum err request_roles_make(const struct request_roles *in, struct buf *out);

/* ROLLOVER: {"overlapDays":N}: another root key for the bank, and for how long clients find their
 * way from the old one. */
#define REQUEST_OVERLAP_DAYS_MAX 366
struct request_rollover {
    int64_t overlap_days;
};
MUST_CHECK enum err request_rollover_read(const void *bytes, size_t len,
                                          struct request_rollover *out);
MUST_CHECK enum err request_rollover_make(const struct request_rollover *in, struct buf *out);

/* ACCOUNT_OPEN: {"account":IBAN,"currency":…,"deputies":[…],"holders":[…],"limits":[…],
 * "rules":[…],"signatures":"single","title":…}. A holder is an id, of class A, or
 * {"class":…,"id":…}; deputies, limits, rules and signatures may be absent. */
struct request_account {
    char account[IBAN_MAX + 1];
    char currency[ORDER_CURRENCY_LEN + 1];
    char title[POLICY_TITLE_BYTES + 1];
    struct policy_person people[POLICY_HOLDERS_MAX];
    size_t count;
    struct buf rules, limits, deputies; /* canonical; empty when absent */
    bool single;                        /* signatures */
};
void request_account_free(struct request_account *r);
MUST_CHECK enum err request_account_read(const void *bytes, size_t len,
                                         struct request_account *out);
MUST_CHECK enum err request_account_make(const struct request_account *in, struct buf *out);

/* FUND: {"amount":…,"currency":…} */
struct request_fund {
    char amount[ORDER_AMOUNT_TEXT + 1];
    char currency[ORDER_CURRENCY_LEN + 1];
};
MUST_CHECK enum err request_fund_read(const void *bytes, size_t len, struct request_fund *out);
MUST_CHECK enum err request_fund_make(const struct request_fund *in, struct buf *out);

/* CATEGORY_RULE: {"category":…,"payee":IBAN}; MOVEMENT_CATEGORY: {"category":…}. The category may
 * be absent: then the rule, or what was said of the movement, is taken back. */
struct request_category {
    char category[CATEGORY_MAX + 1]; /* "" when absent */
    char payee[IBAN_MAX + 1];        /* "" for a movement */
};
MUST_CHECK enum err request_category_rule_read(const void *bytes, size_t len,
                                               struct request_category *out);
MUST_CHECK enum err request_movement_category_read(const void *bytes, size_t len,
                                                   struct request_category *out);
/* Either, by its payee. */
MUST_CHECK enum err request_category_make(const struct request_category *in, struct buf *out);

/* What an operator decides, such as CLOCK_ACCEPT, BLOCK or ENROLMENT_REFUSE: {"note":…}: why, in
 * the operator's words. */
struct request_note {
    char note[ORDER_TEXT_BYTES + 1];
};
MUST_CHECK enum err request_note_read(const void *bytes, size_t len, struct request_note *out);
MUST_CHECK enum err request_note_make(const struct request_note *in, struct buf *out);

/* What he decides about an order, such as RELEASE or HOLD: {"entry":…,"note":…}. ENTRY is the
 * newest entry about the order as he saw it; without it, whatever happened meanwhile. */
struct request_word {
    char note[ORDER_TEXT_BYTES + 1];
    int64_t entry; /* 0 when absent */
};
MUST_CHECK enum err request_word_read(const void *bytes, size_t len, struct request_word *out);
MUST_CHECK enum err request_word_make(const struct request_word *in, struct buf *out);

/* CLAIM: {"item":…,"note":…,"operator":…}: whose work the item is from now on; the caller's when
 * the operator is absent. */
#define REQUEST_ITEM_MAX 96
struct request_claim {
    char item[REQUEST_ITEM_MAX + 1];
    char note[ORDER_TEXT_BYTES + 1];
    char operator_id[HOLDER_MAX + 1]; /* "" when absent */
};
MUST_CHECK enum err request_claim_read(const void *bytes, size_t len, struct request_claim *out);
MUST_CHECK enum err request_claim_make(const struct request_claim *in, struct buf *out);
/* GIVE_BACK: the same without an operator: it is nobody's. */
MUST_CHECK enum err request_give_back_read(const void *bytes, size_t len,
                                           struct request_claim *out);
/* COMMENT: {"item":…,"text":…} */
struct request_comment {
    char item[REQUEST_ITEM_MAX + 1];
    char text[ORDER_TEXT_BYTES + 1];
};
MUST_CHECK enum err request_comment_read(const void *bytes, size_t len,
                                         struct request_comment *out);
MUST_CHECK enum err request_comment_make(const struct request_comment *in, struct buf *out);

/* RETURN: {"entry":…,"note":…,"reason":ISO code}: why another bank sent the money back. */
struct request_return {
    char note[ORDER_TEXT_BYTES + 1];
    int64_t entry; /* 0 when absent */
    char reason[5];
};
MUST_CHECK enum err request_return_read(const void *bytes, size_t len, struct request_return *out);
MUST_CHECK enum err request_return_make(const struct request_return *in, struct buf *out);

/* CREDIT: {"account":IBAN,"amount":…,"currency":…,"debtorAccount":IBAN,"debtorName":…,
 * "description":…,"reference":…}; debtorAccount and description may be absent. */
#define REQUEST_REFERENCE_CHARS 35
struct request_credit {
    char account[IBAN_MAX + 1];
    char amount[ORDER_AMOUNT_TEXT + 1];
    char currency[ORDER_CURRENCY_LEN + 1];
    char debtor_account[IBAN_MAX + 1];
    char debtor_name[ORDER_TEXT_BYTES + 1];
    char description[ORDER_TEXT_BYTES + 1];
    char reference[4 * REQUEST_REFERENCE_CHARS + 1];
};
MUST_CHECK enum err request_credit_read(const void *bytes, size_t len, struct request_credit *out);
MUST_CHECK enum err request_credit_make(const struct request_credit *in, struct buf *out);

/* ASSIGN: {"account":IBAN,"note":…}: whose the credit is. */
struct request_assign {
    char account[IBAN_MAX + 1];
    char note[ORDER_TEXT_BYTES + 1];
};
MUST_CHECK enum err request_assign_read(const void *bytes, size_t len, struct request_assign *out);
MUST_CHECK enum err request_assign_make(const struct request_assign *in, struct buf *out);

/* KEY_SET: {"note":…,"status":"active"|"suspended"|"revoked"} */
struct request_key {
    char note[ORDER_TEXT_BYTES + 1];
    char status[16];
};
MUST_CHECK enum err request_key_read(const void *bytes, size_t len, struct request_key *out);
MUST_CHECK enum err request_key_make(const struct request_key *in, struct buf *out);

/* CONTACT_SET: {"email":…,"language":…,"webhook":…}, where its sender wants to be told of news. */
struct request_contact {
    char email[255], webhook[501]; /* "" when absent */
    char language[3];              /* "en" when absent */
};
MUST_CHECK enum err request_contact_read(const void *bytes, size_t len,
                                         struct request_contact *out);
MUST_CHECK enum err request_contact_make(const struct request_contact *in, struct buf *out);

/* CONTACT_CONFIRM: {"code":"12345678"}, as the new address got it. */
#define REQUEST_CONTACT_CODE_LEN 8
struct request_contact_code {
    char code[REQUEST_CONTACT_CODE_LEN + 1];
};
MUST_CHECK enum err request_contact_code_read(const void *bytes, size_t len,
                                              struct request_contact_code *out);
MUST_CHECK enum err request_contact_code_make(const struct request_contact_code *in,
                                              struct buf *out);

/* COURIER: {"carried":[{"error":…,"jitter":…,"notice":…,"outcome":…},…]} */
#define REQUEST_CARRIED_MAX 50
enum request_outcome { REQUEST_CARRIED, REQUEST_FAILED, REQUEST_UNWANTED };
struct request_carried {
    char notice[128], error[256];
    enum request_outcome outcome;
    unsigned jitter;
};
struct request_courier {
    struct request_carried carried[REQUEST_CARRIED_MAX];
    size_t count;
};
MUST_CHECK enum err request_courier_read(const void *bytes, size_t len,
                                         struct request_courier *out);

/* The query of a route. A list takes "cursor" and "limit", the log "from" and "limit", what is of a
 * period also the days "from" and "to", every other route none. USAGE for another name, a name
 * twice, a number out of range or a percent-encoding; DATE_INVALID. */
#define REQUEST_CURSOR_MAX 64
#define REQUEST_LIMIT_MAX 200u
enum request_query_name {
    REQUEST_CURSOR = 1,
    REQUEST_LIMIT = 2,
    REQUEST_FROM = 4,     /* the number of an entry */
    REQUEST_FROM_DAY = 8, /* excludes REQUEST_FROM */
    REQUEST_TO_DAY = 16,
    REQUEST_WAITING = 32,
    REQUEST_AFTER = 64 /* the number of an event */
};
struct request_query {
    char cursor[REQUEST_CURSOR_MAX + 1]; /* [A-Za-z0-9._-], "" when absent */
    unsigned limit;                      /* 1..REQUEST_LIMIT_MAX, 0 when absent */
    uint64_t from;                       /* 0 when absent */
    int32_t from_day, to_day;            /* since 1970; 0 when absent */
    enum waits waiting;                  /* ANY when absent */
    bool has_after;
    uint64_t after;
};
/* The same of the number alone, as the header Last-Event-ID has it. */
MUST_CHECK enum err request_after_read(const char *value, size_t len, struct request_query *out);
/* The value of an Idempotency-Key, a string of RFC 8941 in its quotation marks:
 * IDEMPOTENCY_KEY_INVALID. */
#define REQUEST_ONCE_MAX 64u
MUST_CHECK enum err request_once_read(const char *value, size_t len,
                                      char out[static REQUEST_ONCE_MAX + 1]);

/* ALLOWED is a set of enum request_query_name. */
MUST_CHECK enum err request_query_read(const char *query, size_t len, unsigned allowed,
                                       struct request_query *out);

#endif
