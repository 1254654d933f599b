#include "codec/phc.h"

#include <signal.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "codec/secret.h"
#include "tap.h"

static bool matches(struct mx_str phc, struct mx_str password)
{
    bool match = false;

    tap_err(mx_password_verify(phc, password, &match), MX_OK, "verified");
    return match;
}

static void passwords(void)
{
    char one[MX_PASSWORD_PHC], two[MX_PASSWORD_PHC];
    struct mx_str phc;

    tap_err(mx_password_hash(MX_S("pass\0word"), one), MX_OK, "hash");
    tap_err(mx_password_hash(MX_S("pass\0word"), two), MX_OK, "hash again");
    phc = mx_str_c(one);
    tap_ok(mx_str_starts(phc, MX_S("$argon2id$v=19$m=19456,t=2,p=1$")), "parameters");
    tap_ok(strcmp(one, two) != 0, "salted");
    tap_ok(matches(phc, MX_S("pass\0word")), "verifies");
    tap_ok(!matches(phc, MX_S("pass")), "the bytes behind a NUL count");
    tap_ok(!matches(phc, MX_S("")), "an empty password does not match");
    tap_ok(!matches(phc, (struct mx_str){0}), "an absent one neither");
    tap_ok(!matches(mx_str_sub(phc, 0, phc.n - 1), MX_S("pass\0word")), "cut hash");
    tap_ok(!matches((struct mx_str){0}, MX_S("x")), "absent hash");
    tap_ok(!matches(MX_S(""), MX_S("x")), "empty hash");
    tap_ok(!matches(MX_S("$argon2i$v=19$m=8,t=3,p=1$c2FsdHNhbHQ$AAAA"), MX_S("x")),
           "another scheme");
    tap_ok(!matches(mx_password_dummy(), MX_S("")), "nothing matches the dummy");
    tap_ok(!mx_password_weak_hash(mx_password_dummy()), "which costs what a real one costs");
    tap_ok(mx_password_dummy().n == phc.n, "and is as long");
}

static void weakness(void)
{
    static const struct {
        const char *phc;
        bool weak;
    } cases[] = {
        {"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", false},
        {"$argon2id$v=19$m=47104,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", false},
        {"$argon2id$v=19$m=19456,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$AAAA", false},
        {"$argon2id$v=19$m=12288,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", true},
        {"$argon2id$v=19$m=65536,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", true},
        {"$argon2id$v=16$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", true},
        {"$argon2i$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", true},
        {"$2b$12$abcdefghijklmnopqrstuv", true},
        {"$argon2id$v=19$m=19456", true},
        {"$argon2id$v=19$m=99999999999999999999,t=2,p=1$x$y", true},
        {"$argon2id$v=19$m=262145,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", true},
        {"$argon2id$v=19$m=19456,t=17,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA", true},
        {"$argon2id$v=19$m=19456,t=2,p=17$c2FsdHNhbHRzYWx0c2FsdA$AAAA", true},
        {"", true},
    };
    size_t i;

    for (i = 0; i < MX_LEN(cases); i++)
        tap_ok(mx_password_weak_hash(mx_str_c(cases[i].phc)) == cases[i].weak, "weak: %s",
               cases[i].phc);
}

/* Another implementation reads ours, and we read its. */
static void libsodium(void)
{
    char ours[MX_PASSWORD_PHC], theirs[crypto_pwhash_STRBYTES];

    tap_err(mx_password_hash(MX_S("correct horse"), ours), MX_OK, "hash");
    tap_ok(crypto_pwhash_str_verify(ours, "correct horse", 13) == 0, "libsodium takes ours");
    tap_ok(crypto_pwhash_str_verify(ours, "correct house", 13) != 0, "as we mean it");
    tap_ok(crypto_pwhash_str(theirs, "correct horse", 13, 3, 8192 * 1024) == 0, "libsodium's");
    tap_ok(matches(mx_str_c(theirs), MX_S("correct horse")), "we take its");
    tap_ok(!matches(mx_str_c(theirs), MX_S("correct house")), "as it means it");
    tap_ok(mx_password_weak_hash(mx_str_c(theirs)), "and its parameters from the text");
}

#define OTHERS 4

/* PWD-5: a hash lets others through, gets done beside processes of a higher priority that never
 * stop computing, and leaves no alarm behind. */
static void lets_others_through(void)
{
    pid_t others[OTHERS];
    struct rusage before, after;
    struct itimerval left;

    getrusage(RUSAGE_SELF, &before);
    tap_ok(!matches(mx_password_dummy(), MX_S("x")), "hashed");
    getrusage(RUSAGE_SELF, &after);
    tap_ok(after.ru_nvcsw - before.ru_nvcsw >= 10, "slept %ld times while it hashed",
           after.ru_nvcsw - before.ru_nvcsw);
    for (int i = 0; i < OTHERS; i++) {
        others[i] = fork();
        if (others[i] == 0)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (others[i] == 0)
            ;
    }
    setpriority(PRIO_PROCESS, 0, 10);
    tap_ok(!matches(mx_password_dummy(), MX_S("x")), "hashed beside others");
    for (int i = 0; i < OTHERS; i++) {
        kill(others[i], SIGKILL);
        waitpid(others[i], NULL, 0);
    }
    tap_ok(getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_usec == 0, "no alarm is left");
}

int main(void)
{
    mx_secret_init();
    passwords();
    weakness();
    libsodium();
    lets_others_through();
    return tap_done();
}
