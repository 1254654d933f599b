/* Strength of new passwords. */
#include "tap.h"

#include "account/password.h"

static struct mx_proc proc;
static struct mx_ctx cx = {.proc = &proc};
static struct mx_settings conf;
static struct mx_faults faults;

static bool accepted_of(const char *password, struct mx_password_owner owner)
{
    enum mx_err e;

    mx_faults_init(&faults, cx.arena);
    e = mx_password_accept(&cx, mx_str_c(password), &owner);
    if (e != MX_OK && (e != MX_E_VALIDATION_FAILED || faults.n != 1 ||
                       !mx_str_eqc(faults.at[0].pointer, "/password")))
        tap_ok(false, "a fault of the password");
    return e == MX_OK;
}

static bool accepted(const char *password, const char *email)
{
    return accepted_of(password, (struct mx_password_owner){mx_str_c(email), {NULL, 0}, false});
}

/* The first `n` bytes of a text that is as good as any. */
static bool accepted_of_staff(size_t n)
{
    struct mx_password_owner staff = {MX_S("ada@x.test"), MX_S("Ada"), true};
    struct mx_str text = {"q\xc3\xa9 hV3rY nic\xc3\xa9 on\xc3\xa9s", 0};

    text.n = n;
    return accepted_of(mx_arena_dup(cx.arena, text.p, text.n), staff);
}

int main(void)
{
    conf.shop_name = "Gartenladen";
    proc.conf = &conf;
    cx.faults = &faults;
    cx.arena = mx_arena_new(4096, 1 << 20);

    tap_ok(accepted("correct horse battery", "ada@x.test"), "a good one");
    tap_ok(!accepted("password1", "ada@x.test"), "a common one");
    tap_ok(!accepted("PassWord1", "ada@x.test"), "a common one in other letters");
    tap_ok(!accepted("ada.lovelace@x.test", "Ada.Lovelace@x.test"), "the address");
    tap_ok(!accepted("1lovelace!", "lovelace@x.test"), "the local part with a little more");
    tap_ok(accepted("lovelace and babbage", "lovelace@x.test"), "the local part among other words");
    tap_ok(!accepted("gartenladen26", "ada@x.test"), "[PWD-2] the shop's name and a year");
    tap_ok(!accepted("Babbage-1987", "ada@babbage.test"), "[PWD-2] the domain and a year");
    tap_ok(
        !accepted_of("KingLovelace1", (struct mx_password_owner){MX_S("a@x.test"),
                                                                 MX_S("Ada King Lovelace"), false}),
        "[PWD-2] the name");
    tap_ok(!accepted_of_staff(16), "[PWD-1] 14 characters are too few for staff");
    tap_ok(accepted_of_staff(17), "[PWD-1] 15 are enough, however many bytes");
    mx_arena_free(cx.arena);
    return tap_done();
}
