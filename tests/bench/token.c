/* Cost of an access token for one process: made, checked for the first time, and checked again,
 * when the host's table of verified tokens knows it; for each algorithm that signs. Also what is
 * asked before each request: whether the key directory has changed. Processor time a call, the
 * median of several rounds. */
#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/keyring.h"
#include "io/shm.h"

#define ROUNDS 9
#define NOW INT64_C(1800000000)
#define ISSUER "https://shop.test"
#define AUDIENCE "merx"

struct bench {
    struct mx_arena *a;
    struct mx_keys *keys;
    struct mx_shared *shared;
    struct mx_hash trust;
    struct mx_claims claims;
    struct mx_str token;
};

static void make(struct bench *b)
{
    MX_ASSERT(mx_token_sign(b->a, b->keys, ISSUER, AUDIENCE, &b->claims, &b->token) == MX_OK);
}

static void check(struct bench *b)
{
    struct mx_claims claims;
    const char *why;

    MX_ASSERT(mx_token_verify(b->a, b->keys, ISSUER, AUDIENCE, b->token, NOW, &claims, &why) ==
              MX_OK);
}

/* As lib/api/authn.c asks. */
static void recall(struct bench *b)
{
    struct mx_hash digest = mx_fingerprint(&b->trust, b->token);
    struct mx_claims claims;

    MX_ASSERT(mx_shared_token_get(b->shared, &digest, NOW, &claims));
}

static void look(struct bench *b)
{
    const char *why;

    MX_ASSERT(!mx_keys_refresh(b->a, &b->keys, &why) && !why);
}

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_us(struct bench *b, void (*fn)(struct bench *), int times)
{
    double spent[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        struct mx_arena_mark m = mx_arena_mark(b->a);
        struct mx_str token = b->token;
        double began = cpu_us();

        for (int i = 0; i < times; i++)
            fn(b);
        spent[round] = (cpu_us() - began) / times;
        b->token = token;
        mx_arena_rewind(b->a, m);
    }
    qsort(spent, ROUNDS, sizeof(spent[0]), by_value);
    return spent[ROUNDS / 2];
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void measure(struct bench *b, const char *alg)
{
    char top[] = "/tmp/merx-bench-XXXXXX";
    const char *why = "";
    struct mx_hash digest;
    struct mx_str kid;
    struct mx_keyring r;

    MX_ASSERT(mkdtemp(top) != NULL);
    r = (struct mx_keyring){.a = b->a, .dir = top};
    if (mx_keyring_new(&r, alg, &kid, &why) != MX_OK ||
        mx_keys_load(b->a, top, &b->keys, &why) != MX_OK)
        MX_BUG("%s", why);
    /* A directory is looked at twice when it has only just changed. */
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    (void)mx_keys_refresh(b->a, &b->keys, &why);
    make(b);
    digest = mx_fingerprint(&b->trust, b->token);
    mx_shared_token_put(b->shared, &digest, &b->claims);
    printf("%s  make %7.2f us   check %7.2f us   check again %5.2f us   keys changed? %5.2f us\n",
           alg, median_us(b, make, 200), median_us(b, check, 200), median_us(b, recall, 20000),
           median_us(b, look, 20000));
    mx_keys_free(b->keys);
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    struct bench b = {.a = mx_arena_new(65536, 64 << 20), .shared = mx_shared_new()};

    mx_secret_init();
    b.claims = (struct mx_claims){.account = mx_id_new(),
                                  .session = mx_id_new(),
                                  .jti = mx_id_new(),
                                  .iat = NOW - 1,
                                  .nbf = NOW - 1,
                                  .exp = NOW + 899,
                                  .scope = MX_S("customer")};
    measure(&b, "ES256");
    measure(&b, "HS256");
    mx_arena_free(b.a);
    return 0;
}
