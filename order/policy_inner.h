/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of policy share: the body of struct policy. A set of holders is a mask, bit i for
 * the i-th holder. Private to order/policy*.c.
 */
#ifndef ORDER_POLICY_INNER_H
#define ORDER_POLICY_INNER_H

#include "order/policy_advice.h"

struct js_member;

#define POLICY_RULES_MAX 32u
#define POLICY_WAYS_MAX 16u                   /* alternatives of a rule */
#define POLICY_TERMS_MAX 8u                   /* of an alternative */
#define POLICY_SIGNERS_MAX POLICY_HOLDERS_MAX /* people whom an alternative takes */
#define POLICY_PAYEES_MAX 128u
#define POLICY_LIMITS_MAX 2u
#define POLICY_AFTER_DAYS_MAX 366

typedef uint64_t policy_set;

struct policy_holder {
    char id[HOLDER_MAX + 1];
    char class; /* A, B, E, T */
};

/* COUNT distinct people of a set. */
struct policy_term {
    unsigned count;
    policy_set who;
};

/* One way to a quorum: all its terms, each person in one of them. */
struct policy_way {
    struct policy_term terms[POLICY_TERMS_MAX];
    size_t count;
    int64_t after_us; /* opens so long after the case did */
};

struct policy_rule {
    enum policy_subject subject;
    int64_t above, up_to; /* minor units: above < amount <= up_to */
    char (*payees)[IBAN_MAX + 1];
    size_t payee_count; /* 0: any */
    struct policy_way *ways;
    size_t way_count;
};

struct policy {
    struct buf bytes;
    uint8_t digest[DIGEST_LEN];
    char bank[BANK_MAX + 1];
    char account[IBAN_MAX + 1];
    char currency[4];
    char title[POLICY_TITLE_BYTES + 1];
    int64_t version;
    int64_t valid_from_us, valid_until_us; /* until 0: for ever */
    int64_t limits[POLICY_LIMITS_MAX];     /* by period; -1: none */
    struct policy_holder holders[POLICY_HOLDERS_MAX];
    size_t holder_count;
    policy_set approvers, deputies;
    bool single; /* each order is signed by itself */
    struct policy_rule *rules;
    size_t rule_count;
    struct policy_rule change;     /* what decides a change when no rule is for it: all approvers */
    struct policy_findings *found; /* while it is being read */
};

/* Reads a document and notes all that is wrong with its rules. The caller frees *OUT, which is fit
 * for nothing else when something fatal was found. */
MUST_CHECK enum err policy_read(const struct js *value, struct policy_findings *found,
                                struct policy **out);

/* --- rules (policy_rule.c) --- */
MUST_CHECK enum err policy_rules_read(struct policy *p, const struct js *array);
void policy_rule_free(struct policy_rule *r);
/* Money in the policy's currency; leaves OUT alone when VALUE is NULL. */
MUST_CHECK enum err policy_read_amount(struct policy *p, const struct js *value, int64_t *out);
/* The first rule that covers the case; NULL when none does. */
const struct policy_rule *policy_rule_for(const struct policy *p, const struct policy_case *c);

/* --- findings (policy_lint.c) --- */
void policy_note(struct policy *p, enum policy_fault fault, size_t rule, size_t way,
                 const char *what);
/* js_members; notes the place of what it refuses. */
MUST_CHECK enum err policy_members(struct policy *p, size_t rule, size_t way,
                                   const struct js *value, const struct js_member *table,
                                   size_t count);
/* Notes the place of an error of the form, unless a nearer one is noted. */
void policy_note_form(struct policy *p, size_t rule, size_t way, const char *member);
/* Notes what the rules say against each other and against the holders. */
void policy_check(struct policy *p);

/* --- sets (policy_judge.c) --- */
/* The index of a holder; holder_count when he is none. */
size_t policy_find(const struct policy *p, const char *id);
/* The ids of a set, with a comma between, shortened by "..." to what fits. */
void policy_names(const struct policy *p, policy_set set, char *out, size_t cap);
/* Who approved and who rejected. */
void policy_count(const struct policy *p, const struct policy_vote *votes, size_t count,
                  policy_set *approved, policy_set *rejected);
/* Who stands for whom. */
struct policy_standins {
    policy_set principals;
    unsigned char deputy[POLICY_HOLDERS_MAX]; /* of each principal */
};
/* By the case's delegations, for those who did not reject. */
void policy_stand(const struct policy *p, const struct policy_case *c, policy_set rejected,
                  struct policy_standins *out);
/* How many people the way takes. */
unsigned policy_way_size(const struct policy_way *w);
/* The most of its places that people of SET can fill, one each: for themselves, or for principals
 * outside of SET. S NULL: nobody stands for another. */
unsigned policy_way_filled(const struct policy_way *w, const struct policy_standins *s,
                           policy_set set);
/* True when people of SET can fill every place of a way that is open after WAITED. */
bool policy_rule_satisfied(const struct policy_rule *r, const struct policy_standins *s,
                           policy_set set, int64_t waited_us);

#endif
