/* Strict JSON reading: a scan of the text, then cJSON.
 *
 * The scan is a recursive descent over a private copy, so depth is bounded by MX_JSON_DEPTH. What
 * it lets through means the same to every JSON parser, with one exception that it removes itself:
 * cJSON's numbers are doubles, hence every number that is not an exact integer is overwritten in
 * the copy by NO_INTEGER, padded with spaces. The tree then holds exact integers and one half.
 *
 * Members of all objects share one hash table, keyed by object, so that finding duplicates costs
 * the same for one object of many members as for many of few. */
#include "codec/json.h"

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "codec/utf8.h"

#define NO_INTEGER "0.5"
#define EXACT_MAX "9007199254740991" /* 2^53 - 1 */

/* One member name that was seen; name.p is NULL in an empty place. */
struct member {
    struct mx_str name;
    uint64_t hash;
    uint32_t object;
};

struct scan {
    struct mx_arena *arena;
    char *text; /* the copy; text[n] is NUL */
    size_t n, at;
    const char *why; /* set by the first fault, which is at `at` */
    int depth, values;
    struct mx_str outer; /* member of the outermost object whose value is scanned */
    bool nul;            /* the fault is a NUL */
    uint32_t objects;
    struct member *members; /* open addressing, a power of two of places, at most half full */
    size_t n_members, places;
};

static bool scan_value(struct scan *s);

static bool fault(struct scan *s, const char *why)
{
    s->why = s->at < s->n ? why : "unexpected end";
    return false;
}

static void skip_space(struct scan *s)
{
    while (s->text[s->at] == ' ' || s->text[s->at] == '\t' || s->text[s->at] == '\n' ||
           s->text[s->at] == '\r')
        s->at++;
}

/* Step over byte `c` if it is next. */
static bool take(struct scan *s, char c)
{
    if (s->text[s->at] != c)
        return false;
    s->at++;
    return true;
}

/* Value of four hex digits, or -1. */
static int32_t hex4(const char *p)
{
    int32_t value = 0;
    int i;

    for (i = 0; i < 4; i++) {
        char c = p[i];

        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            value = value * 16 + (c - 'A' + 10);
        else
            return -1;
    }
    return value;
}

/* Code point of the escape \uXXXX at `p`, a pair of surrogates being one; -1 when malformed or
 * lone. Reads no further than the first byte that does not fit. */
static int32_t unicode_escape(const char *p, size_t *ret_len)
{
    int32_t high = hex4(p + 2), low;

    *ret_len = 6;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || p[6] != '\\' || p[7] != 'u')
        return -1;
    low = hex4(p + 8);
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    *ret_len = 12;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static bool scan_escape(struct scan *s)
{
    const char *p = s->text + s->at;
    size_t len = 2;

    s->nul = p[1] == 'u' && hex4(p + 2) == 0;
    if (s->nul)
        return fault(s, "NUL in an escape");
    if (p[1] == 'u' && unicode_escape(p, &len) < 0)
        return fault(s, "lone surrogate or bad digit in an escape");
    if (p[1] == '\0' || !strchr("\"\\/bfnrtu", p[1]))
        return fault(s, "unknown escape");
    s->at += len;
    return true;
}

/* A string; *ret_raw is what stands between the quotes. */
static bool scan_string(struct scan *s, struct mx_str *ret_raw)
{
    size_t from, len;

    if (!take(s, '"'))
        return fault(s, "string expected");
    from = s->at;
    while (!take(s, '"')) {
        if (s->text[s->at] == '\\') {
            if (!scan_escape(s))
                return false;
            continue;
        }
        if ((unsigned char)s->text[s->at] < 0x20)
            return fault(s, "control byte in a string");
        len = mx_utf8_step((struct mx_str){s->text, s->n}, s->at);
        if (len == 0)
            return fault(s, "invalid UTF-8");
        s->at += len;
    }
    *ret_raw = (struct mx_str){s->text + from, s->at - 1 - from};
    return true;
}

static char *put_code_point(char *out, int32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xE0 | c >> 12);
        } else {
            *out++ = (char)(0xF0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (c & 0x3F));
    return out;
}

/* The string that a scanned one stands for. */
static struct mx_str unescape(struct mx_arena *a, struct mx_str raw)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const char *p = raw.p, *end = raw.p + raw.n;
    char *start, *out;
    size_t len;

    if (!memchr(raw.p, '\\', raw.n))
        return raw;
    start = out = mx_arena_alloc(a, raw.n);
    while (p < end) {
        if (*p != '\\') {
            *out++ = *p++;
        } else if (p[1] == 'u') {
            out = put_code_point(out, unicode_escape(p, &len));
            p += len;
        } else {
            *out++ = plain[(unsigned char)p[1]];
            p += 2;
        }
    }
    return (struct mx_str){start, (size_t)(out - start)};
}

