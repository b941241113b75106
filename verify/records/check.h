/* verify/records/check - one record under examination: what is known of it, and where findings go.
 *
 * Each check_... looks at one side of the record and notes what breaks a rule. A checker is one
 * thread's: it remembers what it has already looked at (identities come again and again).
 */
#pragma once

#include "core/trail/scan.h"
#include "verify/records/names.h"
#include "verify/records/rules.h"
#include "verify/source/source.h"

/* Kinds of record differ in what they hold. */
enum record_kind { KIND_CALL, KIND_SERVICE_EVENT, KIND_NETWORK, KIND_INSIGHT, KIND_AGGREGATED };

struct note { /* a finding of the file under examination */
    enum rule rule;
    uint64_t record;
    struct str member, text; /* in the file's arena */
};

struct file_notes {
    struct arena arena;
    const struct source_file *file;
    struct note *notes; /* at most NOTES_OF_RULE of each rule */
    size_t count, cap;
    uint64_t counts[RULES]; /* all of them */
    uint64_t total;
};
enum { NOTES_OF_RULE = 100 };

#define MEMO_SLOTS 64

struct checker {
    const struct names *sources, *verbs, *operations;
    struct memo {        /* an identity that was found without fault */
        struct buf text; /* raw bytes of userIdentity */
        enum record_kind kind;
        bool is_modern;      /* eventVersion 1.09 or later */
        int64_t creation_ms; /* of its session; INT64_MIN: none */
    } memo[MEMO_SLOTS];
    uint64_t id[2]; /* of the last record's eventID, where it is a UUID */
    bool has_id;
    char day[11]; /* the last eventTime's date, and when it began */
    int64_t day_ms;
};
void checker_free(struct checker *k);

struct check {
    struct checker *checker;
    struct file_notes *out;
    const struct source_file *file;
    const struct scan_record *r;
    enum record_kind kind;
    int minor; /* of eventVersion 1.MINOR; 99 when it can't be told */
    int64_t time_ms;
    bool has_time;
    struct str source, name, type, region, error_code; /* empty: absent or no string */
};

void note(struct check *c, enum rule rule, const char *member, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Of the file rather than a record. */
void note_file(struct file_notes *out, enum rule rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void file_notes_free(struct file_notes *n);

/* Everything about one record. */
void check_record(struct checker *k, struct file_notes *out, const struct scan_record *r);
int64_t check_time_of(struct checker *k, const struct scan_record *r); /* INT64_MIN: none */

void check_members(struct check *c);     /* which are there, of which types; sets kind and minor */
void check_forms(struct check *c);       /* their values one by one; sets the rest of c */
void check_consistency(struct check *c); /* what must fit together */
void check_key(struct check *c);         /* against the file's name */
void check_identity(struct check *c);
void check_resources(struct check *c);
