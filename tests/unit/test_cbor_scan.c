/* The walk over CBOR heads that stands before every decoder. */
#include "codec/cbor_scan.h"

#include "tap.h"

#define ROW(name, bytes, length)                 \
    {                                            \
        name, {bytes, sizeof(bytes) - 1}, length \
    }

static const struct {
    const char *name;
    struct mx_str in;
    size_t length;
} rows[] = {
    /* RFC 8949 appendix A */
    ROW("0", "\x00", 1),
    ROW("23", "\x17", 1),
    ROW("24", "\x18\x18", 2),
    ROW("1000", "\x19\x03\xe8", 3),
    ROW("18446744073709551615", "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9),
    ROW("-18446744073709551616", "\x3b\xff\xff\xff\xff\xff\xff\xff\xff", 9),
    ROW("half", "\xf9\x3c\x00", 3),
    ROW("double", "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9),
    ROW("true", "\xf5", 1),
    ROW("simple(255)", "\xf8\xff", 2),
    ROW("no bytes", "\x40", 1),
    ROW("four bytes", "\x44\x01\x02\x03\x04", 5),
    ROW("text", "\x64IETF", 5),
    ROW("[]", "\x80", 1),
    ROW("[1, [2, 3], [4, 5]]", "\x83\x01\x82\x02\x03\x82\x04\x05", 8),
    ROW("{}", "\xa0", 1),
    ROW("{1: 2, 3: 4}", "\xa2\x01\x02\x03\x04", 5),
    ROW("{\"a\": 1, \"b\": [2, 3]}", "\xa2\x61\x61\x01\x61\x62\x82\x02\x03", 9),
    ROW("what follows is left", "\x81\x01\x02\x03", 2),
    ROW("a count in more bytes than it needs", "\x9b\0\0\0\0\0\0\0\x01\x05", 10),

    /* counts that the bytes cannot hold */
    ROW("nothing", "", 0),
    ROW("41,943,040 elements", "\x9a\x02\x80\x00\x00", 0),
    ROW("the same within an array", "\x81\x9a\x02\x80\x00\x00", 0),
    ROW("the same within a map", "\xa1\x01\x9a\x02\x80\x00\x00", 0),
    ROW("20,971,520 pairs", "\xba\x01\x40\x00\x00", 0),
    ROW("2^64-1 elements", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 0),
    ROW("2^63 pairs, twice that is 0", "\xbb\x80\x00\x00\x00\x00\x00\x00\x00", 0),
    ROW("2^63+1 pairs, twice that is 2", "\xbb\x80\x00\x00\x00\x00\x00\x00\x01\x01\x02", 0),
    ROW("2^64-1 bytes", "\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 0),
    ROW("2^31 bytes of text", "\x7a\x80\x00\x00\x00", 0),
    ROW("one element too few", "\x83\x01\x02", 0),
    ROW("one value too few", "\xa2\x01\x02\x03", 0),
    ROW("one byte too few", "\x43\x01\x02", 0),
    ROW("two arrays share too few bytes", "\x82\x82\x01\x82\x01\x02", 0),

    /* heads that end early, or say nothing definite */
    ROW("a head of two bytes cut", "\x18", 0),
    ROW("a head of nine bytes cut", "\x1b\0\0\0\0\0\0\0", 0),
    ROW("indefinite bytes", "\x5f\x41\x00\xff", 0),
    ROW("indefinite text", "\x7f\x61\x61\xff", 0),
    ROW("an indefinite array", "\x9f\x01\xff", 0),
    ROW("an indefinite map", "\xbf\x01\x02\xff", 0),
    ROW("a break alone", "\xff", 0),
    ROW("a break as element", "\x81\xff", 0),
    ROW("reserved 28", "\x1c\x00", 0),
    ROW("reserved 30", "\xfe\x00", 0),
    ROW("a tag", "\xc1\x00", 0),
};

/* `depth` arrays, each the only element of the one around it; the innermost is empty. */
static size_t nested(size_t depth)
{
    char bytes[1000];

    memset(bytes, '\x81', sizeof bytes);
    bytes[depth - 1] = '\x80';
    return mx_cbor_scan((struct mx_str){bytes, depth});
}

/* As many elements as bytes, and one more than that. */
static void test_exact_counts(void)
{
    char bytes[3 + 256] = "\x99\x01\x00";

    tap_int((int64_t)mx_cbor_scan((struct mx_str){bytes, sizeof bytes}), sizeof bytes,
            "as many elements as bytes");
    tap_int((int64_t)mx_cbor_scan((struct mx_str){bytes, sizeof bytes - 1}), 0, "one byte less");
    bytes[0] = '\xb9';
    bytes[1] = 0;
    bytes[2] = '\x80';
    tap_int((int64_t)mx_cbor_scan((struct mx_str){bytes, sizeof bytes}), sizeof bytes,
            "half as many pairs as bytes");
    bytes[2] = '\x81';
    tap_int((int64_t)mx_cbor_scan((struct mx_str){bytes, sizeof bytes}), 0, "one pair more");
}

int main(void)
{
    for (size_t i = 0; i < MX_LEN(rows); i++)
        tap_int((int64_t)mx_cbor_scan(rows[i].in), (int64_t)rows[i].length, rows[i].name);
    test_exact_counts();
    tap_int((int64_t)nested(MX_CBOR_DEPTH), MX_CBOR_DEPTH, "as deep as may be");
    tap_int((int64_t)nested(MX_CBOR_DEPTH + 1), 0, "one deeper");
    tap_int((int64_t)nested(1000), 0, "a thousand deep");
    return tap_done();
}