/* Place of `m` in the table: where it is or where it belongs. */
static struct member *place(const struct scan *s, const struct member *m)
{
    size_t i = (size_t)m->hash & (s->places - 1);
    struct member *p;

    for (;; i = (i + 1) & (s->places - 1)) {
        p = &s->members[i];
        if (!p->name.p ||
            (p->hash == m->hash && p->object == m->object && mx_str_eq(p->name, m->name)))
            return p;
    }
}

static void grow(struct scan *s)
{
    struct member *old = s->members;
    size_t i, n = s->places;

    s->places = n ? 2 * n : 64;
    s->members = MX_NEW_N(s->arena, s->places, struct member);
    for (i = 0; i < n; i++)
        if (old[i].name.p)
            *place(s, &old[i]) = old[i];
}

/* Remember a member of `object`; false when it has one of that name. */
static bool add_member(struct scan *s, uint32_t object, struct mx_str name)
{
    struct member m = {name, mx_str_hash(name) ^ object * UINT64_C(0x9E3779B97F4A7C15), object};
    struct member *p;

    if (2 * s->n_members >= s->places)
        grow(s);
    p = place(s, &m);
    if (p->name.p)
        return false;
    *p = m;
    s->n_members++;
    return true;
}

static bool scan_member(struct scan *s, uint32_t object)
{
    size_t from = s->at;
    struct mx_str raw = {0}, name;

    if (s->depth == 1)
        s->outer = raw;
    if (!scan_string(s, &raw))
        return false;
    name = unescape(s->arena, raw);
    if (s->depth == 1)
        s->outer = name;
    if (!add_member(s, object, name)) {
        s->at = from;
        return fault(s, "duplicate member");
    }
    skip_space(s);
    if (!take(s, ':'))
        return fault(s, "':' expected");
    skip_space(s);
    return scan_value(s);
}

/* The members or elements between the brackets of an object (`close` is '}') or array, with the
 * closing one. */
static bool scan_items(struct scan *s, char close)
{
    uint32_t object = s->objects++;

    skip_space(s);
    if (take(s, close))
        return true;
    for (;;) {
        if (!(close == '}' ? scan_member(s, object) : scan_value(s)))
            return false;
        skip_space(s);
        if (take(s, close))
            return true;
        if (!take(s, ','))
            return fault(s, "',' or closing bracket expected");
        skip_space(s);
    }
}

static bool scan_container(struct scan *s, char close)
{
    bool good;

    if (s->depth == MX_JSON_DEPTH)
        return fault(s, "nested too deeply");
    s->depth++;
    s->at++;
    good = scan_items(s, close);
    s->depth--;
    return good;
}

/* At least one digit. */
static bool scan_digits(struct scan *s)
{
    size_t from = s->at;

    while (s->text[s->at] >= '0' && s->text[s->at] <= '9')
        s->at++;
    return s->at > from || fault(s, "value or digit expected");
}

/* True when there is nothing but zeros from `from` on. */
static bool zeros(const struct scan *s, size_t from)
{
    while (from < s->at && s->text[from] == '0')
        from++;
    return from == s->at;
}

static bool scan_number(struct scan *s)
{
    size_t from = s->at, digits, n_digits, point;
    bool exact;

    take(s, '-');
    digits = s->at;
    if (!take(s, '0') && !scan_digits(s))
        return false;
    n_digits = s->at - digits;
    exact =
        n_digits < sizeof(EXACT_MAX) - 1 ||
        (n_digits == sizeof(EXACT_MAX) - 1 && memcmp(s->text + digits, EXACT_MAX, n_digits) <= 0);
    point = s->at;
    if (take(s, '.')) {
        if (!scan_digits(s))
            return false;
        if (zeros(s, point + 1))
            memset(s->text + point, ' ', s->at - point);
        else
            exact = false;
    }
    if (take(s, 'e') || take(s, 'E')) {
        exact = false;
        if (!take(s, '+'))
            take(s, '-');
        if (!scan_digits(s))
            return false;
    }
    if (!exact) {
        /* The shortest such literal, as 1e5, has the length of NO_INTEGER. */
        memset(s->text + from, ' ', s->at - from);
        memcpy(s->text + from, NO_INTEGER, sizeof(NO_INTEGER) - 1);
    }
    return true;
}

static bool scan_word(struct scan *s, struct mx_str word)
{
    if (!mx_str_starts((struct mx_str){s->text + s->at, s->n - s->at}, word))
        return fault(s, "value expected");
    s->at += word.n;
    return true;
}

