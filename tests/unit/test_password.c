/* Strength of new passwords. */
#include "tap.h"

#include "shop/password.h"

static struct mx_ctx cx;
static struct mx_settings conf;
static struct mx_faults faults;

static bool accepted(const char *password, const char *email)
{
    mx_faults_init(&faults, cx.arena);
    enum mx_err e = mx_password_accept(&cx, mx_str_c(password), mx_str_c(email));
    if (e != MX_OK && (e != MX_E_VALIDATION_FAILED || faults.n != 1 ||
                       !mx_str_eqc(faults.at[0].pointer, "/password")))
        tap_ok(false, "a fault of the password");
    return e == MX_OK;
}

int main(void)
{
    conf.shop_name = "Gartenladen";
    cx.conf = &conf;
    cx.faults = &faults;
    cx.arena = mx_arena_new(4096, 1 << 20);

    tap_ok(accepted("correct horse battery", "ada@x.test"), "a good one");
    tap_ok(!accepted("password1", "ada@x.test"), "a common one");
    tap_ok(!accepted("PassWord1", "ada@x.test"), "a common one in other letters");
    tap_ok(!accepted("ada.lovelace@x.test", "Ada.Lovelace@x.test"), "the address");
    tap_ok(!accepted("1lovelace!", "lovelace@x.test"), "the local part with a little more");
    tap_ok(accepted("lovelace and babbage", "lovelace@x.test"), "the local part among other words");
    tap_ok(accepted("ada12345678x", "ada@x.test"), "short local parts say nothing");
    tap_ok(!accepted("gartenladen26", "ada@x.test"), "the shop's name and a year");
    mx_arena_free(cx.arena);
    return tap_done();
}
