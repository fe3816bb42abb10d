/* SPDX-License-Identifier: Apache-2.0
 *
 * inner: what the files of cs_token_remote share. A module here is a helper's process, or the lack
 * of one; whatever it says is checked, and what cannot be right ends it. Private to token/remote/.
 */
#ifndef TOKEN_REMOTE_INNER_H
#define TOKEN_REMOTE_INNER_H

#include "token/both.h"
#include "token/page.h"
#include "token/token.h"
#include "token/wire.h"
#include <pthread.h>
#include <sys/types.h>

#define CONNECTIONS_MAX 16 /* callers at once; more wait */

/* A connection to the helper. */
struct connection {
    int fd;
    struct page *page; /* NULL: it is to a helper that another program started */
};

struct token_module {
    struct token_source source; /* "": none, and the helper is only to say which there are */
    bool one_of;   /* those that p11-kit is configured to use: it starts when it is first asked */
    bool refuses;  /* to start, or hung when it was first asked; it is not asked again */
    bool answered; /* a question, once */
    enum err why;  /* it did not start, the last time; ERR_OK: it did */
    const char *joined; /* the socket of a helper that another program started; NULL: our own */
    pthread_mutex_t lock;
    pthread_cond_t returned;
    pid_t pid;  /* 0: there is no helper */
    int status; /* of the last one's end */
    int control;
    uint64_t generation; /* counts helpers: numbers of an earlier one mean nothing */
    struct connection idle[CONNECTIONS_MAX];
    size_t idle_count, in_use;
};

struct token {
    struct token_module *module;
    uint64_t generation;
    uint32_t number;
    struct token_info info; /* as it was when opened; KEYPAD: any call may ask somebody to type */
};

struct token_pin {
    struct token_module *module;
    uint64_t generation;
    uint32_t number;
};

/* --- process.c --- */

/* Starts the helper program; *CONTROL is its first socket. TOKEN_HELPER, logged. */
MUST_CHECK enum err process_start(pid_t *pid, int *control);
/* It has LEFT_MS to end by itself; its wait status. */
int process_end(pid_t pid, int control, int left_ms);
/* The same for any child; its wait status. */
int process_await(pid_t pid, int left_ms);

/* --- said.c --- */

/* Where helpers and their modules may write what nobody waits for: shown line by line, tamed, in a
 * log that tells everything. -1: nobody reads it. */
int said_end(void);
/* Shows what came until now, and of somebody who does not stop a part; LAST: also a line that has
 * no end. */
void said_show(bool last);

/* --- call.c --- */

/* A helper with the module in it: the one that runs, else a new one. */
MUST_CHECK enum err module_begin(struct token_module *m, uint64_t *generation);
void module_init(struct token_module *m, const struct token_source *source);
/* One of several that hung in this process before is not waited for again. */
void module_recall(struct token_module *m);
/* Ends the helper, if there is one. */
void module_end(struct token_module *m);

/* A helper that another program left behind, at PATH, which outlives M: ERR_UNAVAILABLE. */
MUST_CHECK enum err module_join(struct token_module *m, const char *path);
/* Leaves M's own helper behind. */
void module_leave(struct token_module *m);

/* One question to the helper of a generation, and its answer, or answers. */
struct call {
    struct token_module *module;
    uint64_t generation;
    enum wire_type type;
    bool keypad;            /* somebody may have to type at the reader */
    struct connection conn; /* its connection, from asking to its end, or none */
    bool awaited;           /* an answer is to come */
    bool lost;              /* the helper is gone, hangs, or talks nonsense */
    struct buf question, answer;
    struct wire_out out;
    struct wire_in in;
};
/* To be filled by wire_put of &C->out. Every call is for call_end. */
void call_begin(struct call *c, struct token_module *m, uint64_t generation, enum wire_type type);
/* TOKEN_CRASHED, TOKEN_HANGS, or what the helper said. GIVE: a descriptor to go along, or -1. Then
 * the answer is read by wire_get of &C->in. */
MUST_CHECK enum err call_run(struct call *c, int give);
/* Its two halves. Where one question has several answers, whoever hears one sets C->awaited for the
 * next: each has the whole of the deadline. */
MUST_CHECK enum err call_ask(struct call *c, int give);
MUST_CHECK enum err call_hear(struct call *c);
/* Seconds that a call into a module may take, and a person has. */
unsigned call_module_s(void);
unsigned call_person_s(void);
/* E; or, when that is ERR_OK and the answer was not read to its end, or was wrong, the helper is
 * ended and it is TOKEN_CRASHED. */
MUST_CHECK enum err call_end(struct call *c, enum err e);

/* --- keep.c --- */

/* A listening socket at PATH, unless another process listens there: ERR_IO. Of several at once one
 * gets it. */
MUST_CHECK enum err keep_place(const char *path, int *out);

/* --- reader.c --- */

/* Whether pcscd takes connections and answers nothing; that takes TOKEN_READERS_S. */
bool reader_hangs(void);

/* --- token.c --- */

/* A question whose answer is a PIN: to be filled, run, and ended by pin_end, which alone makes it
 * the caller's. */
MUST_CHECK enum err pin_begin(struct token_module *m, struct call *c, enum wire_type type,
                              struct token_pin **out);
MUST_CHECK enum err pin_end(struct call *c, enum err e, struct token_pin **out);

#endif
