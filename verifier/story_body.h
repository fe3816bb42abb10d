/* SPDX-License-Identifier: Apache-2.0
 *
 * story_body: the body of struct story, shared by the files that add one kind of entry each.
 */
#ifndef VERIFIER_STORY_BODY_H
#define VERIFIER_STORY_BODY_H

#include "order/flag.h"
#include "order/json.h"
#include "order/key_status.h"
#include "order/member.h"
#include "order/status.h"
#include "verifier/story.h"

#define STORY_KEYS_MAX 1024 /* as many as an evidence file has entries */
#define STORY_STEPS_MAX 16
#define STORY_POLICIES_MAX 1024   /* likewise: one word may bring one into force */
#define STORY_DELEGATIONS_MAX 512 /* principals */
#define STORY_VOTES_MAX (2 * POLICY_HOLDERS_MAX)

/* Whose keys there are. */
enum story_kind { STORY_PERSON, STORY_TERMINAL, STORY_OPERATOR };

struct enrolled {
    struct key *key;
    char holder[HOLDER_MAX + 1];
    enum story_kind kind;
    bool ceremony; /* asked for with a proof of possession */
    enum key_status status;
    bool rotated;  /* another one took its place */
    size_t before; /* the key whose place it took, by its number from 1; 0: none */
    bool followed; /* it was revoked by the entry about one before it, and has none yet */
    bool pinned;   /* by the reader, itself */
    int64_t floor_us;
    struct verify_sponsors sponsors;
};

struct made {
    struct verify_signer signer;
    uint64_t entry;
};

/* A new policy and the words on it so far. */
struct story_change {
    struct policy *to; /* owned; NULL: none */
    int64_t proposed_us;
    struct policy_vote votes[STORY_VOTES_MAX];
    char holders[STORY_VOTES_MAX][HOLDER_MAX + 1];
    char keys[STORY_VOTES_MAX][KEY_THUMBPRINT_LEN + 1];
    size_t count;
};

/* What the account's holders signed before there was one. */
struct story_application {
    struct application said; /* owned */
    struct {
        char holder[HOLDER_MAX + 1];
        char thumbprint[KEY_THUMBPRINT_LEN + 1];
    } words[STORY_VOTES_MAX];
    size_t word_count; /* 0: nobody applied for it */
    uint64_t last;     /* index of its newest entry */
    uint64_t opened;   /* of the account's */
    int64_t opened_us;
    bool ended; /* by that account */
};

/* A principal's newest word on who stands for him. */
struct story_delegation {
    char principal[HOLDER_MAX + 1];
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    struct delegation said;
    bool open;         /* neither withdrawn nor ended by a policy */
    int64_t issued_us; /* the newest so far of his statements */
    uint64_t entry;
};

/* What many orders were approved by, this one among them. */
struct story_batch {
    struct verified *said; /* owned */
    uint64_t entry;
    bool named; /* by a decision on the order */
};

/* What the bank's operator signed, until the entry comes that it led to. */
struct story_act {
    struct verified *said; /* owned; NULL: nothing waits */
    uint64_t entry;
    int64_t time_us;
};

/* What he said of the order. */
struct story_word {
    struct verify_word told;
    uint8_t statement[DIGEST_LEN]; /* where he signed it: no statement serves twice */
};

struct story {
    struct story_subject subject;
    /* Every policy that was in force, in order; the story owns them. */
    struct policy *policies[STORY_POLICIES_MAX];
    size_t policy_count;
    const struct policy *policy;  /* the one the order entered under, or would; NULL before any */
    const struct policy *current; /* the account's */
    struct story_application application;
    struct story_change change;
    struct verify_policy_signer policy_signers[VERIFY_POLICY_SIGNERS_MAX];
    size_t policy_signer_count;
    struct story_delegation delegations[STORY_DELEGATIONS_MAX];
    size_t delegation_count;
    char currency[ORDER_CURRENCY_LEN + 1];
    struct enrolled keys[STORY_KEYS_MAX];
    size_t key_count;
    struct order order;
    bool order_seen;
    char payee_check[PAYEE_CHECK_LEN + 1]; /* "": the bank did not say */
    int64_t movement;                      /* of the settlement */
    bool released;                         /* by the operator, after the bank held it */
    bool kept;                             /* back by an operator, who did not release it */
    int64_t entered_us;                    /* the order's first entry */
    uint64_t last;                         /* index of the order's newest entry */
    struct made made[VERIFY_SIGNERS_MAX];
    size_t made_count;
    struct story_batch batches[VERIFY_SIGNERS_MAX];
    size_t batch_count;
    struct story_act act;
    struct story_word words[VERIFY_WORDS_MAX];
    size_t word_count;
    enum status status;
    char reason[5];
    int64_t status_time_us;
    /* What the order's newest entry found; what is paid is judged no more. */
    struct policy_verdict verdict;
    struct verify_deputy deputies[POLICY_HOLDERS_MAX];
    size_t deputy_count;
};

