/* Words for the full-text index. They are made here, of folded text, so that every word can be
 * found as people type it: words too short for the index and those it ignores are stored with
 * underscores behind them, runs of scripts without blanks as pairs of letters, and a search asks
 * for beginnings of words. */
#ifndef MX_CATALOG_SEARCH_H
#define MX_CATALOG_SEARCH_H

#include "base/buf.h"

/* Of these rules: a stored product whose words were made by lower ones is indexed anew. */
#define MX_SEARCH_VERSION 1

/* Append the words of `text` as the index holds them, each with a space behind it. */
void mx_search_index(struct mx_buf *out, struct mx_str text);

/* Append the words of `text` as they are, each with a space before it. */
void mx_search_words(struct mx_buf *out, struct mx_str text);

/* Words of a search that count. */
#define MX_SEARCH_WORDS 6

struct mx_search {
    struct mx_str words; /* boolean full-text expression for products that hold all words */
    struct mx_str begins[MX_SEARCH_WORDS]; /* each with a space before it, as they stand in
                                            * mx_search_words of a text that has words beginning
                                            * so; absent behind the last */
};

/* Read what was typed, the last word of which may be unfinished. False when it holds no word. Words
 * that every text holds count only when there is no other. */
bool mx_search_parse(struct mx_arena *a, struct mx_str q, struct mx_search *ret_search);

#endif
