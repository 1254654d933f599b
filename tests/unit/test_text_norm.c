/* Normal forms of text: what people type in many ways is one. */
#include "tap.h"

#include "base/arena.h"
#include "codec/text_norm.h"
#include "codec/utf8.h"

static struct mx_arena *arena;

static void test_nfc(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"Caf\xc3\xa9", "Caf\xc3\xa9"},
        {"Cafe\xcc\x81", "Caf\xc3\xa9"},
        {"\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80"},
        {"\xe2\x84\xab", "\xc3\x85"},
        {"\xef\xac\x81", "\xef\xac\x81"},
    };
    struct mx_str same = MX_S("\xc3\xa9");

    for (size_t i = 0; i < MX_LEN(cases); i++)
        tap_str(mx_text_nfc(arena, mx_str_c(cases[i].text)), cases[i].want, cases[i].text);
    tap_ok(mx_text_nfc(arena, same).p == same.p, "what is composed is not copied");
}

static void test_fold(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"Red LAMP 5", "red lamp 5"},
        {"\xc3\x98rsted", "orsted"},
        {"\xc5\x81\xc3\xb3\x64\xc5\xba b\xc5\x82\x61watek", "lodz blawatek"},
        {"Stra\xc3\x9f\x65 STRASSE \xe1\xba\x9e", "strasse strasse ss"},
        {"Cafe\xcc\x81 Caf\xc3\xa9", "cafe cafe"},
        {"\xc4\xb0stanbul \xc4\xb1rmak I", "istanbul irmak i"},
        {"\xef\xbc\xb3\xef\xbd\x8f\xef\xbd\x8e\xef\xbd\x99 \xef\xbc\x91", "sony 1"},
        {"\xef\xac\x81sh \xc5\x93uvre \xc3\x86ther", "fish oeuvre aether"},
        {"\xc4\x90\xe1\xbb\x93ng \xc4\x91", "dong d"},
        {"\xc3\x9e\xc3\xb3r \xc3\x90", "thor d"},
        {"soft\xc2\xadhyphen", "softhyphen"},
        {"\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1 \xcf\x82",
         "\xce\xb1\xce\xb8\xce\xb7\xce\xbd\xce\xb1 \xcf\x83"},
        {"\xd0\x81\xd0\xbb\xd0\xba\xd0\xb0", "\xd0\xb5\xd0\xbb\xd0\xba\xd0\xb0"},
        {"\xe3\x81\x8c \xef\xbd\xb6\xef\xbe\x9e", "\xe3\x81\x8c \xe3\x82\xac"},
        {"\xed\x95\x9c\xea\xb5\xad", "\xed\x95\x9c\xea\xb5\xad"},
        {"\xe0\xb8\x81\xe0\xb8\xb5\xe0\xb9\x88", "\xe0\xb8\x81\xe0\xb8\xb5\xe0\xb9\x88"},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++)
        tap_str(mx_text_fold(arena, mx_str_c(cases[i].text)), cases[i].want, cases[i].text);
}

/* UTF-8 of a code point that is no surrogate. */
static struct mx_str utf8_of(uint32_t c, char to[4])
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(lead[n] | c);
    return (struct mx_str){to, n};
}

/* Of every code point: folding again changes nothing, its composed form folds alike, and both forms
 * are valid. */
static void test_every_code_point(void)
{
    int64_t again = 0, composed = 0, invalid = 0;
    char bytes[4];

    for (uint32_t c = 0; c < 0x110000; c++) {
        struct mx_str s, folded, nfc;

        if (c >= 0xd800 && c < 0xe000)
            continue;
        s = utf8_of(c, bytes);
        folded = mx_text_fold(arena, s);
        nfc = mx_text_nfc(arena, s);
        again += !mx_str_eq(mx_text_fold(arena, folded), folded);
        composed += !mx_str_eq(mx_text_fold(arena, nfc), folded);
        invalid += !mx_utf8_valid(folded) || !mx_utf8_valid(nfc);
        mx_arena_reset(arena);
    }
    tap_int(again, 0, "folding again changes nothing");
    tap_int(composed, 0, "a composed form folds as the text does");
    tap_int(invalid, 0, "forms are valid");
}

int main(void)
{
    arena = mx_arena_new(65536, 1 << 20);
    test_nfc();
    test_fold();
    test_every_code_point();
    mx_arena_free(arena);
    return tap_done();
}
