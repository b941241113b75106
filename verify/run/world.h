/* verify/run/world - what a tool is put into: the dataset, its faulty copy, the server, the places
 * that a command may name, the environment.
 */
#pragma once

#include "verify/run/child.h"
#include "verify/run/follow.h"
#include "verify/run/sink.h"
#include "verify/run/suite.h"
#include "verify/run/truth.h"

struct place {
    const char *name; /* {tree} in a command */
    struct str text;
};

struct world {
    struct arena *arena;
    const struct suite *suite;
    const char *self;         /* this program */
    struct str work;          /* a directory of ours */
    bool is_temporary;        /* it goes when the run ends */
    struct str dataset, tree; /* the whole one; what is offered */
    struct str end;           /* of the dataset's time */
    struct str bucket, prefix, account, region, regions, trail_arn, start;
    unsigned tool_port; /* where a webhook tool is told to listen */
    /* of one repeat */
    struct str out, served, endpoint;
    struct str queue_url, queue_name, log_group, topic_arn; /* of feeds that have them */
    struct child server;
    struct follow *follow;
    struct sink *sink;
};

/* Make or find the dataset, and the tree that is offered of it. work: empty for a temporary one. */
int world_open(struct world *w, struct arena *a, const struct suite *suite, struct str work,
               struct err *err);
void world_close(struct world *w);

/* What a repeat needs: an empty {out}, a server over a copy of the data, a sink. */
int world_begin(struct world *w, unsigned repeat, struct err *err);
/* The server is stopped; *lines: what it recorded meanwhile. */
void world_end(struct world *w, struct buf *lines);

/* A command with its {places} filled in, NULL at its end. */
const char *const *world_command(const struct world *w, const struct suite_words *words);
struct str world_text(const struct world *w, struct str text); /* the same of one text */
/* The tool's environment. */
const char *const *world_env(const struct world *w);
/* mocktrail replay of the dataset with the suite's faults: its words, NULL at the end. into: a bit
 * of enum fault_targets when the deliveries are only files; 0: all faults. */
const char *const *world_replay(const struct world *w, struct suite_words to, unsigned into,
                                struct str times);
bool world_has_server(const struct world *w);
