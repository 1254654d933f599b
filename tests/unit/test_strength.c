/* How easily passwords are guessed. */
#include "codec/strength.h"

#include "tap.h"

static struct mx_arena *arena;

static enum mx_weakness weakness(const char *password)
{
    static struct mx_str words[] = {{"Merx", 4}, {"ada", 3}, {"Lovelace", 8}, {"x.test", 6}};

    return mx_password_weakness(arena, mx_str_c(password), MX_LIST(words, MX_LEN(words)));
}

static void test_weak(void)
{
    static const struct {
        const char *password;
        enum mx_weakness why;
    } weak[] = {
        {"password1", MX_WEAK_COMMON},      {"P@ssw0rd!", MX_WEAK_COMMON},
        {"12345678", MX_WEAK_COMMON},       {"iloveyou2", MX_WEAK_COMMON},
        {"Welcome2024", MX_WEAK_COMMON},    {"passwort123", MX_WEAK_COMMON},
        {"merx2026", MX_WEAK_CONTEXT},      {"MERX-2026", MX_WEAK_CONTEXT},
        {"ada.lovelace", MX_WEAK_CONTEXT},  {"L0velace1815", MX_WEAK_CONTEXT},
        {"abcdefghijk", MX_WEAK_SEQUENCE},  {"aaaaaaaaaaaaaaaa", MX_WEAK_REPEATED},
        {"xyxyxyxyxyxy", MX_WEAK_REPEATED}, {"13/05/1987", MX_WEAK_DATE},
    };

    for (size_t i = 0; i < MX_LEN(weak); i++)
        tap_int(weakness(weak[i].password), weak[i].why,
                mx_arena_printf(arena, "[PWD-2] %s", weak[i].password));
}

static void test_strong(void)
{
    static const char *const strong[] = {"correct horse battery staple", "k3vq9zt2",
                                         "quite another one", "a-stranger's-Passw0rt",
                                         "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x83\x91"};
    char many[129];

    for (size_t i = 0; i < MX_LEN(strong); i++)
        tap_int(weakness(strong[i]), MX_STRONG, strong[i]);
    for (size_t i = 0; i < 128; i++)
        many[i] = i % 2 == 0 ? '\xc3' : '\xa9';
    many[128] = '\0';
    tap_int(weakness(many), MX_STRONG, "[PWD-1] 64 times the same letter");
}

int main(void)
{
    arena = mx_arena_new(4096, 1 << 20);
    test_weak();
    test_strong();
    mx_arena_free(arena);
    return tap_done();
}
