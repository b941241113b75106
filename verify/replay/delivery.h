/* verify/replay/delivery - what is delivered when: the plan of a replay, and the bytes of a
 * delivery. Faults change the plan; nothing is sent from here.
 *
 * Memory:  a plan and all it names live in its arena until plan_free.
 */
#pragma once

#include "core/base/rng.h"
#include "core/codec/value.h"
#include "verify/source/source.h"

/* What happens to a file's bytes on the way. */
enum change {
    CHANGE_FIRST_HALF = 1 << 0,  /* only the first half of its records */
    CHANGE_SECOND_HALF = 1 << 1, /* only the others */
    CHANGE_TRUNCATE = 1 << 2,    /* the gzip ends early */
    CHANGE_TAMPER = 1 << 3,      /* one character of a record or digest is another one */
    CHANGE_SWAP = 1 << 4,        /* neighbours of one second change places */
    CHANGE_OVERSIZE = 1 << 5,    /* a record of over 256 KiB */
};

struct delivery {
    const struct source_file *file; /* NULL: only a message */
    int64_t at_ms;                  /* when it arrives, on the dataset's clock */
    uint64_t order;                 /* among those of one time */
    struct str key;                 /* under which name; of the file unless a fault changed it */
    unsigned changes;               /* bits of enum change */
    uint64_t chance;                /* stream of chance for them */
    struct str bytes;       /* instead of the file's, when ptr is set: a digest signed anew */
    struct value *metadata; /* with bytes */
    struct str message;     /* a test message of a queue */
    bool notice_waits;      /* its notification comes with the next one's */
    bool notice_only, object_only; /* the halves of one whose notification comes before it */
};

/* A file for keys/ of a data directory. */
struct public_key {
    struct str name, pem; /* "us-east-1-FINGERPRINT.pub.pem" */
    struct public_key *next;
};

struct plan {
    struct arena arena;
    struct source *source;
    struct delivery *items;
    size_t count, room;
    uint64_t seed, expired_receipts;
    struct buf told;         /* what faults did, a JSON object a line */
    struct public_key *keys; /* that signatures made here need, beside the dataset's own */
};

/* Every file of the source at the time that its name says, others first. Borrows source. */
int plan_make(struct plan *p, struct source *source, uint64_t seed, struct err *err);
void plan_free(struct plan *p);
struct delivery *plan_add(struct plan *p, const struct delivery *d); /* a copy, at the end */
void plan_sort(struct plan *p);                                      /* by time, then order */
/* For the record of what was done: {"fault": fault, "key": key of d, ...}. */
void plan_tell(struct plan *p, const char *fault, const struct delivery *d);
bool delivery_is_log(const struct delivery *d);
bool delivery_is_digest(const struct delivery *d);

/* A delivery's bytes. stored: as they lie in a bucket; text: uncompressed, when it can be. */
struct content {
    struct buf stored, text;
    bool has_text;
    struct value *metadata; /* of an object: {"signature": ...}, or NULL */
};
/* want_text: E_PARSE when stored is no gzip and no text. */
int content_make(struct content *c, struct arena *a, struct source_reader *r, const struct plan *p,
                 const struct delivery *d, bool want_text, struct err *err);
void content_free(struct content *c);
