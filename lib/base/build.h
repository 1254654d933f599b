/* Release of the program, its build, and the schema that it needs. */
#ifndef MX_BASE_BUILD_H
#define MX_BASE_BUILD_H

/* The name of this build, from a file that the Makefile writes: it is linked to the program alone.
 */
extern const char mx_build_name[];

struct mx_build {
    const char *version; /* of the release: 1.0.0 */
    const char *name;    /* of the build: a commit, see deploy/build-name */
    int schema;          /* number of the last migration that it knows */
};

#endif
