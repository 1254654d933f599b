#include "codec/pii.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "codec/keyring.h"
#include "tap.h"

static struct mx_arena *arena;
static char top[] = "/tmp/merx-pii-XXXXXX";

static const struct mx_id row = {"0123456789abcdef"}, other_row = {"0123456789abcdeg"};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static const char *new_dir(void)
{
    static int n;
    const char *path = mx_arena_printf(arena, "%s/%d", top, n++), *why = "";
    struct mx_str kid;
    struct mx_keyring r = {.a = arena, .dir = path};

    if (mx_keyring_new(&r, "ES256", &kid, &why) != MX_OK)
        MX_BUG("%s", why);
    return path;
}

static struct mx_keys *loaded[32];
static size_t n_loaded;

static struct mx_keys *load(const char *dir)
{
    struct mx_keys *k = NULL;
    const char *why = "";

    if (mx_keys_load(arena, dir, &k, &why) != MX_OK)
        MX_BUG("%s", why);
    MX_ASSERT(n_loaded < MX_LEN(loaded));
    return loaded[n_loaded++] = k;
}

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
    const char *path = mx_arena_printf(arena, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) != 0)
        MX_BUG("cannot write %s", path);
}

static bool opens(const struct mx_keys *k, const char *column, struct mx_id id,
                  struct mx_str sealed)
{
    struct mx_str plain;

    return mx_pii_open(arena, k, column, id, sealed, &plain);
}

static void sealing(void)
{
    const struct mx_keys *k = load(new_dir()), *stranger = load(new_dir());
    struct mx_str sealed = mx_pii_seal(arena, k, "account.phone", row, MX_S("+49 30 1234"));
    struct mx_str plain, none = {NULL, 0}, empty;
    size_t changed = 0;

    tap_int((int64_t)sealed.n, 11 + MX_PII_OVERHEAD, "head, nonce, text and tag");
    tap_ok(mx_pii_open(arena, k, "account.phone", row, sealed, &plain), "opens");
    tap_str(plain, "+49 30 1234", "and is the same [PII-1]");
    tap_ok(!memmem(sealed.p, sealed.n, "1234", 4), "not to be read in the sealed bytes [PII-1]");
    tap_ok(!mx_str_eq(mx_pii_seal(arena, k, "account.phone", row, MX_S("+49 30 1234")), sealed),
           "sealed twice: two values");
    tap_ok(!opens(k, "account.phone", other_row, sealed), "not in another row [PII-1]");
    tap_ok(!opens(k, "account.phon", row, sealed), "not in another column [PII-1]");
    tap_ok(!opens(stranger, "account.phone", row, sealed), "not with another key");
    for (size_t i = 0; i < sealed.n; i++) {
        char *bytes = mx_arena_dup(arena, sealed.p, sealed.n);

        bytes[i] = (char)(bytes[i] ^ 1);
        changed += !opens(k, "account.phone", row, (struct mx_str){bytes, sealed.n});
    }
    tap_int((int64_t)changed, (int64_t)sealed.n, "not when any byte is another");
    for (changed = 0; changed < sealed.n; changed++)
        if (opens(k, "account.phone", row, mx_str_sub(sealed, 0, changed)))
            break;
    tap_int((int64_t)changed, (int64_t)sealed.n, "not when it was cut");
    tap_ok(!opens(k, "account.phone", row, MX_S("+49 30 1234")), "nor what was never sealed");
    empty = mx_pii_seal(arena, k, "a.b", row, MX_S(""));
    tap_ok(mx_pii_open(arena, k, "a.b", row, empty, &plain) && plain.p && plain.n == 0, "empty");
    tap_ok(!mx_pii_seal(arena, k, "a.b", row, none).p, "absent stays absent");
    tap_ok(mx_pii_open(arena, k, "a.b", row, none, &plain) && !plain.p, "both ways");
}

