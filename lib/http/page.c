#include "http/page.h"

#include "codec/uri.h"
#include "codec/utf8.h"

#define VERSION 1
/* Version, tag, has-text, number, id; then the text. */
#define HEAD (3 + 8 + sizeof(struct mx_id))

_Static_assert(MX_CURSOR_MAX == ((HEAD + MX_CURSOR_TEXT_MAX) * 4 + 2) / 3, "base64url of a cursor");

struct mx_str mx_cursor_encode(struct mx_arena *a, int tag, const struct mx_cursor *c)
{
    unsigned char bytes[HEAD + MX_CURSOR_TEXT_MAX];
    uint64_t number = (uint64_t)c->number;

    if (tag < 0 || tag > 255 || c->text.n > MX_CURSOR_TEXT_MAX)
        MX_BUG("cursor: tag %d, text of %zu bytes", tag, c->text.n);
    bytes[0] = VERSION;
    bytes[1] = (unsigned char)tag;
    bytes[2] = c->text.p != NULL;
    for (int i = 0; i < 8; i++)
        bytes[3 + i] = (unsigned char)(number >> (56 - 8 * i));
    memcpy(bytes + 11, c->id.b, sizeof(c->id.b));
    if (c->text.n > 0)
        memcpy(bytes + HEAD, c->text.p, c->text.n);
    return mx_b64url(a, bytes, HEAD + c->text.n);
}

static bool decode(struct mx_arena *a, int tag, struct mx_str text, struct mx_cursor *ret_cursor)
{
    struct mx_cursor c = {.set = true};
    const unsigned char *b;
    struct mx_str bytes;
    uint64_t number = 0;

    if (text.n > MX_CURSOR_MAX || !mx_b64url_decode(a, text, &bytes) || bytes.n < HEAD)
        return false;
    b = (const unsigned char *)bytes.p;
    if (b[0] != VERSION || b[1] != tag || b[2] > 1 || (b[2] == 0 && bytes.n > HEAD))
        return false;
    for (int i = 0; i < 8; i++)
        number = number << 8 | b[3 + i];
    c.number = (int64_t)number;
    memcpy(c.id.b, b + 11, sizeof(c.id.b));
    if (b[2] == 1)
        c.text = mx_str_sub(bytes, HEAD, bytes.n);
    if (c.text.n > 0 && (!mx_utf8_valid(c.text) || mx_str_find(c.text, '\0') >= 0))
        return false;
    *ret_cursor = c;
    return true;
}

enum mx_err mx_cursor_decode(struct mx_arena *a, int tag, struct mx_str text,
                             struct mx_faults *faults, struct mx_cursor *ret_cursor)
{
    struct mx_cursor none = {0};

    if (!text.p) {
        *ret_cursor = none;
        return MX_OK;
    }
    if (decode(a, tag, text, ret_cursor))
        return MX_OK;
    mx_fault_param(faults, MX_S("cursor"), "bad_format",
                   "must be the next_cursor of the same list, unchanged");
    return MX_E_VALIDATION_FAILED;
}
