/* SPDX-License-Identifier: Apache-2.0
 *
 * verifier: the library that alone makes a struct verified. It reads no clock, file, socket or
 * token; keys, policies and expectations come in as arguments, and nothing that comes out borrows
 * from them. Any number of threads may verify at once, if what they are found by lets them. Times
 * are microseconds since 1970 in UTC, amounts minor units of their currency.
 *
 * Every verify_*() stops at the first check that fails and returns its name, for which base/err.h
 * has the words; *OUT is NULL then, and otherwise the caller's, for verified_free.
 *
 * Installed with a pkg-config file and a CMake config; everything it needs is in this header and
 * those it includes.
 */
#ifndef VERIFIER_VERIFIER_H
#define VERIFIER_VERIFIER_H

#include "base/err.h"
#include "order/act.h"
#include "order/application.h"
#include "order/batch.h"
#include "order/decision.h"
#include "order/delegation.h"
#include "order/enrolment.h"
#include "order/order.h"
#include "order/policy.h"
#include "order/policy_change.h"
#include "order/rollover.h"
#include "order/rotation.h"
#include "order/sponsorship.h"
#include "order/statement.h"
#include "order/terminal.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the enrolled key for a thumbprint; NULL if there is none. Borrowed until the call of
 * verify_*() returns. */
typedef const struct key *(*verify_find_key_fn)(void *ctx, const char *thumbprint);

struct verify_keys {
    verify_find_key_fn find;
    void *ctx;
};

/* Finds a policy by its digest; NULL if there is none. Borrowed like a key. */
typedef const struct policy *(*verify_find_policy_fn)(void *ctx,
                                                      const uint8_t digest[static DIGEST_LEN]);

struct verify_policies {
    verify_find_policy_fn find;
    void *ctx;
};

/* A statement whose every check passed. Only verify_*() makes one; nobody else can. */
struct verified;

/* Checks a decision in the order of docs/FORMAT.md section 5, or with INCLUSION an approval by
 * batch in that of section 5.1. ORDER and POLICY are what the decision must be about, BANK the name
 * expected. A policy that cannot be found is POLICY_MISMATCH. Does not judge time, rights, key
 * status, nor what else came by the batch. */
