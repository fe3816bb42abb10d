/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/view.h"
#include "app/app.h"
#include "order/flag.h"
#include "order/iban.h"
#include "order/json.h"
#include "order/order.h"
#include <inttypes.h>
#include <string.h>

static const struct {
    const char *code, *words;
} statuses[] = {
    {"RCVD", "received"},
    {"ACTC", "well-formed, funds reserved"},
    {"PATC", "some approvals are still missing"},
    {"ACCP", "all approvals are there"},
    {"PDNG", "waits for the bank"},
    {"ACSP", "paid; the other bank has not confirmed it yet"},
    {"ACSC", "settled"},
    {"RJCT", "rejected"},
    {"CANC", "cancelled"},
};

static const struct {
    const char *code, *words;
} reasons[] = {
#define X(code, words) {#code, words},
#include "order/reason.def"
#undef X
};

static const struct {
    const char *verb, *past;
} verbs[] = {
    {"submit", "handed it in"},
    {"approve", "approved"},
    {"reject", "rejected"},
    {"cancel", "cancelled"},
};

static const char *status_words(const char *code)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (strcmp(statuses[i].code, code) == 0)
            return statuses[i].words;
    }
    return "";
}

static const char *reason_words(const char *code)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(reasons[i].code, code) == 0)
            return reasons[i].words;
    }
    return "as the other bank says"; /* whose codes are not ours */
}

static const char *verb_past(const char *verb)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].verb, verb) == 0)
            return verbs[i].past;
    }
    return verb;
}

static void line(FILE *f, const char *label, const char *value)
{
    fprintf(f, "%-14s", label);
    app_print_safe(f, value);
    fputc('\n', f);
}

static void print_history(FILE *f, const struct js *history)
{
    if (js_count(history) == 0)
        return;
    fprintf(f, "%-14s", "Way");
    for (size_t i = 0; i < js_count(history); i++) {
        fputs(i > 0 ? " -> " : "", f);
        app_print_safe(f, js_member_text(js_at(history, i), "status"));
    }
    fputc('\n', f);
}

static void print_decisions(FILE *f, const struct js *decisions)
{
    for (size_t i = 0; i < js_count(decisions); i++) {
        const struct js *d = js_at(decisions, i);
        fprintf(f, "%-14s", i == 0 ? "Decided" : "");
        app_print_safe(f, js_member_text(d, "holder"));
        fputs(" ", f);
        app_print_safe(f, verb_past(js_member_text(d, "decision")));
        fputs(" at ", f);
        app_print_safe(f, js_member_text(d, "received"));
        fputs(js_get(d, "batch") != NULL ? ", in a batch\n" : "\n", f);
    }
}

void view_names(FILE *f, const struct js *names)
{
    for (size_t i = 0; i < js_count(names); i++) {
        const char *name = js_text(js_at(names, i), NULL);
        fputs(i > 0 ? ", " : "", f);
        app_print_safe(f, name != NULL ? name : "");
    }
}

static void print_names(FILE *f, const char *label, const struct js *names)
{
    if (js_count(names) == 0)
        return;
    fprintf(f, "%-14s", label);
    view_names(f, names);
    fputc('\n', f);
}

static void print_status(FILE *f, const struct js *order)
{
    const char *status = js_member_text(order, "status"), *reason = js_member_text(order, "reason");
    fprintf(f, "%-14s", "Status");
    app_print_safe(f, status);
    fprintf(f, ", %s", status_words(status));
    if (reason[0] != '\0') {
        fputs(" (", f);
        app_print_safe(f, reason);
        fprintf(f, ", %s)", reason_words(reason));
    }
    fputc('\n', f);
}

static const char *check_words(const char *code)
{
    if (strcmp(code, "RCVC") == 0)
        return "the name matches the account";
    enum flag flag = flag_from_name(code, strlen(code));
    return flag == FLAG_COUNT ? code : flag_words(flag);
}

/* What the bank's operator must look at. */
static void print_flags(FILE *f, const struct js *flags)
{
    for (size_t i = 0; i < js_count(flags); i++) {
        const char *name = js_text(js_at(flags, i), NULL);
        enum flag flag = name != NULL ? flag_from_name(name, strlen(name)) : FLAG_COUNT;
        line(f, i > 0 ? "" : "Held because",
             flag == FLAG_COUNT ? "of a flag unknown here" : flag_words(flag));
    }
}

