#include "catalog/search.h"

#include "base/list.h"
#include "codec/text_norm.h"
#include "codec/utf8.h"

#define WORD_MIN 3  /* innodb_ft_min_token_size */
#define WORD_MAX 64 /* bytes; below innodb_ft_max_token_size */

/* What InnoDB's full-text index leaves out by default. */
static const char *const stop_words[] = {
    "a",    "about", "an",  "are",  "as",   "at",    "be",  "by",   "com",  "de",  "en",   "for",
    "from", "how",   "i",   "in",   "is",   "it",    "la",  "of",   "on",   "or",  "that", "the",
    "this", "to",    "was", "what", "when", "where", "who", "will", "with", "und", "www",
};

/* One word of folded text, at most WORD_MAX bytes: what is longer is cut. */
struct word {
    char at[WORD_MAX + 1];
    size_t n, letters;
    bool part; /* the last letter of a run of which the pair before it is a word */
};

/* Folded text on its way into words. */
struct reader {
    struct mx_str text;
    size_t at;
    bool in_run; /* behind a pair of letters: the second one is read again */
};

/* The class of the character at `at`, and its bytes. The index takes characters of more than three
 * bytes, and symbols, for no part of a word. */
static enum mx_letter letter_at(const struct reader *r, size_t at, size_t *ret_n)
{
    uint32_t c = 0;
    size_t n = at < r->text.n ? mx_utf8_next(r->text, at, &c) : 0;

    *ret_n = n;
    if (n == 0 || n > 3 || (c >= 0x2000 && c < 0x3040))
        return MX_LETTER_NONE;
    return mx_text_letter(c);
}

static void add_letter(struct word *w, struct mx_str text, size_t at, size_t n)
{
    if (w->n + n > WORD_MAX)
        return;
    memcpy(w->at + w->n, text.p + at, n);
    w->n += n;
    w->letters++;
}

/* The end of the signs on a letter: they are left out, for the index does not take all of them. */
static size_t skip_marks(const struct reader *r, size_t at)
{
    size_t n;

    while (letter_at(r, at, &n) == MX_LETTER_MARK)
        at += n;
    return at;
}

/* A letter of a run, and the one behind it, where the next word begins. */
static void read_pair(struct reader *r, struct word *w, size_t n)
{
    size_t next = skip_marks(r, r->at + n), k;

    add_letter(w, r->text, r->at, n);
    w->part = r->in_run;
    r->at = next;
    r->in_run = letter_at(r, next, &k) == MX_LETTER_DENSE;
    if (r->in_run) {
        add_letter(w, r->text, next, k);
        w->part = false;
    }
}

static void read_plain(struct reader *r, struct word *w, size_t n)
{
    do {
        add_letter(w, r->text, r->at, n);
        r->at = skip_marks(r, r->at + n);
    } while (letter_at(r, r->at, &n) == MX_LETTER_PLAIN);
}

/* Read the next word. False at the end. */
static bool next_word(struct reader *r, struct word *w)
{
    enum mx_letter kind = MX_LETTER_NONE;
    size_t n = 0;

    *w = (struct word){.n = 0};
    while (r->at < r->text.n) {
        kind = letter_at(r, r->at, &n);
        if (kind == MX_LETTER_PLAIN || kind == MX_LETTER_DENSE)
            break;
        r->at += n;
    }
    if (r->at >= r->text.n)
        return false;
    if (kind == MX_LETTER_DENSE) {
        read_pair(r, w, n);
    } else {
        r->in_run = false;
        read_plain(r, w, n);
    }
    w->at[w->n] = 0;
    return true;
}

static struct reader reader_of(struct mx_arena *a, struct mx_str text)
{
    return (struct reader){.text = mx_text_fold(a, text)};
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
    struct reader r = reader_of(out->arena, text);
    struct word w;

    while (next_word(&r, &w)) {
        mx_buf_add(out, w.at, w.n);
        if (w.letters < WORD_MIN || is_stop_word(&w))
            mx_buf_c(out, "___");
        mx_buf_byte(out, ' ');
    }
}

void mx_search_words(struct mx_buf *out, struct mx_str text)
{
    struct reader r = reader_of(out->arena, text);
    struct word w;

    while (next_word(&r, &w)) {
        mx_buf_byte(out, ' ');
        mx_buf_add(out, w.at, w.n);
    }
}

/* Add the words that are stop words or not. Returns how many. */
static int add_words(struct mx_buf *words, struct mx_search *search, struct reader r, bool stop)
{
    struct word w;
    int n = 0;

    while (n < MX_SEARCH_WORDS && next_word(&r, &w)) {
        if (is_stop_word(&w) != stop || w.part)
            continue;
        mx_buf_fmt(words, "%s+%s*", n ? " " : "", w.at);
        search->begins[n++] = mx_str_fmt(words->arena, " %s", w.at);
    }
    return n;
}

bool mx_search_parse(struct mx_arena *a, struct mx_str q, struct mx_search *ret_search)
{
    struct reader r = reader_of(a, q);
    struct mx_search search = {.words = {0}};
    struct mx_buf words;

    mx_buf_init(&words, a, (size_t)MX_SEARCH_WORDS * (WORD_MAX + 3));
    if (add_words(&words, &search, r, false) == 0 && add_words(&words, &search, r, true) == 0)
        return false;
    search.words = mx_buf_view(&words);
    *ret_search = search;
    return true;
}
