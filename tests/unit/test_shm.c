#include "io/shm.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "tap.h"

static bool take(struct mx_shared *s, const char *key, int64_t burst, int64_t per_min)
{
    int64_t left, reset;

    return mx_shared_take(s, mx_str_c(key), burst, 1440 * per_min, &left, &reset);
}

static void test_buckets(struct mx_shared *s)
{
    int64_t left = -1, reset = -1;

    tap_ok(mx_shared_take(s, MX_S("a"), 3, 1440, &left, &reset), "a new bucket is full");
    tap_int(left, 2, "two are left");
    tap_ok(reset > 55 && reset <= 60, "one is back in a minute");
    tap_ok(take(s, "a", 3, 1) && take(s, "a", 3, 1), "three at once");
    tap_ok(!mx_shared_take(s, MX_S("a"), 3, 1440, &left, &reset), "not four");
    tap_int(left, 0, "none is left");
    tap_ok(reset > 55 && reset <= 60, "wait a minute");
    tap_ok(take(s, "b", 3, 1), "another key has its own");
    mx_shared_give(s, MX_S("a"), 3, 1440);
    tap_ok(take(s, "a", 3, 1) && !take(s, "a", 3, 1), "what is given back can be taken once");
    for (int i = 0; i < 10; i++)
        mx_shared_give(s, MX_S("c"), 2, 1440);
    tap_ok(take(s, "c", 2, 1) && take(s, "c", 2, 1) && !take(s, "c", 2, 1), "never above full");
}

static void test_refill(struct mx_shared *s)
{
    int taken = 0;

    while (take(s, "fast", 5, 60000))
        taken++;
    tap_ok(taken >= 5, "the burst");
    usleep(20000);
    tap_ok(take(s, "fast", 5, 60000), "a thousand a second come back soon");
    taken = 0;
    for (int i = 0; i < 2000; i++)
        taken += take(s, "huge", 1000000, 1);
    tap_int(taken, 2000, "a huge and slow bucket");
}

/* Eight processes drain one bucket: together they get its content and no more. */
static void test_bucket_race(struct mx_shared *s)
{
    int pipes[2], total = 0, n;

    if (pipe(pipes) != 0)
        return;
    for (int p = 0; p < 8; p++) {
        if (fork() != 0)
            continue;
        n = 0;
        for (int i = 0; i < 1000; i++)
            n += take(s, "race", 500, 1);
        _exit(write(pipes[1], &n, sizeof n) == (ssize_t)sizeof n ? 0 : 1);
    }
    for (int p = 0; p < 8; p++) {
        wait(NULL);
        if (read(pipes[0], &n, sizeof n) == (ssize_t)sizeof n)
            total += n;
    }
    close(pipes[0]);
    close(pipes[1]);
    tap_int(total, 500, "eight processes take what is there and no more");
}

static void test_revoked(struct mx_shared *s)
{
    int64_t now = mx_wall_ms();
    struct mx_id a = mx_id_new(), b = mx_id_new(), many[2000];
    int found = 0;

    tap_ok(!mx_shared_revoked(s, a, now), "a session is good");
    mx_shared_revoke(s, a, now + 60000);
    tap_ok(mx_shared_revoked(s, a, now), "until it is revoked");
    tap_ok(!mx_shared_revoked(s, b, now), "another one is not");
    tap_ok(mx_shared_revoked(s, a, now + 59000), "as long as it matters");
    tap_ok(!mx_shared_revoked(s, a, now + 120000), "then it is forgotten");
    mx_shared_revoke(s, a, now - 5000);
    tap_ok(mx_shared_revoked(s, a, now), "an older entry does not replace it");
    for (int i = 0; i < (int)MX_LEN(many); i++)
        mx_shared_revoke(s, many[i] = mx_id_new(), now + 60000);
    for (int i = 0; i < (int)MX_LEN(many); i++)
        found += mx_shared_revoked(s, many[i], now);
    tap_int(found, (int64_t)MX_LEN(many), "thousands fit");
}

/* A clock that was set back and forth again: the entry of meanwhile outlives the tokens of before.
 */
static void test_revoked_behind(struct mx_shared *s)
{
    int64_t now = mx_wall_ms(), right = now + 3600000;
    struct mx_id a = mx_id_new();

    (void)mx_shared_poll_due(s, right, 1000);
    mx_shared_revoke(s, a, now + 60000);
    tap_ok(mx_shared_revoked(s, a, now), "revoked while the clock is behind");
    tap_ok(mx_shared_revoked(s, a, right + 50000), "and when it is right again");
    tap_ok(!mx_shared_revoked(s, a, right + 120000), "then it is forgotten");
}

static void test_poll(struct mx_shared *s)
{
    tap_ok(mx_shared_poll_due(s, 100000, 1000), "the first polls");
    tap_ok(!mx_shared_poll_due(s, 100500, 1000), "the others do not");
    tap_ok(mx_shared_poll_due(s, 101000, 1000), "a second later again");
    tap_ok(mx_shared_poll_due(s, 50000, 1000), "a clock set back does not stop it");
}

