#include "http/page.h"

#include "codec/uri.h"
#include "codec/utf8.h"

#define VERSION 2
/* Version, has-text, tag, number, id; then the text. */
#define AT_TAG 2
#define AT_NUMBER 6
#define AT_ID 14
#define HEAD (AT_ID + sizeof(struct mx_id))
#define LIMIT_DEFAULT 20

_Static_assert(MX_CURSOR_MAX == ((HEAD + MX_CURSOR_TEXT_MAX) * 4 + 2) / 3, "base64url of a cursor");

/* FNV-1a. */
uint32_t mx_cursor_tag(struct mx_str route_id, int order)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < route_id.n; i++)
        h = (h ^ (unsigned char)route_id.p[i]) * 16777619u;
    return (h ^ (uint32_t)order) * 16777619u;
}

static void put_number(unsigned char *to, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
}

static uint64_t get_number(const unsigned char *from, int bytes)
{
    uint64_t v = 0;

    for (int i = 0; i < bytes; i++)
        v = v << 8 | from[i];
    return v;
}

struct mx_str mx_cursor_encode(struct mx_arena *a, uint32_t tag, const struct mx_cursor *c)
{
    unsigned char bytes[HEAD + MX_CURSOR_TEXT_MAX];

    if (c->text.n > MX_CURSOR_TEXT_MAX)
        MX_BUG("cursor: text of %zu bytes", c->text.n);
    bytes[0] = VERSION;
    bytes[1] = c->text.p != NULL;
    put_number(bytes + AT_TAG, tag, 4);
    put_number(bytes + AT_NUMBER, (uint64_t)c->number, 8);
    memcpy(bytes + AT_ID, c->id.b, sizeof(c->id.b));
    if (c->text.p && c->text.n > 0)
        memcpy(bytes + HEAD, c->text.p, c->text.n);
    return mx_b64url(a, bytes, HEAD + c->text.n);
}

static bool decode(struct mx_arena *a, uint32_t tag, struct mx_str text,
                   struct mx_cursor *ret_cursor)
{
    struct mx_cursor c = {.set = true};
    const unsigned char *b;
    struct mx_str bytes;

    if (text.n > MX_CURSOR_MAX || !mx_b64url_decode(a, text, &bytes) || bytes.n < HEAD)
        return false;
    b = (const unsigned char *)bytes.p;
    if (b[0] != VERSION || b[1] > 1 || (b[1] == 0 && bytes.n > HEAD) ||
        get_number(b + AT_TAG, 4) != tag)
        return false;
    c.number = (int64_t)get_number(b + AT_NUMBER, 8);
    memcpy(c.id.b, b + AT_ID, sizeof(c.id.b));
    if (b[1] == 1)
        c.text = mx_str_sub(bytes, HEAD, bytes.n);
    if (c.text.n > 0 && (!mx_utf8_valid(c.text) || mx_str_find(c.text, '\0') >= 0))
        return false;
    *ret_cursor = c;
    return true;
}

enum mx_err mx_cursor_decode(struct mx_arena *a, uint32_t tag, struct mx_str text,
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
                   "must be the next_cursor of the same list");
    return MX_E_VALIDATION_FAILED;
}

/* ---- list routes ---- */

struct query {
    int64_t limit;
    struct mx_str cursor;
};
static const struct mx_field query_fields[] = {
    MX_F(struct query, limit, MX_QUERY, 0, 1, MX_PAGE_MAX, MX_LINE,
         "Largest number of entries on a page, 20 by default. A page may have fewer "
         "and still not be the last."),
    MX_F(struct query, cursor, MX_QUERY, 0, 1, MX_CURSOR_MAX, MX_TOKEN,
         "`next_cursor` of the previous page."),
};
MX_SHAPE(mx_shape_page_query, "PageQuery", struct query, query_fields);

enum mx_err mx_page_read(struct mx_arena *a, uint32_t tag, struct mx_sources *src,
                         struct mx_faults *faults, struct mx_page *ret_page)
{
    struct mx_sources mine = mx_sources_take(a, src, &mx_shape_page_query);
    struct query q;

    *ret_page = (struct mx_page){.limit = 0};
    MX_TRY(mx_fields_read(a, &mx_shape_page_query, &mine, faults, &q));
    ret_page->limit = (q.limit ? q.limit : LIMIT_DEFAULT) + 1;
    return mx_cursor_decode(a, tag, q.cursor, faults, &ret_page->at);
}

/* The key of a row: its first member. */
static struct mx_cursor key_of(const struct mx_shape *shape, const void *row)
{
    const struct mx_field *f = &shape->fields[0];
    const char *at = (const char *)row + f->off;
    struct mx_cursor c = {.set = true};

    if (f->kind == MX_K_ID)
        memcpy(&c.id, at, sizeof(c.id));
    else
        memcpy(&c.text, at, sizeof(c.text));
    return c;
}

void mx_page_write(struct mx_jsonw *w, const struct mx_shape *shape, uint32_t tag,
                   const struct mx_page *page)
{
    const char *rows = page->rows.at;
    size_t shown = (size_t)page->limit - 1, from = w->out->n, i = 0;
    bool full = false;
    struct mx_cursor next;

    mx_jsonw_open(w);
    mx_jsonw_name(w, "data");
    mx_jsonw_array(w);
    while (i < page->rows.n && i < shown && !full) {
        mx_shape_write(w, shape, rows + i++ * shape->size);
        full = w->out->n - from >= MX_PAGE_BYTES;
    }
    mx_jsonw_array_end(w);
    mx_jsonw_name(w, "next_cursor");
    if (full || page->rows.n > i) {
        next = key_of(shape, rows + (i - 1) * shape->size);
        mx_jsonw_str(w, mx_cursor_encode(w->out->arena, tag, &next));
    } else {
        mx_jsonw_null(w);
    }
    mx_jsonw_close(w);
}