/* Whose turn it is and what they run, which somebody pastes into a shell: with an id, or not at
 * all. */
static void print_next(FILE *f, const struct js *holders, const char *id)
{
    print_names(f, "Waits for", holders);
    if (js_count(holders) > 0 && forms_order_id(id, strlen(id)) == ERR_OK)
        fprintf(f, "To decide     countersign approve %s (or reject)\n", id);
}

/* Cash has a terminal where a payment has a payee. */
static const char *terminal_of(const struct js *object)
{
    return js_member_text(object, "terminal");
}

static void print_other_side(FILE *f, const struct js *document)
{
    if (terminal_of(document)[0] == '\0') {
        line(f, "To", js_member_text(js_get(document, "creditor"), "name"));
        return;
    }
    line(f, "Type", js_member_text(document, "type"));
    line(f, "Terminal", terminal_of(document));
}

void view_session(const char *bank, const struct js *session)
{
    printf("Logged in at %s as ", bank);
    app_print_safe(stdout, js_member_text(session, "holder"));
    fputs(" until ", stdout);
    app_print_safe(stdout, js_member_text(session, "expires"));
    printf(", or %" PRId64 " seconds without use.\n", js_int(js_get(session, "idleSeconds")));
    if (js_get(session, "certificateUntil") == NULL)
        return;
    fputs("A certificate of your card ends at ", stdout);
    app_print_safe(stdout, js_member_text(session, "certificateUntil"));
    puts(
        ": it opens no session then; your key signs as before. Another: countersign enrol --renew");
}

void view_order_head(FILE *f, const struct js *order)
{
    const struct js *document = js_get(order, "order");
    line(f, "Order", js_member_text(document, "id"));
    fprintf(f, "%-14s", "Amount");
    app_print_safe(f, js_member_text(document, "amount"));
    fputc(' ', f);
    app_print_safe(f, js_member_text(document, "currency"));
    fputc('\n', f);
    print_other_side(f, document);
    print_status(f, order);
}

void view_order_decisions(FILE *f, const struct js *order)
{
    print_decisions(f, js_get(order, "decisions"));
}

void view_order_on(FILE *f, const struct js *order)
{
    const struct js *document = js_get(order, "order");
    view_order_head(f, order);
    if (strcmp(js_member_text(document, "type"), order_type(ORDER_DEPOSIT)) !=
        0) /* nobody is asked */
        fprintf(f, "%-14s%" PRId64 " of %" PRId64 "\n", "Approvals",
                js_int(js_get(order, "givenApprovals")),
                js_int(js_get(order, "requiredApprovals")));
    if (js_get(order, "executionDate") != NULL)
        line(f, "Executes on", js_member_text(order, "executionDate"));
    if (js_get(order, "nextCutoff") != NULL)
        line(f, "Next cut-off", js_member_text(order, "nextCutoff"));
    if (js_member_text(order, "payeeCheck")[0] != '\0')
        line(f, "Payee check", check_words(js_member_text(order, "payeeCheck")));
    print_flags(f, js_get(order, "heldFor"));
    print_decisions(f, js_get(order, "decisions"));
    print_next(f, js_get(order, "canDecide"), js_member_text(document, "id"));
    print_history(f, js_get(order, "history"));
}

void view_order(const struct js *order)
{
    view_order_on(stdout, order);
}

void view_account(const struct js *account)
{
    line(stdout, "Account", js_member_text(account, "account"));
    line(stdout, "Currency", js_member_text(account, "currency"));
    line(stdout, "Booked", js_member_text(account, "booked"));
    line(stdout, "Reserved", js_member_text(account, "reserved"));
    line(stdout, "Available", js_member_text(account, "available"));
    if (js_get(account, "nextCutoff") != NULL)
        line(stdout, "Next cut-off", js_member_text(account, "nextCutoff"));
    print_names(stdout, "Holders", js_get(account, "holders"));
    line(stdout, "Policy", js_member_text(js_get(account, "policy"), "title"));
}

