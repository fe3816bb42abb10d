/* SPDX-License-Identifier: Apache-2.0
 *
 * job: one request on its way from a connection through a worker and the committer and back. It
 * belongs to exactly one of them at a time; who passes it on does not touch it again.
 */
#ifndef BANKD_SERVER_JOB_H
#define BANKD_SERVER_JOB_H

#include "api/request.h"
#include "api/route.h"
#include "bankd/core/core.h"
#include "bankd/server/listen.h"
#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define JOB_OPERATOR_MAX 64

/* A stream of events, between two looks at what is new. */
#define FOLLOW_WHO_MAX 128
struct follow {
    bool open;       /* its first answer went out */
    bool counted;    /* among the streams of WHO, who must be given back */
    int64_t reached; /* the newest entry that it covered */
    char who[FOLLOW_WHO_MAX + 1];
};

struct job {
    struct job *next; /* in whatever list it stands */

    /* Who gets the answer: the connection may be gone and its place taken by then. */
    unsigned loop;
    uint32_t slot, generation;

    struct route_match match;
    bool routed; /* MATCH is of a route, or there was none */
    struct request_query query;
    char network[LISTEN_NETWORK_MAX + 1];     /* where it came from, "": from this machine */
    char session[KEY_THUMBPRINT_LEN + 1];     /* the client key, "" without */
    int64_t certified_until_us;               /* by the bank; 0: it is not */
    char operator_name[JOB_OPERATOR_MAX + 1]; /* "" for anybody else */
    bool console;                             /* an operator by his socket */
    role_set roles;                           /* of an operator, once he is found */
    int64_t act;                              /* the entry of what he signed, or 0 */
    struct buf in;                            /* the connection's bytes, lent */
    size_t used;                              /* bytes of IN that are this request */
    size_t body_at, body_len;                 /* the body in IN */
    char once[REQUEST_ONCE_MAX + 1];          /* its Idempotency-Key, "" without */
    uint8_t request[DIGEST_LEN];              /* of what it asks for, where there is one */
    char path[ACT_PATH_MAX + 1];              /* of an act that must be signed */
    struct follow follow;                     /* of ROUTE_EVENTS */

    /* What a worker made of the body. */
    enum err err; /* refused before the core saw it */
    struct request_decide decide;
    struct request_account account;
    struct request_policy policy;
    struct request_application application;
    union {
        struct request_challenge challenge;
        struct request_holder holder;
        struct request_admission admission;
        struct request_opening opening;
        struct request_fund fund;
        struct request_category category;
        struct request_note note;
        struct request_word word;
        struct request_claim claim;
        struct request_comment comment;
        struct request_return returned;
        struct request_credit credit;
        struct request_assign assign;
        struct request_key key;
        struct request_contact contact;
        struct request_contact_code contact_code;
        struct request_courier courier;
        struct request_roles roles;
        struct request_rollover rollover;
    } body;
    struct verified *verified;
    char payee_check[PAYEE_CHECK_LEN + 1]; /* "": nobody was asked */

    bool by_operator; /* as the core found: the keeper may be asked */
    bool unheard;     /* by the keeper, which is told again */
    struct core_answer answer;
    const char *type; /* of the answer's body; static; NULL: JSON */
};

MUST_CHECK enum err job_new(struct job **out);
void job_free(struct job *j); /* NULL-safe */

/* Frees what belongs to one request, so that the job can serve another; IN stays. */
void job_clear(struct job *j);

struct core_caller job_caller(const struct job *j);
/* The part of a list that it asks for. */
struct core_page job_page(const struct job *j);

/* Replaces the answer by a problem document without asking the core: E leaves no trace. */
void job_refuse(struct job *j, enum err e);

/* --- first in, first out; not locked --- */
struct job_list {
    struct job *first, *last;
    size_t count;
};
void job_list_add(struct job_list *l, struct job *j);
struct job *job_list_take(struct job_list *l); /* NULL when empty */
/* Appends all of FROM, which is empty afterwards. */
void job_list_move(struct job_list *l, struct job_list *from);

#endif
