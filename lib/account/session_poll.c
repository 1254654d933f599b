#include "account/session.h"
#include "io/db.h"
#include "io/shm.h"
#include "q/session.h"

#define PAGE 1000
#define OVERLAP_MS 10000

/* From when on to ask. A clock that was set back has asked for the future: begin anew. */
static int64_t since(int64_t polled_ms, int64_t now_ms, int64_t life_ms)
{
    return polled_ms == 0 || polled_ms > now_ms ? now_ms - life_ms : polled_ms - OVERLAP_MS;
}

void mx_session_poll(const struct mx_proc *proc, struct mx_db *db, int64_t now_ms,
                     int64_t interval_ms)
{
    static int64_t polled_ms; /* of this process: what another has learned is in shared memory */
    int64_t life_ms = (proc->conf->token_ttl_s + MX_TOKEN_LEEWAY_S) * 1000;
    struct q_session_revoked_since_in page = {.limit = PAGE};
    struct mx_list rows;

    if (!mx_shared_poll_due(proc->shared, now_ms, interval_ms))
        return;
    page.since.ms = since(polled_ms, now_ms, life_ms);
    do {
        if (q_session_revoked_since(db, &page, &rows) != MX_OK)
            return;
        for (size_t i = 0; i < rows.n; i++) {
            const struct q_session_revoked_since_row *r =
                MX_AT(rows, struct q_session_revoked_since_row, i);

            mx_shared_revoke(proc->shared, r->id, now_ms + life_ms);
            page.since = r->revoked_at;
            page.after = r->id;
        }
    } while (rows.n == PAGE);
    polled_ms = now_ms;
}
