/* generator/play/door - where the calls of a scenario go: the engine in this process, or an
 * endpoint over HTTP. What plays a scenario knows no more of it than this.
 */
#pragma once

#include "emulator/engine/call.h"

/* What an event of a story is: a line of labels.jsonl. */
struct tag {
    struct str story, step, actor, technique;
    bool malicious;
};

/* With what a call is signed. */
struct credential {
    struct str key, secret, token; /* token empty: a long-lived key */
    struct str account, arn, name; /* of whom it is; name: as labels show it */
    int64_t expires_ms;            /* INT64_MAX: never */
    const struct principal *who;   /* in this process: as the engine sees it; else NULL */
    const struct principal *shown; /* elsewhere: as far as answers tell; else NULL */
};

/* A call about to be made. */
struct errand {
    const struct cat_op *op;
    struct value *params;
    struct body body;
    struct str region, account; /* account: whose resources, 12 digits */
    const struct credential *by;
    struct str source_ip, user_agent, invoked_by;
    const struct tag *tag; /* the label of its records, or NULL */
    bool may_repeat;       /* nobody looks at the answer: a record like the last one will do */
};

struct answer {
    struct value *output;     /* in the arena; NULL: none */
    struct str code, message; /* of a refusal; else empty */
    struct str event_id;      /* of its record; empty where the door can't tell */
    bool is_known;            /* false: may_repeat, and nobody was asked */
};

struct door {
    const struct cat *cat;
    bool has_own_clock; /* behind it time is the machine's, not the scenario's */
    int64_t (*now)(struct door *d);
    /* Calls come in order of time: advance first. */
    int (*advance)(struct door *d, int64_t to_ms, struct err *err);
    int (*perform)(struct door *d, struct arena *a, const struct errand *e, struct answer *out,
                   struct err *err);
    /* A record that is no call's, as JSON. 0 or 1: a door that can't take one passes it by. */
    int (*inject)(struct door *d, struct arena *a, struct str record, const struct tag *tag,
                  struct err *err);
    /* So many records were taken by trails; INT64_MIN: this door can't tell. */
    int64_t (*taken)(struct door *d);
    /* The credential of an access key that an answer brought; *out NULL when nobody has it. */
    int (*find)(struct door *d, struct arena *a, struct str key, struct credential *out,
                bool *is_known, struct err *err);
    /* Root of an account; a service. False: this door has no way to be one. */
    bool (*root)(struct door *d, struct arena *a, struct str account, struct credential *out);
    bool (*service)(struct door *d, struct arena *a, struct str host, struct credential *out);
};
