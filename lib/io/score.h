/* Scoreboard in shared memory: one slot a worker, cache-line aligned, written by its worker only
 * and read by the master under a sequence number. A worker that dies while writing leaves an odd
 * sequence, which the master mends after waitpid. Counters of a slot are never zeroed on respawn.
 */
#ifndef MX_IO_SCORE_H
#define MX_IO_SCORE_H

#include "base/pool.h"
#include "base/str.h"
#include "io/db_board.h"
#include "io/stack.h"

enum mx_worker_state { MX_W_EMPTY, MX_W_STARTING, MX_W_READY, MX_W_BUSY, MX_W_STOPPING };

struct mx_slot_view {
    int pid, generation;
    int pool; /* index into the pools (base/pool.h) */
    enum mx_worker_state state;
    int64_t started_ns; /* monotonic; of the process */
    int64_t request_ns; /* monotonic start of the request in hand; 0 idle */
    int64_t alive_ns;   /* monotonic; when it was last seen to go on */
    char route[48];     /* of the request in hand or the last one */
    char request_id[65];
    uint64_t requests, errors_4xx, errors_5xx, trips, busy_ns, bytes;
    uint64_t taken, waited_ns; /* requests begun, and their waiting before */
    uint32_t connections;      /* kept connections owned now */
    int64_t oldest_ns; /* monotonic; when the oldest of them was accepted; 0 there is none */
    int64_t pss;       /* bytes of memory (proportional set size); 0 not known yet */
    bool outgrown;     /* it ends for its memory's sake */
    bool torn;         /* the writer was in the middle each time we looked */
};

struct mx_score;

#define MX_REFUSAL_MAX 512

/* Map a scoreboard of empty slots, inherited by fork. */
struct mx_score *mx_score_new(int slots);
/* Master: hand slot `i` to a new worker, or clear it after its death. */
void mx_score_assign(struct mx_score *s, int i, int pid, int generation, int pool);
void mx_score_clear(struct mx_score *s, int i);
/* Worker: name its slot once, then report. */
void mx_score_state(struct mx_score *s, int i, enum mx_worker_state st);
/* The worker is not stuck. Its state and the end of a request say so as well. */
void mx_score_alive(struct mx_score *s, int i, int64_t now_ns);
void mx_score_begin(struct mx_score *s, int i, int64_t now_ns);
void mx_score_route(struct mx_score *s, int i, const char *route, struct mx_str request_id);
/* A request that nginx had taken `waited_ns` before begins. */
void mx_score_taken(struct mx_score *s, int i, int64_t waited_ns);
void mx_score_end(struct mx_score *s, int i, int64_t now_ns, int status, int trips, size_t bytes);
void mx_score_connections(struct mx_score *s, int i, int n, int64_t oldest_ns);
/* Memory of the worker. */
void mx_score_memory(struct mx_score *s, int i, int64_t pss);
/* Kept connections that a serving worker of the slot's pool and generation has on average. */
int mx_score_share(const struct mx_score *s, int i);
/* Master: others accept from the pool's listener too, or will: a worker that is told to end, or
 * whose master has died, leaves what waits there to them. */
void mx_score_set_others(struct mx_score *s, int pool, bool others);
bool mx_score_others(const struct mx_score *s, int i);
/* Master: the pool takes no new requests from that moment on (monotonic); 0: it does again. */
void mx_score_drain(struct mx_score *s, int pool, int64_t from_ns);
/* Anyone: that moment; 0 none. */
int64_t mx_score_drains(const struct mx_score *s, int pool);
/* Worker: its pool is in overload at that moment (monotonic). */
void mx_score_overload(struct mx_score *s, int pool, int64_t now_ns);
/* When it was last; 0 never. */
int64_t mx_score_overloaded(const struct mx_score *s, int pool);
/* The worker is about to end, for it has grown too large. */
void mx_score_outgrown(struct mx_score *s, int i);
/* Beside the slot, without its sequence number: what the worker does in the database, and the stack
 * that it left when it died. mx_score_assign empties both. */
struct mx_db_board *mx_score_board(struct mx_score *s, int i);
struct mx_stack *mx_score_stack(struct mx_score *s, int i);
/* A worker cannot serve: leave the reason for the master. False: another one has left its own since
 * the master forgot the one before. */
bool mx_score_refuse(struct mx_score *s, const char *why);
/* Master: the reason that was left, in `out`; false when there is none. */
bool mx_score_refusal(const struct mx_score *s, char out[MX_REFUSAL_MAX]);
void mx_score_forget_refusal(struct mx_score *s);
/* Anyone: consistent copy of a slot. */
struct mx_slot_view mx_score_read(const struct mx_score *s, int i);

#endif
