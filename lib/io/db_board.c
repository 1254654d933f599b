#include "io/db_board.h"

#include "io/db.h"

/* The low bits of the word; the count of requests stands above them. */
enum { IDLE, RUNS, OVERDUE, STATES = 4 };

static unsigned state(uint64_t word)
{
    return (unsigned)(word % STATES);
}

void mx_board_begin(struct mx_db_board *b)
{
    uint64_t word = atomic_load(&b->request);

    atomic_store(&b->request, word - state(word) + STATES + RUNS);
}

bool mx_board_end(struct mx_db_board *b)
{
    return state(atomic_fetch_and(&b->request, ~(uint64_t)(STATES - 1))) != OVERDUE;
}

bool mx_board_is_overdue(const struct mx_db_board *b)
{
    return state(atomic_load(&b->request)) == OVERDUE;
}

uint64_t mx_board_look(const struct mx_db_board *b)
{
    return atomic_load(&b->request);
}

bool mx_board_overdue(struct mx_db_board *b, uint64_t seen)
{
    if (state(seen) != RUNS)
        return state(seen) == OVERDUE;
    return atomic_compare_exchange_strong(&b->request, &seen, seen - RUNS + OVERDUE);
}

const char *mx_board_statement(const struct mx_db_board *b)
{
    int running = atomic_load(&b->running);

    if (running == MX_BOARD_TEXT)
        return "COMMIT or ROLLBACK";
    return running > 0 && running <= mx_sql_n ? mx_sql_all[running - 1].name : "";
}

void mx_board_reset(struct mx_db_board *b)
{
    for (int i = 0; i < MX_BOARD_LINKS; i++)
        atomic_store(&b->ids[i], 0);
    atomic_store(&b->running, 0);
    atomic_store(&b->request, atomic_load(&b->request) & ~(uint64_t)(STATES - 1));
}