static bool scan_value(struct scan *s)
{
    struct mx_str raw;

    if (++s->values > MX_JSON_NODES)
        return fault(s, "too many values");
    switch (s->text[s->at]) {
    case '{':
        return scan_container(s, '}');
    case '[':
        return scan_container(s, ']');
    case '"':
        return scan_string(s, &raw);
    case 't':
        return scan_word(s, MX_S("true"));
    case 'f':
        return scan_word(s, MX_S("false"));
    case 'n':
        return scan_word(s, MX_S("null"));
    default:
        return scan_number(s);
    }
}

static bool scan_document(struct scan *s)
{
    skip_space(s);
    if (!scan_value(s))
        return false;
    skip_space(s);
    return s->at == s->n || fault(s, "bytes after the document");
}

/* cJSON's hooks take no context: the arena of the parse that is running. */
static struct mx_arena *tree_arena;

static void *tree_alloc(size_t n)
{
    return mx_arena_alloc(tree_arena, n);
}

static void tree_free(void *p)
{
    (void)p;
}

static const cJSON *build_tree(struct mx_arena *a, const char *text, size_t n)
{
    cJSON_Hooks hooks = {.malloc_fn = tree_alloc, .free_fn = tree_free};

    tree_arena = a;
    cJSON_InitHooks(&hooks);
    /* The end is only checked when the length counts the NUL. */
    return cJSON_ParseWithLengthOpts(text, n + 1, NULL, true);
}

struct mx_str mx_json_nul_member(struct mx_arena *a, struct mx_str text)
{
    struct scan s = {.arena = a, .text = mx_arena_dup(a, text.p, text.n), .n = text.n};

    return !scan_document(&s) && s.nul ? s.outer : (struct mx_str){0};
}

enum mx_err mx_json_parse(struct mx_arena *a, struct mx_str text, const struct mx_json **ret_root,
                          const char **ret_why, size_t *ret_offset)
{
    struct scan s = {.arena = a, .text = mx_arena_dup(a, text.p, text.n), .n = text.n};
    struct mx_arena_mark before_scan = mx_arena_mark(a);
    bool good = scan_document(&s);
    const cJSON *root;

    mx_arena_rewind(a, before_scan);
    if (!good) {
        *ret_why = s.why;
        *ret_offset = s.at;
        return MX_E_MALFORMED_JSON;
    }
    root = build_tree(a, s.text, s.n);
    /* The scan lets through only what cJSON accepts. */
    MX_ASSERT(root != NULL);
    *ret_root = (const struct mx_json *)root;
    return MX_OK;
}

static const cJSON *node(const struct mx_json *v)
{
    return (const cJSON *)v;
}

enum mx_json_type mx_json_type(const struct mx_json *v)
{
    switch (node(v)->type & 0xFF) {
    case cJSON_NULL:
        return MX_JSON_NULL;
    case cJSON_False:
    case cJSON_True:
        return MX_JSON_BOOL;
    case cJSON_Number:
        return MX_JSON_NUMBER;
    case cJSON_String:
        return MX_JSON_STRING;
    case cJSON_Array:
        return MX_JSON_ARRAY;
    case cJSON_Object:
        return MX_JSON_OBJECT;
    default:
        MX_BUG("JSON node of type %d", node(v)->type);
    }
}

struct mx_str mx_json_string(const struct mx_json *v)
{
    MX_ASSERT(cJSON_IsString(node(v)));
    return mx_str_c(node(v)->valuestring);
}

bool mx_json_bool(const struct mx_json *v)
{
    return cJSON_IsTrue(node(v));
}

bool mx_json_int(const struct mx_json *v, int64_t *ret_value)
{
    double d = node(v)->valuedouble;

    if (!cJSON_IsNumber(node(v)) || (double)(int64_t)d != d)
        return false;
    *ret_value = (int64_t)d;
    return true;
}

const struct mx_json *mx_json_first(const struct mx_json *v)
{
    return (const struct mx_json *)node(v)->child;
}

const struct mx_json *mx_json_next(const struct mx_json *v)
{
    return (const struct mx_json *)node(v)->next;
}

size_t mx_json_count(const struct mx_json *v)
{
    size_t n = 0;

    for (const struct mx_json *c = mx_json_first(v); c; c = mx_json_next(c))
        n++;
    return n;
}

struct mx_str mx_json_name(const struct mx_json *member)
{
    return mx_str_c(node(member)->string);
}

const struct mx_json *mx_json_get(const struct mx_json *object, const char *name)
{
    if (!cJSON_IsObject(node(object)))
        return NULL;
    return (const struct mx_json *)cJSON_GetObjectItemCaseSensitive(node(object), name);
}
