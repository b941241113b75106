/* verify/source/visit - every record of a source, files read in parallel, results taken in order.
 *
 * A file is one thread's from begin to end; merge is called in the files' order, one call at a
 * time. What goes to which thread leaves no trace in the output. Memory is that of the files being
 * read, however many there are; a large file is read in pieces.
 */
#pragma once

#include "core/trail/scan.h"
#include "verify/source/source.h"

struct visit_end {
    const struct source_file *file;
    int rc;           /* 0, or why it could not be read: E_IO, E_PARSE (no gzip), E_LIMIT */
    const char *why;  /* then: in words */
    uint64_t records; /* that were given */
    uint64_t bytes;   /* uncompressed */
    uint64_t stored_bytes;
    enum scan_shape shape;
    bool envelope_has_more; /* members beside Records */
    bool is_gzip, has_more_members, has_trailing_bytes;
};

/* All but begin may be NULL. arg is the caller's; job is what begin gave for the file. A file is
 * gone when merge has returned: what is kept of it is copied. */
struct visitor {
    /* Which files: NULL takes those that hold records (all but digests and misnamed ones). */
    bool (*wants)(void *arg, const struct source_file *f);
    /* thread: from 0 up to jobs. */
    void *(*begin)(void *arg, unsigned thread, const struct source_file *f);
    void (*record)(void *job, const struct scan_record *r);
    void (*broken)(void *job, uint64_t number, const char *why); /* not JSON */
    void (*end)(void *job, const struct visit_end *end);
    /* Takes job. A negative return ends the visit. NULL: job is nobody's, nothing is freed. */
    int (*merge)(void *arg, void *job, struct err *err);
};

/* jobs: threads that read, 0 for one a core. Returns 0, or what source_next or merge failed with;
 * a file that can't be read is the visitor's to judge, by end. */
int visit_records(struct source *s, const struct visitor *v, void *arg, unsigned jobs,
                  struct err *err);
unsigned visit_jobs(unsigned asked); /* 0: the cores */
