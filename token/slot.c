/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include "base/log.h"
#include "base/text.h"
#include <p11-kit/p11-kit.h>
#include <stdlib.h>
#include <string.h>

/* PKCS#11 pads with spaces, some tokens with NUL. OUT has one byte more than LEN. */
static void copy_padded(char *out, const unsigned char *field, size_t len)
{
    while (len && (field[len - 1] == ' ' || field[len - 1] == '\0'))
        len--;
    memcpy(out, field, len);
    out[len] = '\0';
}

static enum token_tries tries_of(CK_FLAGS flags, CK_FLAGS locked, CK_FLAGS final, CK_FLAGS low)
{
    if (flags & locked)
        return TOKEN_TRIES_LOCKED;
    if (flags & final)
        return TOKEN_TRIES_FINAL;
    return flags & low ? TOKEN_TRIES_LOW : TOKEN_TRIES_OK;
}

static void copy_tries(CK_FLAGS flags, struct token_info *out)
{
    out->tries = TOKEN_TRIES_UNKNOWN;
    if (flags & CKF_USER_PIN_INITIALIZED)
        out->tries =
            tries_of(flags, CKF_USER_PIN_LOCKED, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_COUNT_LOW);
    out->puk_tries = tries_of(flags, CKF_SO_PIN_LOCKED, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_COUNT_LOW);
}

/* 0 where the token does not say, or says nonsense. */
static unsigned pin_len_of(CK_ULONG len)
{
    return len <= SECRET_MAX ? (unsigned)len : 0;
}

/* Many cards have RSA alone; only a clear word against elliptic curves counts as one. */
static bool signs_ecdsa(struct token_module *m, CK_SLOT_ID slot)
{
    CK_MECHANISM_INFO info;
    return m->f->C_GetMechanismInfo(slot, CKM_ECDSA, &info) != CKR_MECHANISM_INVALID;
}