static void rotating(void)
{
    const char *dir = new_dir(), *why = "", *file;
    struct mx_keydir d = {arena, dir, &why, -1};
    struct mx_keys *k = load(dir);
    struct mx_pii_id first = mx_pii_active(k), second = {{0}}, of;
    struct mx_str old = mx_pii_seal(arena, k, "a.b", row, MX_S("x")), new;
    struct mx_pii_newest newest = {.keys = 0};
    struct stat st;

    tap_err(mx_keydir_open(&d), MX_OK, "the directory");
    tap_err(mx_pii_ring_new(&d, &second), MX_OK, "a new key");
    k = load(dir);
    tap_ok(memcmp(mx_pii_active(k).b, first.b, MX_PII_ID) == 0, "seals nothing yet");
    tap_err(mx_pii_ring_activate(&d, second), MX_OK, "now it does");
    k = load(dir);
    new = mx_pii_seal(arena, k, "a.b", row, MX_S("x"));
    tap_ok(mx_pii_key_of(new, &of) && memcmp(of.b, second.b, MX_PII_ID) == 0, "[MFA-8] new values");
    tap_ok(mx_pii_key_of(old, &of) && memcmp(of.b, first.b, MX_PII_ID) == 0, "and old ones");
    tap_ok(opens(k, "a.b", row, new) && opens(k, "a.b", row, old), "both open [MFA-8]");
    tap_err(mx_pii_ring_newest(&d, &newest), MX_OK, "which is the newest");
    tap_ok(newest.seals && newest.keys == 2 && newest.made_ms > 0, "the one that seals");
    tap_err(mx_pii_ring_retire(&d, ".retired"), MX_OK, "the other goes");
    tap_err(mx_pii_ring_retire(&d, ".retired"), MX_OK, "there is no other");
    tap_err(mx_pii_ring_activate(&d, first), MX_E_VALIDATION_FAILED, "and seals no more");
    k = load(dir);
    tap_ok(opens(k, "a.b", row, new) && !opens(k, "a.b", row, old), "its values are lost");
    tap_err(mx_pii_ring_first(&d), MX_OK, "there is one");
    tap_ok(memcmp(mx_pii_active(load(dir)).b, second.b, MX_PII_ID) == 0, "and it stays");
    file = mx_arena_printf(arena, "%s/%s.pii", dir, mx_pii_id_text(arena, second).p);
    st = (struct stat){0};
    tap_ok(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600, "mode of a key");
    mx_keydir_close(&d);
}

/* The directory with one more file, or another, is refused for that reason. */
static void refused(const char *name, const char *text, mode_t mode, const char *part)
{
    const char *dir = new_dir(), *why = "accepted";
    struct mx_keys *k;

    if (text)
        put(dir, name, text, mode);
    else
        unlink(mx_arena_printf(arena, "%s/%s", dir, name));
    tap_ok(mx_keys_load(arena, dir, &k, &why) != MX_OK && strstr(why, part), "%s: %s", name, part);
    printf("# %s\n", why);
}

static void bad_files(void)
{
    static const char key[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    const char *dir = new_dir(), *why = "";
    struct mx_keys *k;

    refused("0123456789abcdef.pii", key, 0644, "mode 0644");
    refused("0123456789abcdef.pii", key, 0620, "mode 0620");
    refused("0123456789abcdef.pii", "AAAA", 0600, "32 bytes");
    refused("0123456789abcdef.pii", "", 0600, "32 bytes");
    refused("0123456789ABCDEF.pii", key, 0600, "the id is");
    refused("0123456789abcde.pii", key, 0600, "the id is");
    refused("pii.active", "0123456789abcdef\n", 0600, "names no key");
    refused("pii.active", "", 0600, "names no key");
    refused("pii.active", "x", 0622, "mode 0622");
    refused("pii.active", NULL, 0, "pii.active: No such file");
    for (int i = 1; i <= MX_PII_KEYS_MAX; i++) {
        tap_ok(mx_keys_load(arena, dir, &k, &why) == MX_OK, "%d keys", i);
        mx_keys_free(k);
        put(dir, mx_arena_printf(arena, "%016d.pii", i), key, 0400);
    }
    tap_ok(mx_keys_load(arena, dir, &k, &why) != MX_OK, "too many");
}

int main(void)
{
    arena = mx_arena_new(65536, 8 << 20);
    mx_secret_init();
    if (!mkdtemp(top))
        MX_BUG("no directory");
    sealing();
    rotating();
    bad_files();
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    while (n_loaded > 0)
        mx_keys_free(loaded[--n_loaded]);
    mx_arena_free(arena);
    return tap_done();
}