struct verify_decision_input {
    const char *bank; /* NULL: the order's own is taken (an offline check without a pin) */
    const char *jws;
    size_t jws_len;
    const struct order *order;
    const struct batch_inclusion *inclusion; /* the order's place in a batch; NULL: by itself */
    const struct policy *policy;             /* NULL: the one of the signed digest is looked up */
    struct verify_policies policies;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_decision(const struct verify_decision_input *in, struct verified **out);

/* Checks a batch decision as far as no order has to be there: what comes of it is no decision. */
struct verify_batch_input {
    const char *bank, *account;
    const char *jws;
    size_t jws_len;
    const struct policy *policy;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_batch(const struct verify_batch_input *in, struct verified **out);

/* Checks a terminal's statement in the order of docs/FORMAT.md section 5.3: DOC_TYPE when ORDER is
 * no cash. Does not judge time, key status or whether the key is the terminal's. */
struct verify_terminal_input {
    const char *bank;
    const char *jws;
    size_t jws_len;
    const struct order *order;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_terminal(const struct verify_terminal_input *in, struct verified **out);

/* Checks a login: form, key, signature, bank. The caller compares session with the TLS key. */
MUST_CHECK enum err verify_login(const char *bank, const char *jws, size_t jws_len,
                                 struct verify_keys keys, struct verified **out);

/* Checks a word on a new policy in the order of docs/FORMAT.md section 8.1. STEP.to is the new
 * policy; STEP.from may be NULL: the one that the statement replaces is looked up. Does not judge
 * time, rights, key status or whether STEP.from is in force. */
struct verify_policy_input {
    const char *bank;
    const char *jws;
    size_t jws_len;
    struct policy_step step;
    struct verify_policies policies;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_policy_change(const struct verify_policy_input *in,
                                         struct verified **out);

/* Checks a word on APPLICATION in the order of docs/FORMAT.md section 8.8. Does not judge
 * freshness, key status or whether the signer is one of its holders. */
struct verify_application_input {
    const char *bank;
    const char *jws;
    size_t jws_len;
    const struct application *application;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_application(const struct verify_application_input *in,
                                       struct verified **out);

/* Checks a delegation of ACCOUNT in the order of docs/FORMAT.md section 8.3. Does not judge time,
 * rights, key status or whether the policy is in force. */
struct verify_delegation_input {
    const char *bank, *account;
    const char *jws;
    size_t jws_len;
    const struct policy *policy; /* NULL: the one of the signed digest is looked up */
    struct verify_policies policies;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_delegation(const struct verify_delegation_input *in,
                                      struct verified **out);

/* Checks a rotation in the order of docs/FORMAT.md section 8.7, the new key's proof included. KEY,
 * if not NULL, is the old key's thumbprint as the reader expects it. Does not judge time, key
 * status or whether the new key is somebody's already. */
struct verify_rotation_input {
    const char *bank, *key;
    const char *jws;
    size_t jws_len;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_rotation(const struct verify_rotation_input *in, struct verified **out);

/* Checks a sponsorship of the request ENROLMENT in the order of docs/FORMAT.md section 8.10. Does
 * not judge time, rights, key status, nor whether key and name are those of the request. */
struct verify_sponsorship_input {
    const char *bank, *enrolment;
    const char *jws;
    size_t jws_len;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_sponsorship(const struct verify_sponsorship_input *in,
                                       struct verified **out);

/* Checks an operator's act: form, key, signature, bank, and ACT_MISMATCH unless it is the one that
 * PATH asks for. Does not judge time, roles, key status or what the request says. */
struct verify_act_input {
    const char *bank, *path;
    const char *jws;
    size_t jws_len;
    struct verify_keys keys;
};
MUST_CHECK enum err verify_act(const struct verify_act_input *in, struct verified **out);

/* Checks a request to be enrolled in the order of docs/FORMAT.md section 8.6, under the key that it
 * brings. Does not judge time, nor whether somebody has a key of it already. */
MUST_CHECK enum err verify_enrolment(const char *bank, const char *jws, size_t jws_len,
                                     struct verified **out);

void verified_free(struct verified *v); /* NULL-safe */

enum statement_kind verified_kind(const struct verified *v);
const char *verified_signer(const struct verified *v); /* thumbprint */
const struct statement *verified_head(const struct verified *v);
const uint8_t *verified_jws_digest(const struct verified *v); /* SHA-256 of the JWS text */
/* NULL unless a decision, be it by batch. */
const struct decision *verified_decision(const struct verified *v);
/* The whole batch that it came by, and its place there; NULL: it was signed by itself. */
const struct batch *verified_batch(const struct verified *v);
const struct batch_inclusion *verified_inclusion(const struct verified *v);
const struct statement_login *verified_login(const struct verified *v);
const struct policy_change *verified_policy_change(const struct verified *v);
const struct application_word *verified_application(const struct verified *v);
const struct terminal *verified_terminal(const struct verified *v);
const struct delegation *verified_delegation(const struct verified *v);
const struct sponsorship *verified_sponsorship(const struct verified *v);
const struct rotation *verified_rotation(const struct verified *v);
const struct operator_act *verified_act(const struct verified *v);
const struct enrolment *verified_enrolment(const struct verified *v);
/* The JWS text, kept as it came, NUL-terminated; LEN may be NULL. */
const char *verified_jws(const struct verified *v, size_t *len);

/* --- the bank's root key was replaced (docs/FORMAT.md section 7.1) --- */
#define VERIFY_ROLLOVERS_MAX 16u
struct js;
struct verify_rollovers;

/* LIST, an array of them from the first on, is one chain, each signed by the root that it replaces
 * and by the new one. BANK NULL: any one bank. ROLLOVER_UNPROVEN, _FORK, _GAP, _LOOP, BANK_MISMATCH
 * and what the signatures give. Believes nobody: that is verify_rolled's and verify_evidence's. */
MUST_CHECK enum err verify_rollovers(const struct js *list, const char *bank,
                                     struct verify_rollovers **out);
void verify_rollovers_free(struct verify_rollovers *r);          /* NULL-safe */
size_t verify_rollovers_count(const struct verify_rollovers *r); /* NULL: 0 */
const struct rollover *verify_rollovers_at(const struct verify_rollovers *r, size_t i);
/* SHA-256 of its payload: what the next one calls `previous`. */
const uint8_t *verify_rollovers_digest(const struct verify_rollovers *r, size_t i);

/* *ROOT is the thumbprint of the root that holds now, for who pinned PIN before and asks the bank
 * at NOW_US. KEY_MISMATCH: none leads there; ROLLOVER_EXPIRED, ISSUED_IN_FUTURE. */
MUST_CHECK enum err verify_rolled(const struct verify_rollovers *r, const char *pin, int64_t now_us,
                                  const char **root);

/* --- evidence (docs/FORMAT.md section 12) --- */
struct verify_evidence_input {
    const void *bytes; /* the document alone, without the line end that its file may have */
    size_t len;
    const char *bank_key; /* thumbprint of the bank's root key: the pin; required */
    const struct verify_rollovers *rollovers; /* that the reader has himself; or NULL */
    const char *const *holder_keys;           /* thumbprints that the reader vouches for himself */
    size_t holder_key_count;
};

#define VERIFY_SIGNERS_MAX 128u
/* Who vouched for somebody when he asked to be enrolled: by which key, as holder of what. Whose
 * that key is the bank says. */
#define VERIFY_SPONSORS_MAX 8u
struct verify_sponsor {
    char holder[HOLDER_MAX + 1];
    char account[IBAN_MAX + 1];
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
};
struct verify_sponsors {
    struct verify_sponsor at[VERIFY_SPONSORS_MAX];
    size_t count;
};
struct verify_signer {
    char holder[HOLDER_MAX + 1];
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    enum verb verb;
    int64_t issued_us;
    int64_t batch; /* how many orders the same signature approves; 0: it is on this one alone */
    bool pinned;   /* false: vouched for by the bank only */
    bool ceremony; /* the key was enrolled with a proof that its owner has it */
    bool retired;  /* another key took its place by the status's time; the decision stands */
    struct verify_sponsors sponsors; /* of the key, or of the first of those whose place it took */
};
/* Who may stand for whom at the status's time, and the key that says so. */
struct verify_deputy {
    char deputy[HOLDER_MAX + 1];
    char principal[HOLDER_MAX + 1];
    char thumbprint[KEY_THUMBPRINT_LEN + 1]; /* the principal's */
    bool pinned, ceremony;                   /* as of a signer */
    struct verify_sponsors sponsors;
};
/* Who approved a policy that came into force: each key once, with the first that it approved. The
 * account's first policy, version 1, is the bank's to enter unless its holders applied for it. Each
 * has an enrolment and a word among the 1,024 entries. */
#define VERIFY_POLICY_SIGNERS_MAX 512u
struct verify_policy_signer {
    char holder[HOLDER_MAX + 1];
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    int64_t version;
    bool pinned, ceremony; /* as of a signer */
    struct verify_sponsors sponsors;
};
/* What an operator of the bank did about the order. */
#define VERIFY_WORDS_MAX 1024u
#define VERIFY_OPERATOR_MAX 560u /* 140 code points of four bytes */
struct verify_word {
    char operator_name[VERIFY_OPERATOR_MAX + 1];
    char said[10]; /* type of the entry: held, released, closed, confirmed or returned */
    int64_t time_us;
    char
        thumbprint[KEY_THUMBPRINT_LEN + 1]; /* of the key that signed for it; "": the bank's word */
    bool pinned;                            /* as of a signer */
};
/* More than a megabyte: nothing for a stack. No part of it is to be freed. */
struct verify_report {
    struct order order;
    char status[5]; /* ISO code */
    char reason[5]; /* ISO reason, or "" */
    int64_t status_time_us;
    uint64_t tree_size;
    unsigned put_back; /* how often the bank's clock was between the entries, by its word */
    char root[KEY_THUMBPRINT_LEN + 1]; /* the root key that signed, or "": the pinned one */
    unsigned rollovers;                /* between it and the pin */
    int64_t root_until_us;             /* an older one than the pin: until when it counts; else 0 */
    char policy_title[POLICY_TITLE_BYTES + 1];
    int64_t policy_version;
    unsigned required, given;
    struct verify_signer signers[VERIFY_SIGNERS_MAX];
    size_t signer_count;
    struct verify_deputy deputies[POLICY_HOLDERS_MAX];
    size_t deputy_count;
    struct verify_policy_signer policy_signers[VERIFY_POLICY_SIGNERS_MAX];
    size_t policy_signer_count;
    bool applied; /* the account's first policy is what all its holders signed; else the bank's */
    struct verify_word words[VERIFY_WORDS_MAX];
    size_t word_count;
    char where[96]; /* after a refusal: which part of the file, for people */
};
/* ERR_OK: everything in the file is as the format demands and the report is filled; otherwise only
 * its WHERE is. */
MUST_CHECK enum err verify_evidence(const struct verify_evidence_input *in,
                                    struct verify_report *out);

/* Bank keys under the pin: fills the statement; the log key is the one of use log. */
MUST_CHECK enum err verify_bank_keys(const char *jws, size_t len, const char *root_thumbprint,
                                     struct statement_bank_keys *out);

#endif
