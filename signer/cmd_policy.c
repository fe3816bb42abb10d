/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: the account's, as the bank has it. policy lint: all that is wrong with one in a file, or
 * that its owner may not have meant.
 */
#include "app/app.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/policy_advice.h"
#include "signer/commands.h"
#include "signer/policy_file.h"

static const char *opt_policy_output;

const struct args_option cmd_policy_options[1] = {
    {"output", 'o', ARGS_TEXT, "FILE", "where to write it; default: standard output",
     &opt_policy_output},
};

const struct args_option cmd_policy_lint_options[2] = {POLICY_FILE_HOLDER, POLICY_FILE_CURRENCY};

static enum err print_finding(const struct policy_finding *f)
{
    struct buf text = BUF_INIT(1024);
    enum err e = policy_finding_text(f, &text);
    if (e == ERR_OK) {
        printf("%-9s", policy_fault_fatal(f->fault) ? "error" : "warning");
        app_print_safe(stdout, buf_str(&text));
        fputc('\n', stdout);
    }
    buf_free(&text);
    return e;
}

static void list_finding(const struct policy_finding *f, struct doc *list)
{
    struct buf text = BUF_INIT(1024);
    struct doc one = {0};
    enum err e = policy_finding_text(f, &text);
    doc_object(&one);
    doc_text(&one, "fault", policy_fault_name(f->fault));
    doc_bool(&one, "fatal", policy_fault_fatal(f->fault));
    doc_int(&one, "rule", (int64_t)f->rule);
    doc_int(&one, "way", (int64_t)f->way);
    doc_text(&one, "text", buf_str(&text));
    doc_text(&one, "what", f->what);
    if (e != ERR_OK)
        doc_fail(&one, e);
    doc_push(list, &one);
    buf_free(&text);
}

static enum err print_findings_json(const struct policy_findings *found, bool loads)
{
    struct doc answer = {0}, list = {0};
    doc_array(&list);
    for (size_t i = 0; i < found->count; i++)
        list_finding(&found->at[i], &list);
    doc_object(&answer);
    doc_put(&answer, "findings", &list);
    doc_bool(&answer, "loads", loads);
    enum err e = app_print_doc(&answer);
    doc_free(&answer);
    return e;
}

static enum err print_findings(const struct policy_findings *found, bool loads)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < found->count; i++)
        e = print_finding(&found->at[i]);
    if (found->count == POLICY_FINDINGS_MAX)
        puts("... and more may be wrong: these are all that are listed.");
    if (loads)
        puts(found->count == 0 ? "It loads, and nothing stands out." : "It loads.");
    return e;
}

/* The findings are the whole of the JSON, also when the policy does not load. */
static enum err lint(struct app *a, const char *path)
{
    struct buf document = BUF_INIT(POLICY_MAX);
    struct policy_findings found = {.count = 0};
    enum err e = policy_file_read(a, path, &document);
    if (e == ERR_OK)
        e = policy_file_lint(a, path, &document, &found);
    if (e == ERR_OK || found.count > 0) {
        enum err printed = a->json ? print_findings_json(&found, e == ERR_OK)
                                   : print_findings(&found, e == ERR_OK);
        a->json = false;
        e = printed != ERR_OK ? printed : e;
    }
    buf_free(&document);
    return e;
}

enum err cmd_policy_lint(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? lint(a, words->item[0]) : e;
}

static enum err fetch_policy(struct app *a)
{
    struct client_call call = {.route = ROUTE_POLICY};
    struct js *answer = NULL;
    struct buf document = BUF_INIT(CLIENT_ANSWER_MAX);
    enum err e = app_need(a, a->account, "account", &call.param[0]);
    if (e == ERR_OK)
        e = app_call(a, &call, &answer);
    if (e == ERR_OK && js_get(answer, "policy") == NULL)
        e = app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no policy");
    if (e == ERR_OK)
        e = js_canon(js_get(answer, "policy"), &document);
    if (e == ERR_OK)
        e = app_write_document(a, opt_policy_output, &document);
    js_free(answer);
    buf_free(&document);
    return e;
}

enum err cmd_policy(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? fetch_policy(a) : e;
}
