#include "base/id.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/rnd.h"

#define DASHED(i) ((i) == 8 || (i) == 13 || (i) == 18 || (i) == 23)
#define LOW_62 ((UINT64_C(1) << 62) - 1)

/* The last id made here, unpacked: 48 bits of time, 12 and 62 random bits (RFC 9562 5.7). */
struct parts {
    uint64_t ms, high, low;
};

static struct parts last;

/* Within one ms (or when the clock steps back) the id grows by a random amount (RFC 9562 6.2,
 * method 2): later ids sort behind earlier ones and still cannot be guessed. */
static void advance(struct parts *at)
{
    at->low += 1 + mx_rnd_below(UINT64_C(1) << 48);
    if (at->low <= LOW_62)
        return;
    at->low &= LOW_62;
    if (++at->high < 1u << 12)
        return;
    at->high = 0;
    at->ms++;
}

static void renew(struct parts *at, uint64_t now_ms)
{
    uint64_t bits[2];

    mx_rnd(bits, sizeof bits);
    at->ms = now_ms;
    at->high = bits[0] & 0xfff;
    at->low = bits[1] & LOW_62;
}

struct mx_id mx_id_new(void)
{
    uint64_t now_ms = (uint64_t)mx_wall_ms();
    uint64_t low;
    struct mx_id id;

    if (now_ms > last.ms)
        renew(&last, now_ms);
    else
        advance(&last);
    for (int i = 0; i < 6; i++)
        id.b[i] = (unsigned char)(last.ms >> (40 - 8 * i));
    id.b[6] = (unsigned char)(0x70 | last.high >> 8);
    id.b[7] = (unsigned char)last.high;
    low = UINT64_C(1) << 63 | last.low;
    for (int i = 0; i < 8; i++)
        id.b[8 + i] = (unsigned char)(low >> (56 - 8 * i));
    return id;
}

struct mx_id mx_id_of(const unsigned char bytes[16])
{
    struct mx_id id;

    memcpy(id.b, bytes, sizeof(id.b));
    id.b[6] = (unsigned char)((id.b[6] & 0x0f) | 0x80);
    id.b[8] = (unsigned char)((id.b[8] & 0x3f) | 0x80);
    return id;
}

bool mx_id_eq(struct mx_id a, struct mx_id b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

bool mx_id_none(struct mx_id id)
{
    return mx_id_eq(id, (struct mx_id){0});
}

void mx_id_text(struct mx_id id, char out[MX_ID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < sizeof id.b; i++) {
        if (DASHED(at))
            out[at++] = '-';
        out[at++] = hex[id.b[i] >> 4];
        out[at++] = hex[id.b[i] & 15];
    }
}

struct mx_str mx_id_str(struct mx_arena *a, struct mx_id id)
{
    char *text = mx_arena_alloc(a, MX_ID_TEXT + 1);

    mx_id_text(id, text);
    text[MX_ID_TEXT] = 0;
    return (struct mx_str){text, MX_ID_TEXT};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* either case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mx_id_parse(struct mx_str s, struct mx_id *ret_id)
{
    struct mx_id id;
    size_t at = 0;

    if (s.n != MX_ID_TEXT)
        return false;
    for (size_t i = 0; i < sizeof id.b; i++) {
        int high, low;

        if (DASHED(at) && s.p[at++] != '-')
            return false;
        high = hex_digit(s.p[at++]);
        low = hex_digit(s.p[at++]);
        if (high < 0 || low < 0)
            return false;
        id.b[i] = (unsigned char)(high << 4 | low);
    }
    *ret_id = id;
    return true;
}
