/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_advice: what people ask about a policy: what is wrong with it, what a case still needs and
 * who can supply it, and who together can pay. The same code decides (policy_judge) and advises.
 */
#ifndef ORDER_POLICY_ADVICE_H
#define ORDER_POLICY_ADVICE_H

#include "order/policy.h"

/* --- lint --- */

#define POLICY_FINDINGS_MAX 64u

/* X(NAME, fatal, text): a policy with a fatal one does not load. */
#define POLICY_FAULTS(X)                                                                           \
    X(ZERO, true, "asks for nobody")                                                               \
    X(UNKNOWN, true, "names what is not there, or twice, or out of order")                         \
    X(UNREACHABLE, true, "asks for more people than there are")                                    \
    X(NEVER, true, "is never asked, since earlier rules decide all of it")                         \
    X(RANGE, true, "has amounts or payees out of order or where none belong")                      \
    X(NO_APPROVER, true, "nobody may approve")                                                     \
    X(GAP, false, "not every payment of these amounts has a rule")                                 \
    X(SINGLE_POINT, false, "nothing goes without this one person")                                 \
    X(EVERYBODY, false, "nothing goes without every one of these people")

enum policy_fault {
#define X(name, fatal, text) POLICY_##name,
    POLICY_FAULTS(X)
#undef X
};

struct policy_finding {
    enum policy_fault fault;
    size_t rule;                       /* 1 is the first; 0: the policy itself */
    size_t way;                        /* of that rule, likewise */
    char what[POLICY_TITLE_BYTES + 1]; /* the name, the band or the people; may be "" */
};
struct policy_findings {
    struct policy_finding at[POLICY_FINDINGS_MAX];
    size_t count; /* findings beyond the maximum are not kept */
    bool fatal;
    char where[80]; /* where its form is wrong: "rule 2, way 1: count"; may be "" */
};
const char *policy_fault_name(enum policy_fault fault);
bool policy_fault_fatal(enum policy_fault fault);

/* All that can be found, also in a policy that does not load: OUT is filled when the result is
 * ERR_OK or POLICY_INVALID. Other errors are those of the document's form, and WHERE tells the
 * place. */
MUST_CHECK enum err policy_lint(const void *bytes, size_t len, struct policy_findings *out);
/* "rule 2, way 1: names what is not there, or twice, or out of order: zoe" */
MUST_CHECK enum err policy_finding_text(const struct policy_finding *f, struct buf *out);

/* --- explain --- */

/* Who, by deciding next, brings some quorum nearer; bit i is the i-th holder. Not those who voted.
 * Empty when it stands already or is out of reach. */
uint64_t policy_helpers(const struct policy *p, const struct policy_case *c,
                        const struct policy_vote *votes, size_t count);
/* The same in words: "carol, bob for alice", who by himself would be of no use. */
MUST_CHECK enum err policy_tell_helpers(const struct policy *p, const struct policy_case *c,
                                        const struct policy_vote *votes, size_t count,
                                        struct buf *out);
/* A line for each way to a quorum, in words: what it takes, what is missing, who can supply it. */
MUST_CHECK enum err policy_explain(const struct policy *p, const struct policy_case *c,
                                   const struct policy_vote *votes, size_t count, struct buf *out);

/* The same without votes: what each way takes, and after which time. Nothing when there is no rule.
 */
MUST_CHECK enum err policy_tell(const struct policy *p, const struct policy_case *c,
                                struct buf *out);

/* The number of the rule that is for the case, 1 is the first; 0: none is, and only a change of the
 * policy can be approved, then by all. */
size_t policy_rule_number(const struct policy *p, const struct policy_case *c);
/* How many days after it came in the case gets another way to a quorum; 0: no other one opens. */
unsigned policy_opens_after(const struct policy *p, const struct policy_case *c);

/* --- simulate --- */

#define POLICY_COALITIONS_MAX 256u

/* The smallest sets of people who together can approve, fewest people first. */
struct policy_coalitions {
    uint64_t at[POLICY_COALITIONS_MAX]; /* masks of holders */
    size_t count;
    bool more; /* there may be others: too many to list, or to look for */
};
void policy_simulate(const struct policy *p, const struct policy_case *c,
                     struct policy_coalitions *out);
/* One of them in words, with those for whom its deputies stand. */
MUST_CHECK enum err policy_tell_group(const struct policy *p, const struct policy_case *c,
                                      uint64_t group, struct buf *out);

#endif