/* What every body has, and where it stands. */
struct body {
    const struct entry_leaf *leaf;
    const struct js *value;
    const struct js *object, *previous, *type;
};
#define BODY_ROWS(b)                                                                               \
    MEMBER_TEXT("object", true, &(b)->object),                                                     \
        {"previous", JS_INT, false, 0, JS_INT_MAX, &(b)->previous},                                \
        MEMBER_TEXT("type", true, &(b)->type)

/* --- story.c --- */
bool story_text_is(const struct js *value, const char *expected);
/* EVIDENCE_CONTRADICTION unless FINE. */
MUST_CHECK enum err story_contradiction_unless(bool fine);
/* The body's object is KIND:NAME. */
MUST_CHECK enum err story_check_object(const struct body *b, const char *kind, const char *name);

/* --- story_keys.c: keys and whose they are --- */
struct enrolled *story_keys_find(struct story *s, const char *thumbprint); /* NULL if none */
/* Who vouched for a key that is here, or for the first of those whose place it took. */
void story_keys_sponsors(const struct story *s, const char *thumbprint,
                         struct verify_sponsors *out);
/* Whose a key is by what is here, signers' and sponsors'; NULL: nobody's. */
const char *story_keys_owner(const struct story *s, const char *thumbprint);
/* Whether what it signed stands. */
bool story_keys_count(const struct story *s, const char *thumbprint);
enum key_status story_keys_status_of(const struct story *s, const char *thumbprint);
/* By the reader, itself or one of those whose place it took, unless they are revoked. */
bool story_keys_pinned(const struct story *s, const char *thumbprint);
/* The same without the pins of the keys whose place it took. */
bool story_keys_pinned_itself(const struct story *s, const char *thumbprint);
bool story_keys_ceremony(const struct story *s, const char *thumbprint); /* how it came */
MUST_CHECK enum err story_keys_enrolment(struct story *s, struct body *b);
MUST_CHECK enum err story_keys_status(struct story *s, struct body *b);
MUST_CHECK enum err story_keys_rotation(struct story *s, struct body *b);

/* --- story_sponsors.c: whose word a key came by --- */
struct story_newcomer {
    const char *name, *thumbprint, *enrolment; /* what he asked for, and the request's name */
    int64_t enrolled_us;
};
MUST_CHECK enum err story_sponsors(const struct story *s, const struct story_newcomer *n,
                                   const struct js *list, struct verify_sponsors *out);
/* Who vouched by that key; NULL: nobody. */
const char *story_sponsors_owner(const struct verify_sponsors *all, const char *thumbprint);

/* --- story_policy.c: the account and how its policies came into force --- */
MUST_CHECK enum err story_policy_account(struct story *s, struct body *b);
MUST_CHECK enum err story_policy_word(struct story *s, struct body *b);
MUST_CHECK enum err story_policy_due(struct story *s, struct body *b);
void story_policy_free(struct story *s);
/* What the statement's time has to do with the entry's, section 12. */
bool story_is_fresh(const struct statement *head, int64_t floor_us, int64_t taken_us);
const struct key *story_find_key(void *ctx, const char *thumbprint); /* CTX is the story */

/* Whose key the report has to name, who brought a policy with it; each key once. */
struct story_signed {
    const char *holder, *thumbprint;
    int64_t version;
};
MUST_CHECK enum err story_policy_note(struct story *s, const struct story_signed *by);

/* --- story_application.c: the account's first policy, where its holders applied for it --- */
MUST_CHECK enum err story_application_word(struct story *s, struct body *b);
/* P is the first policy; DIGEST the application that the account's entry names, NULL if none.
 * APPLICATION_UNSIGNED, APPLICATION_MISMATCH. */
MUST_CHECK enum err story_application_opens(struct story *s, const struct body *b,
                                            const struct js *digest, const struct policy *p);
/* That the words served for this account, and nothing was said after them. */
MUST_CHECK enum err story_application_end(struct story *s, struct body *b);
/* EVIDENCE_INCOMPLETE where such an end is missing. */
MUST_CHECK enum err story_application_done(const struct story *s);
void story_application_free(struct story *s);