CK_RV token_slot_read(struct token_module *m, CK_SLOT_ID slot, struct token_info *out)
{
    CK_SLOT_INFO s;
    CK_TOKEN_INFO t;

    memset(out, 0, sizeof *out);
    CK_RV rv = m->f->C_GetSlotInfo(slot, &s);
    if (rv == CKR_OK)
        rv = m->f->C_GetTokenInfo(slot, &t);
    if (rv != CKR_OK)
        return rv;
    copy_padded(out->label, t.label, sizeof t.label);
    copy_padded(out->manufacturer, t.manufacturerID, sizeof t.manufacturerID);
    copy_padded(out->model, t.model, sizeof t.model);
    copy_padded(out->serial, t.serialNumber, sizeof t.serialNumber);
    copy_padded(out->slot, s.slotDescription, sizeof s.slotDescription);
    memcpy(out->module, m->source.path, sizeof out->module);
    out->initialized = (t.flags & CKF_TOKEN_INITIALIZED) != 0;
    out->login_required = (t.flags & CKF_LOGIN_REQUIRED) != 0;
    out->keypad = (t.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
    out->read_only = (t.flags & CKF_WRITE_PROTECTED) != 0;
    out->ecdsa = signs_ecdsa(m, slot);
    copy_tries(t.flags, out);
    out->pin_min = pin_len_of(t.ulMinPinLen);
    out->pin_max = pin_len_of(t.ulMaxPinLen);
    return CKR_OK;
}

enum err token_slot_info(struct token_module *m, CK_SLOT_ID slot, struct token_info *out)
{
    CK_RV rv = token_slot_read(m, slot, out);
    return rv == CKR_OK ? ERR_OK : ckr_fail(rv, "C_GetTokenInfo");
}

/* Two calls, since the size query is what makes modules look for new readers and tokens. */
static enum err list_slots(struct token_module *m, CK_SLOT_ID slots[static TOKEN_SLOTS_MAX],
                           CK_ULONG *count)
{
    CK_ULONG n = 0;

    *count = 0;
    CK_RV rv = m->f->C_GetSlotList(CK_TRUE, NULL, &n);
    if (rv == CKR_OK && n > 0) {
        n = TOKEN_SLOTS_MAX;
        rv = m->f->C_GetSlotList(CK_TRUE, slots, &n);
    }
    if (rv != CKR_OK)
        return ckr_fail(rv, "C_GetSlotList");
    if (n > TOKEN_SLOTS_MAX)
        return log_fail(ERR_TOKEN_FAILED, "token.pkcs11", "C_GetSlotList gave %lu slots", n);
    *count = n;
    return ERR_OK;
}

/* Every token that can be read; one that is pulled meanwhile or not recognised is not there. */
static enum err read_all(struct token_module *m, struct token_info **infos, CK_SLOT_ID **slots,
                         size_t *count)
{
    CK_ULONG n = 0;
    size_t used = 0;

    *count = 0;
    *infos = calloc(TOKEN_SLOTS_MAX, sizeof **infos);
    *slots = calloc(TOKEN_SLOTS_MAX, sizeof **slots);
    enum err e = *infos && *slots ? list_slots(m, *slots, &n) : ERR_NO_MEMORY;
    for (CK_ULONG i = 0; !e && i < n; i++)
        if (token_slot_read(m, (*slots)[i], &(*infos)[used]) == CKR_OK)
            (*slots)[used++] = (*slots)[i];
    if (e) {
        free(*infos);
        free(*slots);
        *infos = NULL;
        *slots = NULL;
        return e;
    }
    *count = used;
    return ERR_OK;
}

enum err token_list(struct token_module *m, struct token_info **out, size_t *count)
{
    CK_SLOT_ID *slots = NULL;

    *out = NULL;
    *count = 0;
    pthread_rwlock_rdlock(&m->lock);
    enum err e = read_all(m, out, &slots, count);
    pthread_rwlock_unlock(&m->lock);
    free(slots);
    if (!e && *count == 0) {
        free(*out);
        *out = NULL;
    }
    return e;
}

enum err token_slot_now(const struct token *t, struct token_info *out)
{
    enum err e = token_slot_info(t->module, t->slot, out);

    return !e && !token_info_same(out, &t->info) ? ERR_TOKEN_REMOVED : e;
}

/* Two may have the same name: whoever named one by its reader means no other. */
static bool is_it(const struct token *t, const struct token_uri *uri, const struct token_info *info)
{
    if (uri)
        return token_info_matches(info, uri);
    return token_info_same(info, &t->info) &&
           (!t->by_reader || strcmp(info->slot, t->info.slot) == 0);
}

enum err token_slot_find(struct token *t, const struct token_uri *uri)
{
    struct token_info *infos = NULL;
    CK_SLOT_ID *slots = NULL;
    size_t count = 0, matches = 0, match = 0;

    enum err e = read_all(t->module, &infos, &slots, &count);
    for (size_t i = 0; i < count; i++)
        if (is_it(t, uri, &infos[i])) {
            match = i;
            matches++;
        }
    if (!e && matches != 1)
        e = matches ? ERR_TOKEN_AMBIGUOUS : ERR_TOKEN_NOT_FOUND;
    if (!e) {
        t->slot = slots[match];
        t->info = infos[match];
    }
    free(infos);
    free(slots);
    return e;
}

static CK_RV set_user_pin(CK_FUNCTION_LIST *f, CK_SLOT_ID slot, const struct token_pin *so_pin,
                          const struct token_pin *user_pin)
{
    CK_SESSION_HANDLE s = 0;

    CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
    if (rv != CKR_OK)
        return rv;
    rv = f->C_Login(s, CKU_SO, token_pin_bytes(so_pin), token_pin_len(so_pin));
    if (rv == CKR_OK) {
        rv = f->C_InitPIN(s, token_pin_bytes(user_pin), token_pin_len(user_pin));
        f->C_Logout(s);
    }
    f->C_CloseSession(s);
    return rv;
}

static enum err init_slot(struct token_module *m, CK_SLOT_ID slot, const char *label,
                          const struct token_pin *so_pin, const struct token_pin *user_pin)
{
    CK_UTF8CHAR padded[32];

    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    CK_RV rv = m->f->C_InitToken(slot, token_pin_bytes(so_pin), token_pin_len(so_pin), padded);
    if (rv != CKR_OK)
        return ckr_fail(rv, "C_InitToken");
    rv = set_user_pin(m->f, slot, so_pin, user_pin);
    return rv == CKR_OK ? ERR_OK : ckr_fail(rv, "C_InitPIN");
}

/* The first slot without an initialised token. A PIN that this token would not take is refused
 * here, before the token is half made. */
static enum err find_free(struct token_module *m, const struct token_pin *pin, CK_SLOT_ID *slot)
{
    struct token_info *infos = NULL;
    CK_SLOT_ID *slots = NULL;
    size_t count = 0, i = 0;

    enum err e = read_all(m, &infos, &slots, &count);
    while (i < count && infos[i].initialized)
        i++;
    if (!e && i == count)
        e = ERR_TOKEN_FULL;
    if (!e && (token_pin_len(pin) < infos[i].pin_min ||
               (infos[i].pin_max && token_pin_len(pin) > infos[i].pin_max)))
        e = ERR_PIN_INVALID;
    if (!e)
        *slot = slots[i];
    free(infos);
    free(slots);
    return e;
}

enum err token_init(struct token_module *m, const char *label, struct token_pin *so_pin,
                    struct token_pin *user_pin, struct token_info *out)
{
    CK_SLOT_ID slot = 0;
    size_t len = strlen(label);

    memset(out, 0, sizeof *out);
    if (len < 1 || len > 32 || !text_is_utf8(label, len))
        return log_fail(ERR_USAGE, "token.init", "a label has 1 to 32 bytes of UTF-8");
    pthread_rwlock_wrlock(&m->lock);
    enum err e = find_free(m, user_pin, &slot);
    if (!e)
        e = init_slot(m, slot, label, so_pin, user_pin);
    if (!e)
        e = token_slot_info(m, slot, out);
    pthread_rwlock_unlock(&m->lock);
    return e;
}
