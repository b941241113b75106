/* generator/scenario/read - private: what the readers of a scenario's parts share. */
#pragma once

#include "generator/scenario/fields.h"

/* field_fns of whole sections: a pointer to the first of a list. */
field_fn field_steps;     /* struct step * */
field_fn field_workloads; /* struct workload * */
field_fn field_stories;   /* struct story * */
field_fn field_findings;  /* struct finding * */
field_fn field_accounts;
field_fn field_organization;
field_fn field_trails;
field_fn field_tools;
field_fn field_networks;
field_fn field_groups;
field_fn field_principals;

/* Steps that stand in a workload: with weights and sequences. */
field_fn field_calls;

/* enum principal_kind */
field_fn field_kind;

/* The technique of that id, read once: s->scenario keeps it. id without "aws.". */
int technique_find(struct source *s, const struct value *v, struct str id,
                   const struct technique **out);
/* The file's bytes: from disk beside the scenario's own, else built in. E_MISSING: nowhere. */
int scenario_read_file(struct arena *a, const char *path, struct str *out, struct err *err);

/* Names that must be borne by something; and everything that needs the whole file. */
int scenario_check(const struct scenario *s, struct err *err);
/* Account, tool and network of what it says; empty ones are fine. */
struct named {
    struct place at;
    struct str account, tool, network, region;
};
int check_named(const struct scenario *s, const struct named *n, struct err *err);
int check_steps(const struct scenario *s, const struct step *steps, struct err *err);
