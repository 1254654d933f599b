#include "catalog/search.h"

#include "base/list.h"

#define WORD_MIN 3  /* innodb_ft_min_token_size */
#define WORD_MAX 64 /* bytes; below innodb_ft_max_token_size */
#define QUERY_WORDS_MAX 8

/* What InnoDB's full-text index leaves out by default. */
static const char *const stop_words[] = {
    "a",    "about", "an",  "are",  "as",   "at",    "be",  "by",   "com",  "de",  "en",   "for",
    "from", "how",   "i",   "in",   "is",   "it",    "la",  "of",   "on",   "or",  "that", "the",
    "this", "to",    "was", "what", "when", "where", "who", "will", "with", "und", "www",
};

/* One word as it stands in a text: at most WORD_MAX bytes, ASCII in lower case. */
struct word {
    char at[WORD_MAX + 1];
    size_t n, letters;
};

static bool ascii_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Bytes of the UTF-8 character that begins at `p`, at most `n`. */
static size_t char_bytes(const unsigned char *p, size_t n)
{
    size_t k = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    return k < n ? k : n;
}

/* Letters and digits: ASCII's, and U+00C0 to U+1FFF but for the two signs of arithmetic among them,
 * and the letters from U+3040 to U+FFEF. The index takes no others for words either. */
static bool is_word(const unsigned char *p, size_t n)
{
    if (n == 1)
        return ascii_word(p[0]);
    if (n == 2)
        return p[0] > 0xc2 && !(p[0] == 0xc3 && (p[1] == 0x97 || p[1] == 0xb7));
    if (n == 3)
        return p[0] < 0xe2 || (p[0] == 0xe3 && p[1] > 0x80) || p[0] > 0xe3;
    return false;
}

/* Append a character as the index shall have it: ASCII in lower case, "ss" for a sharp s. What is
 * too long is cut. */
static void add_char(struct word *w, const unsigned char *p, size_t n)
{
    const char *from = (const char *)p;

    if (n == 2 && p[0] == 0xc3 && p[1] == 0x9f)
        from = "ss";
    if (w->n + n > WORD_MAX)
        return;
    memcpy(w->at + w->n, from, n);
    if (n == 1 && w->at[w->n] >= 'A' && w->at[w->n] <= 'Z')
        w->at[w->n] = (char)(w->at[w->n] + ('a' - 'A'));
    w->n += n;
    w->letters++;
}

/* Take the next word off *rest. False at the end. */
static bool next_word(struct mx_str *rest, struct word *w)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    size_t i = 0, k;

    w->n = w->letters = 0;
    for (; i < rest->n; i += k) {
        k = char_bytes(p + i, rest->n - i);
        if (is_word(p + i, k))
            add_char(w, p + i, k);
        else if (w->n > 0)
            break;
    }
    *rest = mx_str_sub(*rest, i, rest->n);
    w->at[w->n] = 0;
    return w->n > 0;
}

static bool is_stop_word(const struct word *w)
{
    for (size_t i = 0; i < MX_LEN(stop_words); i++)
        if (strcmp(w->at, stop_words[i]) == 0)
            return true;
    return false;
}

void mx_search_index(struct mx_buf *out, struct mx_str text)
{
    struct word w;

    while (next_word(&text, &w)) {
        mx_buf_add(out, w.at, w.n);
        if (w.letters < WORD_MIN || is_stop_word(&w))
            mx_buf_c(out, "___");
        mx_buf_byte(out, ' ');
    }
}

/* Append the words of `q` that are stop words or not. Returns how many. */
static int add_words(struct mx_buf *out, struct mx_str q, bool stop)
{
    struct word w;
    int n = 0;

    while (n < QUERY_WORDS_MAX && next_word(&q, &w)) {
        if (is_stop_word(&w) != stop)
            continue;
        mx_buf_fmt(out, "%s+%s*", n++ ? " " : "", w.at);
    }
    return n;
}

struct mx_str mx_search_query(struct mx_arena *a, struct mx_str q)
{
    struct mx_buf out;

    mx_buf_init(&out, a, (size_t)QUERY_WORDS_MAX * (WORD_MAX + 3));
    if (add_words(&out, q, false) == 0 && add_words(&out, q, true) == 0)
        return (struct mx_str){0};
    return mx_buf_view(&out);
}
