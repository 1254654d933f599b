#include "shop/password.h"

#include "codec/secret.h"
#include "io/shm.h"
#include "shop/email.h"

/* The most common passwords that are long enough to be tried here; lower case. */
static const char *const common[] = {
    "password",   "12345678",    "123456789", "1234567890",    "12345678910", "qwertyuiop",
    "password1",  "password123", "passw0rd",  "p@ssw0rd",      "p@ssword",    "iloveyou",
    "iloveyou1",  "princess",    "princess1", "sunshine",      "sunshine1",   "football",
    "football1",  "baseball",    "baseball1", "superman",      "superman1",   "batman123",
    "starwars",   "whatever",    "trustno1",  "letmein1",      "letmein123",  "welcome1",
    "welcome123", "admin123",    "admin1234", "administrator", "qwerty123",   "qwerty12",
    "qwerty1234", "qwertyui",    "1q2w3e4r",  "1q2w3e4r5t",    "1qaz2wsx",    "1qaz2wsx3edc",
    "zaq12wsx",   "q1w2e3r4",    "asdfghjk",  "asdfghjkl",     "asdf1234",    "zxcvbnm1",
    "zxcvbnm123", "abc12345",    "abcd1234",  "abcdefgh",      "a1b2c3d4",    "aa123456",
    "a12345678",  "11111111",    "111111111", "1111111111",    "00000000",    "0000000000",
    "88888888",   "99999999",    "12341234",  "123123123",     "123321123",   "11223344",
    "1122334455", "87654321",    "987654321", "9876543210",    "0123456789",  "0987654321",
    "12344321",   "123456abc",   "123qweasd", "123456789a",    "1234qwer",    "147258369",
    "123654789",  "789456123",   "741852963", "jennifer",      "michelle",    "michael1",
    "charlie1",   "jordan23",    "computer",  "internet",      "liverpool",   "liverpool1",
    "arsenal1",   "chelsea1",    "pokemon1",  "butterfly",     "chocolate",   "basketball",
    "changeme",   "changeme1",   "passwort",  "passwort1",     "hallo123",    "schalke04",
    "dragon123",  "monkey123",   "master123", "shadow123",     "samsung1",    "google123",
};

static struct mx_str lower(struct mx_arena *a, struct mx_str s)
{
    char *p = mx_arena_dup(a, s.p, s.n);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] | 0x20);
    return (struct mx_str){p, s.n};
}

static bool is_common(struct mx_str s)
{
    for (size_t i = 0; i < MX_LEN(common); i++)
        if (mx_str_eqc(s, common[i]))
            return true;
    return false;
}

/* `s` with little more than `word` in it: the word and at most three other bytes. */
static bool is_disguise(struct mx_str s, struct mx_str word)
{
    if (word.n < 4 || s.n < word.n || s.n > word.n + 3)
        return false;
    for (size_t i = 0; i + word.n <= s.n; i++)
        if (mx_str_ieq(mx_str_sub(s, i, word.n), word))
            return true;
    return false;
}

static enum mx_err refuse(struct mx_ctx *cx, const char *code, const char *why)
{
    mx_fault_at(cx->faults, MX_S("/password"), code, "%s", why);
    return MX_E_VALIDATION_FAILED;
}

enum mx_err mx_password_accept(struct mx_ctx *cx, struct mx_str password, struct mx_str email)
{
    struct mx_str low = lower(cx->arena, password);
    if (is_common(low))
        return refuse(cx, "weak_password", "This is one of the most common passwords.");
    if (is_disguise(low, email) || is_disguise(low, mx_email_local(email)))
        return refuse(cx, "weak_password", "The password is made from the e-mail address.");
    if (is_disguise(low, mx_str_c(cx->conf->shop_name)))
        return refuse(cx, "weak_password", "The password is made from the shop's name.");
    return MX_OK;
}

static enum mx_err take_slot(struct mx_ctx *cx)
{
    if (mx_shared_slot_take(cx->shared, cx->conf->password_hashes_at_once))
        return MX_OK;
    cx->faults->retry_after_s = 1;
    return MX_E_OVERLOADED;
}

static enum mx_err hash(struct mx_ctx *cx, struct mx_str password, struct mx_str *ret_phc)
{
    char *phc = mx_arena_alloc(cx->arena, MX_PASSWORD_PHC);
    MX_TRY(mx_password_hash(password, phc));
    *ret_phc = mx_str_c(phc);
    return MX_OK;
}

enum mx_err mx_password_make(struct mx_ctx *cx, struct mx_str password, struct mx_str *ret_phc)
{
    MX_TRY(take_slot(cx));
    enum mx_err e = hash(cx, password, ret_phc);
    mx_shared_slot_give(cx->shared);
    return e;
}

static enum mx_err check(struct mx_ctx *cx, struct mx_str phc, struct mx_str password,
                         struct mx_str *ret_phc)
{
    bool match = mx_password_verify(phc.p != NULL ? phc : mx_password_dummy(), password);
    if (!match || phc.p == NULL)
        return MX_E_INVALID_CREDENTIALS;
    *ret_phc = phc;
    return mx_password_weak_hash(phc) ? hash(cx, password, ret_phc) : MX_OK;
}

enum mx_err mx_password_check(struct mx_ctx *cx, struct mx_str phc, struct mx_str password,
                              struct mx_str *ret_phc)
{
    MX_TRY(take_slot(cx));
    enum mx_err e = check(cx, phc, password, ret_phc);
    mx_shared_slot_give(cx->shared);
    return e;
}