void view_order_cells(FILE *f, const struct js *order)
{
    const struct js *document = js_get(order, "order");
    app_print_safe(f, js_member_text(document, "id"));
    fputs("  ", f);
    app_print_safe(f, js_member_text(order, "status"));
    const char *amount = js_member_text(document, "amount");
    fprintf(f, "  %*s", strlen(amount) < 12 ? (int)(12 - strlen(amount)) : 0, "");
    app_print_safe(f, amount);
    fputc(' ', f);
    app_print_safe(f, js_member_text(document, "currency"));
    fputs("  ", f);
    app_print_safe(f, js_member_text(js_get(document, "creditor"), "name"));
    if (terminal_of(document)[0] != '\0') {
        app_print_safe(f, js_member_text(document, "type"));
        fputs(" at ", f);
        app_print_safe(f, terminal_of(document));
    }
}

void view_order_line(const struct js *order)
{
    view_order_cells(stdout, order);
    fputc('\n', stdout);
}

void view_waiting_line(const struct js *order)
{
    const struct js *flags = js_get(order, "flags");
    app_print_safe(stdout, js_member_text(js_get(order, "order"), "account"));
    fputs("  ", stdout);
    view_order_line(order);
    for (size_t i = 0; i < js_count(flags); i++) {
        const char *name = js_text(js_at(flags, i), NULL);
        enum flag f = name != NULL ? flag_from_name(name, strlen(name)) : FLAG_COUNT;
        printf("  WARNING: %s\n", f == FLAG_COUNT ? "a flag unknown here" : flag_words(f));
    }
}

static void right(FILE *f, const char *text, size_t width)
{
    for (size_t len = strlen(text); len < width; len++)
        fputc(' ', f);
    app_print_safe(f, text);
}

void view_movement(FILE *f, const struct js *movement)
{
    bool cash = terminal_of(movement)[0] != '\0';
    const char *name = cash ? terminal_of(movement) : js_member_text(movement, "name");
    app_print_safe(f, js_member_text(movement, "time"));
    fputs("  ", f);
    right(f, js_member_text(movement, "amount"), VIEW_AMOUNT_WIDTH);
    fputs("  ", f);
    right(f, js_member_text(movement, "balance"), VIEW_AMOUNT_WIDTH);
    fprintf(f, "  %6" PRId64 "  ", js_int(js_get(movement, "id")));
    view_padded(f, js_member_text(movement, "category"), VIEW_CATEGORY_WIDTH);
    fputs("  ", f);
    fputs(cash ? "Cash at " : "", f);
    app_print_safe(f, name);
    fputs(name[0] != '\0' && js_member_text(movement, "description")[0] != '\0' ? ", " : "", f);
    if (strcmp(js_member_text(movement, "kind"), "return") == 0)
        fputs("returned: ", f);
    app_print_safe(f, js_member_text(movement, "description"));
    fputc('\n', f);
}

void view_category_rule(const struct js *rule)
{
    view_padded(stdout, js_member_text(rule, "payee"), IBAN_MAX);
    fputs("  ", stdout);
    app_print_safe(stdout, js_member_text(rule, "category"));
    fputc('\n', stdout);
}

void view_delegation(const struct js *delegation)
{
    view_padded(stdout, js_member_text(delegation, "deputy"), 16);
    fputs("  ", stdout);
    view_padded(stdout, js_member_text(delegation, "principal"), 12);
    fputs("  ", stdout);
    right(stdout, js_member_text(delegation, "amount"), VIEW_AMOUNT_WIDTH);
    fputc(' ', stdout);
    app_print_safe(stdout, js_member_text(delegation, "currency"));
    fputs("  ", stdout);
    app_print_safe(stdout, js_member_text(delegation, "from"));
    fputs("  ", stdout);
    app_print_safe(stdout, js_member_text(delegation, "until"));
    puts(js_bool(js_get(delegation, "inForce")) ? "" : "  not now");
}

void view_padded(FILE *f, const char *text, size_t width)
{
    app_print_safe(f, text);
    for (size_t len = strlen(text); len < width; len++)
        fputc(' ', f);
}
