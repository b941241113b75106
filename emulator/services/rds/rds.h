/* emulator/services/rds - database instances, clusters, their snapshots and groups, as far as they
 * are managed: no database runs. neptune and docdb are called under rds's name, too.
 *
 * Documents of service "rds", region by region; type and id by the kind's row, ids in lower case.
 * Members are the model's own; '_' ones reach no answer: _restore (accounts that a snapshot is
 * shared with, or "all"), _tags of kinds whose answers have no TagList.
 * A password is checked for being there and forgotten.
 */
#pragma once

#include "emulator/services/job.h"

struct rds_kind {
    const char *type;                        /* document type and the answer's member */
    const char *list;                        /* member of the Describe operation's answer */
    const char *id, *arn;                    /* members */
    const char *arn_word;                    /* arn:aws:rds:REGION:ACCOUNT:WORD:ID */
    const char *missing_code, *missing_text; /* text with one %.*s */
    const char *exists_code, *exists_text;
    const char *tags; /* the member that keeps them */
};
extern const struct rds_kind rds_instance, rds_cluster, rds_snapshot, rds_cluster_snapshot,
    rds_subnets, rds_parameters, rds_cluster_parameters;

struct str rds_lower(struct job *j, struct str id);
/* By the id, or the ARN, that a parameter gives; refused when it is not there. */
struct value *rds_find(struct job *j, const struct rds_kind *kind, struct str id);
struct value *rds_named(struct job *j, const struct rds_kind *kind); /* by the kind's own member */
/* A new document with id, ARN and tags; NULL: refused, the id is taken or none. */
struct value *rds_new(struct job *j, const struct rds_kind *kind, struct value *doc, struct str id);
int rds_put(struct job *j, const struct rds_kind *kind, const struct value *doc);
int rds_drop(struct job *j, const struct rds_kind *kind, const struct value *doc);
/* The answer: the document, in a passing state if one is named (member "Status" or ...). */
int rds_answer(struct job *j, const struct rds_kind *kind, const struct value *doc,
               const char *state_member, const char *state);
int rds_describe(struct job *j, const struct rds_kind *kind);
/* An operation that is done alike for several kinds. */
#define RDS_OF(operation, run, kind)                                                               \
    HANDLER(rds, operation)                                                                        \
    {                                                                                              \
        return run(j, &kind);                                                                      \
    }

/* A row of rds/engines.json; refused when the engine is none. */
struct value *rds_engine(struct job *j, struct str engine);
/* Members that instances and clusters share: groups, security groups, windows. */
struct rds_rename {
    const char *param, *member;
};
void rds_rename(struct job *j, struct value *doc, const struct rds_rename *rows); /* NULL ends */
void rds_security_groups(struct job *j, struct value *doc);
/* Refuse a parameter with 501; what Secrets Manager would have to keep is one. */
int rds_not_performed(struct job *j, const char *what);
bool rds_password_is_given(struct job *j);
struct str rds_address(struct job *j, struct str id, const char *infix);
struct str rds_resource_id(struct job *j, const char *prefix);
bool rds_state_is(struct job *j, struct value *doc, const char *member, const char *wanted,
                  const char *code, const char *what);

/* instances.c: a new instance that takes after another or a snapshot, not saved; NULL: refused. */
struct value *rds_instance_like(struct job *j, const struct value *from);
int rds_instance_answer(struct job *j, const struct value *doc); /* saved, and the call's answer */

/* replicas.c */
bool rds_is_replica(const struct value *doc);
bool rds_is_replicated(const struct value *doc); /* a replica, or one that has some */
/* The instance goes: its replicas stand alone from now on, and its source forgets it. */
int rds_replicas_let_go(struct job *j, struct value *doc);

/* A snapshot of an instance or cluster; automatic ones are not made. */
int rds_snapshot_of(struct job *j, const struct value *source, struct str id, struct value **out);
int rds_cluster_snapshot_of(struct job *j, const struct value *source, struct str id,
                            struct value **out);