static struct mx_claims claims_for(int64_t exp, struct mx_str scope, struct mx_str roles)
{
    return (struct mx_claims){.account = mx_id_new(),
                              .session = mx_id_new(),
                              .jti = mx_id_new(),
                              .iat = 1000,
                              .nbf = 1000,
                              .exp = exp,
                              .scope = scope,
                              .roles = roles};
}

static void test_tokens(struct mx_shared *s)
{
    struct mx_hash one = {{1}}, two = {{1, [31] = 9}}, three = {{3}};
    struct mx_claims c = claims_for(2000, MX_S("staff"), MX_S("owner clerk")), got;

    tap_ok(!mx_shared_token_get(s, &one, 1500, &got), "unknown");
    mx_shared_token_put(s, &one, &c);
    tap_ok(mx_shared_token_get(s, &one, 1500, &got), "remembered");
    tap_ok(mx_id_eq(got.account, c.account) && mx_id_eq(got.session, c.session), "with its ids");
    tap_ok(got.nbf == 1000 && got.exp == 2000, "and times");
    tap_str(got.scope, "staff", "scope");
    tap_ok(mx_id_none(got.jti) && got.iat == 0 && !got.roles.p, "the rest is absent");
    tap_ok(!mx_shared_token_get(s, &two, 1500, &got), "all bytes of the hash count");
    tap_ok(!mx_shared_token_get(s, &one, 2000, &got), "not when it has expired");
    tap_ok(!mx_shared_token_get(s, &one, 900, &got), "nor before its time");
    c.scope = MX_S("admin");
    mx_shared_token_put(s, &three, &c);
    tap_ok(!mx_shared_token_get(s, &three, 1500, &got), "an unknown scope is not kept");
}

/* Writers of one set of entries are killed while they write; readers see whole entries only, and
 * the entries stay usable. */
static void test_token_race(struct mx_shared *s)
{
    struct mx_hash keys[6];
    struct mx_claims got;
    bool whole = true, kept = false;
    pid_t pid;

    for (int k = 0; k < 6; k++)
        keys[k] = (struct mx_hash){{77, [20] = (unsigned char)k}};
    for (int round = 0; round < 40; round++) {
        pid = fork();
        if (pid == 0)
            for (int64_t n = 1;; n++) {
                struct mx_claims c = claims_for(5000, MX_S("customer"), (struct mx_str){0});

                memset(&c.account, (int)(n & 0xff), sizeof c.account);
                c.session = c.account;
                mx_shared_token_put(s, &keys[n % 6], &c);
            }
        for (int i = 0; i < 2000; i++)
            if (mx_shared_token_get(s, &keys[i % 6], 1500, &got))
                whole &= mx_id_eq(got.account, got.session);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    tap_ok(whole, "entries are whole whatever the writer does");
    for (int k = 0; k < 6; k++) {
        struct mx_claims c = claims_for(9000, MX_S("customer"), (struct mx_str){0});

        mx_shared_token_put(s, &keys[k], &c);
        kept |= mx_shared_token_get(s, &keys[k], 1500, &got) && got.exp == 9000;
    }
    tap_ok(kept, "entries of dead writers are taken over");
}

static bool take_in_child(struct mx_shared *s, int64_t limit, bool stay, pid_t *ret_pid)
{
    int p[2];
    char ok = 0;

    if (pipe(p) != 0)
        return false;
    *ret_pid = fork();
    if (*ret_pid == 0) {
        ok = mx_shared_slot_take(s, MX_SLOTS_HASH, limit);
        if (write(p[1], &ok, 1) != 1)
            _exit(1);
        while (stay)
            pause();
        _exit(0);
    }
    if (read(p[0], &ok, 1) != 1)
        ok = 0;
    close(p[0]);
    close(p[1]);
    return ok;
}

static void test_slots(struct mx_shared *s)
{
    pid_t one, two;

    tap_ok(take_in_child(s, 2, true, &one), "the first of two slots");
    tap_ok(take_in_child(s, 2, false, &two), "the second");
    waitpid(two, NULL, 0);
    tap_ok(mx_shared_slot_take(s, MX_SLOTS_HASH, 2), "a slot of the dead is taken over");
    tap_ok(!take_in_child(s, 2, false, &two), "a third must wait");
    waitpid(two, NULL, 0);
    mx_shared_slot_give(s, MX_SLOTS_HASH);
    tap_ok(take_in_child(s, 2, false, &two), "given back");
    waitpid(two, NULL, 0);
    kill(one, SIGKILL);
    waitpid(one, NULL, 0);
}

static void test_catalog(struct mx_shared *s)
{
    uint64_t before = mx_shared_catalog(s);
    pid_t pid = fork();

    if (pid == 0) {
        mx_shared_catalog_bump(s);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    tap_ok(mx_shared_catalog(s) == before + 1, "a write in one process is seen in all");
}

int main(void)
{
    struct mx_shared *s = mx_shared_new();

    test_buckets(s);
    test_refill(s);
    test_bucket_race(s);
    test_revoked(s);
    test_poll(s);
    test_revoked_behind(s);
    test_tokens(s);
    test_token_race(s);
    test_slots(s);
    test_catalog(s);
    return tap_done();
}