/* --- story_delegation.c: who stands for whom --- */
MUST_CHECK enum err story_delegation_entry(struct story *s, struct body *b);
/* A policy came into force. */
void story_delegation_policy(struct story *s);
/* Notes who may stand for whom in the order at a time. */
void story_delegation_note(struct story *s, int64_t time_us);
/* Those in force at a time, borrowed from the story. */
size_t story_delegation_list(const struct story *s, int64_t time_us,
                             struct policy_delegation out[static POLICY_HOLDERS_MAX]);

/* --- story_order.c: the order's entries up to its decisions --- */
/* Linked to the entry before: nothing may be left out of the middle. */
MUST_CHECK enum err story_order_link(const struct story *s, const struct body *b);
/* What the policy says at a time to the votes so far; EVIDENCE_INCOMPLETE without a policy. */
MUST_CHECK enum err story_order_judge(const struct story *s, int64_t time_us,
                                      struct policy_verdict *out);
/* Walks the codes that the entry says the order passed through, by order/status.def; each must be
 * one of ALLOWED (ended by STATUS_NONE). */
MUST_CHECK enum err story_order_walk(struct story *s, const struct body *b, const struct js *codes,
                                     const enum status *allowed);
/* Takes the ISO code; DOC_MEMBER_INVALID unless it looks like one. */
MUST_CHECK enum err story_order_reason(struct story *s, const struct js *reason);
/* Whether the bank could end the order at this time for the reason taken: a holder's no is not the
 * bank's to give, and expiry has its time. */
bool story_order_bank_reason(const struct story *s, int64_t time_us);
/* The order's first entry, and only that, carries the order. */
MUST_CHECK enum err story_order_document(struct story *s, const struct body *b,
                                         const struct js *document);
/* Notes a verified statement that counts as VERB, after what the bank must have seen of it. */
MUST_CHECK enum err story_order_note(struct story *s, const struct body *b,
                                     const struct verified *v, enum verb verb);
MUST_CHECK enum err story_order_decision(struct story *s, struct body *b);

/* --- story_batch.c: by what signature, where it stands for many orders --- */
MUST_CHECK enum err story_batch_entry(struct story *s, struct body *b);
/* The statement of the batch at INDEX, for IN. EVIDENCE_INCOMPLETE when it is not here,
 * BATCH_NOT_ALLOWED under a policy in force that wants none. */
MUST_CHECK enum err story_batch_named(struct story *s, const struct body *b, const struct js *index,
                                      struct verify_decision_input *in);
/* Each served for a decision on this order. */
MUST_CHECK enum err story_batch_done(const struct story *s);
void story_batch_free(struct story *s);

/* --- story_cash.c: the first entry of a cash order --- */
MUST_CHECK enum err story_cash(struct story *s, struct body *b);

/* --- story_act.c: the bank's operator, and what he signed --- */
MUST_CHECK enum err story_act_entry(struct story *s, struct body *b);
/* What an entry of the order has of its operator; all three may be missing where the bank does it
 * by itself. */
struct story_said {
    const struct js *act, *note, *operator_name;
};
#define STORY_SAID_ROWS(said, required)                                                            \
    {"act", JS_INT, false, 0, JS_INT_MAX, &(said)->act},                                           \
        MEMBER_TEXT("note", required, &(said)->note),                                              \
        MEMBER_TEXT("operator", required, &(said)->operator_name)
/* Notes whose word the entry is, if anybody's, and whether he signed it: for this order, that VERB
 * (the end of the route's path) and REASON, NULL if none. EVIDENCE_INCOMPLETE without the act that
 * the entry names, ACT_MISMATCH when that is another. */
MUST_CHECK enum err story_act_word(struct story *s, const struct body *b,
                                   const struct story_said *said, const char *verb,
                                   const struct js *reason);
/* Nothing waits: an act that led to nothing has no part in this story. */
MUST_CHECK enum err story_act_done(const struct story *s);

/* --- story_end.c: settlement, or an end by the bank --- */
MUST_CHECK enum err story_end_settlement(struct story *s, struct body *b);
MUST_CHECK enum err story_end_closed(struct story *s, struct body *b);
/* The bank's operator must look at it, and did. */
MUST_CHECK enum err story_end_held(struct story *s, struct body *b);
MUST_CHECK enum err story_end_released(struct story *s, struct body *b);
/* Once it went to another bank. */
MUST_CHECK enum err story_end_confirmed(struct story *s, struct body *b);
MUST_CHECK enum err story_end_returned(struct story *s, struct body *b);
/* Accepted by time: a waiting clause opened. */
MUST_CHECK enum err story_end_accepted(struct story *s, struct body *b);

#endif
