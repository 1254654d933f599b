/* The job runner. */
#ifndef MX_CGI_JOBS_H
#define MX_CGI_JOBS_H

#include "cmd.h"

/* Run the jobs until told to stop. Exit status. */
int mx_jobs_run(struct mx_cmd *c);

/* Names of all jobs, NULL-terminated. */
const char *const *mx_jobs_names(void);

#endif
