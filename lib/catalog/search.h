/* Words for the full-text index. What the index holds is made here, so that every word can be
 * found: words too short for it and those it ignores are stored with underscores behind them, and a
 * search asks for beginnings of words. */
#ifndef MX_CATALOG_SEARCH_H
#define MX_CATALOG_SEARCH_H

#include "base/buf.h"

/* Append the words of `text`, each with a space behind it. */
void mx_search_index(struct mx_buf *out, struct mx_str text);

/* Boolean full-text expression for products that hold all words of `q`, the last of which may be
 * unfinished. Absent when `q` holds no word. Words that every text holds count only when there is
 * no other. */
struct mx_str mx_search_query(struct mx_arena *a, struct mx_str q);

#endif
