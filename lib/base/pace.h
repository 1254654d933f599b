/* Long computing that lets others through. Linux asks who may run only at a tick (4 ms at 250 Hz)
 * and when somebody wakes, and even a low priority keeps the processor then when who wakes has had
 * more than its share (EEVDF, Linux 6.6): beside a process that computes, short work waits for
 * whole ticks. What computes between the two calls here sleeps for a moment every 0.2 ms. */
#ifndef MX_BASE_PACE_H
#define MX_BASE_PACE_H

/* From here on the process sleeps again and again, 0.1 ms each time, which makes its work take half
 * as long again. Uses SIGALRM and ITIMER_REAL; system calls that wait may end with EINTR. */
void mx_pace_start(void);
/* The process runs on as before. */
void mx_pace_stop(void);

#endif
