/* emulator/record/plan - all that can be said of an operation's records before it is called.
 *
 * A plan is made at the first call of an operation, from the catalogue and the tables, and kept.
 * Memory:  the recorder's. Threads: safe.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "emulator/catalogue/catalogue.h"
#include "emulator/record/table.h"

enum dialect {
    DIALECT_NONE,  /* no model: parameters can't be told */
    DIALECT_N,     /* model member names, first letter lowered */
    DIALECT_W,     /* wire names unchanged */
    DIALECT_S3,    /* built from the HTTP request */
    DIALECT_EC2_A, /* actions of 2014-10-01: SOAP-era names, {"items":[...]} */
    DIALECT_EC2_B, /* later ones: the query as an XML tree */
};
enum time_form {
    TIME_JAVA,     /* Jul 29, 2021, 11:53:36 PM */
    TIME_JAVA17,   /* the same with U+202F before PM */
    TIME_ISO,      /* 2026-01-02T03:04:05Z */
    TIME_ISO_MS,   /* 2026-01-02T03:04:05.000Z */
    TIME_MICROS,   /* 2026-01-02T03:04:05.000000Z */
    TIME_LAMBDA,   /* 2026-01-02T03:04:05.000+0000 */
    TIME_EPOCH,    /* 1648282488.418 */
    TIME_EPOCH_MS, /* 1648282488418 */
    TIME_WIRE,     /* as the body has it: the model's timestampFormat, else TIME_EPOCH */
    TIME_FORMS,
};
enum service_flag {
    SERVICE_KEEPS_PARAMS = 1, /* also when refused by authorisation */
    SERVICE_NO_MESSAGE = 2,   /* errorMessage is left out */
    SERVICE_ERROR_BODY = 4,   /* a write refused by authorisation answers {"message":...} */
    SERVICE_TEXT_NUMBERS = 8, /* numbers of the query string are strings */
    SERVICE_RAW = 15,         /* all of these: services that log the request as it came */
    SERVICE_WRAPS_BODY = 16,  /* body members stand inside <operation>Input */
    SERVICE_LIFTS_BODY = 32,  /* the members of a payload stand beside the others */
};
enum side { SIDE_REQUEST = 1, SIDE_RESPONSE = 2, SIDE_BOTH = 3 };
enum rule_action {
    RULE_NONE,
    RULE_RENAME, /* arg: the name */
    RULE_DROP,
    RULE_HIDE,   /* arg: the text, or empty for the service's */
    RULE_SHOW,   /* though the model says sensitive */
    RULE_STRING, /* a number or boolean as a string */
    RULE_EMPTY,  /* {} instead of the content */
    RULE_NAMES,  /* a map becomes the list of its keys */
    RULE_PLAIN,  /* DynamoDB attribute values without their type */
    RULE_REDACT, /* a PartiQL statement without its literals */
    RULE_ENCODE, /* the string percent-encoded */
    RULE_TIME,   /* arg: a time form */
    RULE_INTO,   /* arg: the set of one item in which this member stands (EC2 style A) */
    RULE_ITEM,   /* {"item":[...]} instead of {"items":[...]} (EC2 style A) */
    RULE_LIFT,   /* a structure's members stand beside it (EC2 style A) */
    RULE_BUFFER, /* bytes as the fields of a java.nio.ByteBuffer */
};
struct member_rule {
    const struct cat_member *member; /* NULL: any member called any */
    struct str any;
    enum side side;
    enum rule_action action;
    struct str arg;
    const struct table_row *row; /* that it comes from */
};

struct plan {
    const struct cat *cat;
    const struct cat_op *op; /* NULL: no model knows it */
    const struct cat_service *service;
    const struct cat_shape *input, *output;       /* output: already unwrapped; NULL for none */
    const struct str *input_names, *output_names; /* of their members, measured once */
    struct str service_name, operation;           /* botocore's names */
    struct str event_source, event_name, denied_name, version, api_version;
    struct str root;                  /* EC2 style B: the request's element, if odd */
    struct str hidden;                /* what replaces a sensitive value */
    const struct cat_member *wrapper; /* the member that was unwrapped, or NULL */
    const struct member_rule *rules;
    const struct table_row *defaults, *all_defaults, *resources, *lookup;
    size_t rule_count, default_count, all_default_count, resource_count, lookup_count;
    enum dialect dialect;
    enum time_form time;
    int flags;                                        /* enum service_flag */
    bool read_only, is_data, responds, empty_context; /* empty_context: eventVersion <= 1.08 */
};

struct recorder {
    const struct cat *cat;
    struct table services, names, read_only, responses, members, defaults, resources, lookup,
        ec2_sets, errors;
    _Atomic(const struct plan *) *plans; /* by operation index */
    pthread_mutex_t lock;                /* over arena */
    struct arena arena;
};

/* Never NULL. op NULL: a plan for a call that no model knows, in arena a. */
const struct plan *plan_of(struct recorder *r, const struct cat_op *op);
const struct plan *plan_unknown(struct recorder *r, struct arena *a, struct str service,
                                struct str action);
enum time_form
plan_time_form(struct str word); /* by its name in the tables; TIME_JAVA if unknown */
/* The rule for a member, or NULL. */
const struct member_rule *plan_rule(const struct plan *p, enum side side,
                                    const struct cat_member *m);
