/* generator/play/setup - private: what exists before the start, made by calls of each account's
 * root that no trail takes.
 */
#pragma once

#include "generator/play/people.h"

/* One thing being made. */
struct setup {
    struct play *p;
    struct scene sc; /* its arena is emptied from thing to thing */
    struct arena arena;
    struct str account; /* 12 digits */
    struct str region;  /* empty: the home region */
    struct place at;
    bool stands_in; /* no service can call here: a user stands in for it */
    struct err *err;
};

/* A call by the account's root; anything but success is an error of the scenario. with: texts by
 * name, ended by NULL; empty ones are left out. out may be NULL. */
int setup_call(struct setup *u, const char *service, const char *operation, struct value *with,
               struct answer *out);
struct value *setup_with(struct setup *u, ...);

int setup_people(struct setup *u);       /* groups, users, roles, providers */
int setup_instances(struct setup *u);    /* behind their roles */
int setup_trails(struct setup *u);       /* buckets and trails, not logging yet */
int setup_start_trails(struct setup *u); /* at the start */
