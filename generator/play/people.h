/* generator/play/people - principals with their credentials: keys, and sessions that are assumed
 * (on record) when they are needed.
 */
#pragma once

#include "generator/play/play.h"

/* Who makes a call, and from where. */
struct caller {
    struct credential cred;
    struct person *person; /* NULL: a key that a step captured, or root of an account */
    struct str source_ip, user_agent;
    const struct tool *tool;
    enum said mfa;
};

/* The caller of a step, as `as`, the scene and the principal have it. New sessions are assumed.
 * false in *is_known: this door has no way to be that one. */
int people_caller(struct play *p, struct scene *sc, const struct step *step, struct caller *out,
                  bool *is_known, struct err *err);
/* A fresh session of a role for the actor of the scene: sc->assumed. */
int people_assume(struct play *p, struct scene *sc, struct person *role, struct err *err);
/* The region of a step's call. */
int people_region(struct play *p, struct scene *sc, const struct step *step, const struct caller *c,
                  struct str *out, struct err *err);
/* Perform an operation of ours: set-up, AssumeRole. with is by boto3's names. */
struct request_of {
    const char *service, *operation;
    struct value *with;
    struct str region;
    struct place at;
};
int people_request(struct play *p, struct arena *a, const struct caller *c,
                   const struct request_of *r, const struct tag *tag, struct answer *out,
                   struct err *err);
/* Be a service for that account's roles, or who stands in for it. */
bool people_service(struct play *p, struct arena *a, struct str host, struct str account,
                    struct credential *out);
/* sc->story's label for a step by that caller; false: background, no label. */
bool people_tag(const struct scene *sc, const struct step *step, const struct caller *c,
                struct tag *out);
