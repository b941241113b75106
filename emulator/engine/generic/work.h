/* emulator/engine/generic/work - private to this folder: one call under way, and a resource. */
#pragma once

#include "core/base/buf.h"
#include "emulator/catalogue/lifecycle.h"
#include "emulator/catalogue/nouns.h"
#include "emulator/engine/generic/generic.h"
#include "emulator/store/store.h"

struct work {
    struct ctx *cx;
    const struct call *call;
    struct outcome *out;
    const struct cat *cat;
    struct arena *a;
    const struct life_op *life;
    const struct life_type *type; /* may be NULL */
    struct str noun;              /* the type's name, normalised */
    struct str region;            /* of the store: "" for global services */
    struct str service;           /* of the store */
    size_t at;                    /* which of several ids is under way */
    struct value *known;          /* what others know of things that the client names; or NULL */
};

/* A resource's document:
 *   in       what the client said of it, by the create's and the updates' inputs
 *   keys     by the type's key names
 *   ids      by kind: id, arn, name ...
 *   seed     its chance: identities that are shown later than made
 *   status, created, updated, tags {k: v}, parts {subject: {...}}, relations {subject: [{...}]} */
struct resource {
    struct str id; /* of the document */
    struct value *doc;
};

/* ---- resource.c ---- */
struct doc_key resource_key(const struct work *w, struct str type, struct str id);
/* The values of the bindings in the call's parameters, by key; NULL where not given. */
void resource_asked(const struct work *w, const struct value **asked, size_t count);
/* The resource that the bindings name. 0, or E_MISSING. */
int resource_find(struct work *w, struct resource *out, struct err *err);
/* All of the type in this account and region, in order of id. */
int resource_list(struct work *w, struct resource **out, size_t *count, struct err *err);
/* Is it the one meant by key and value: the same, or, for its own identity, any of them. */
bool resource_is(const struct work *w, const struct resource *r, uint32_t key,
                 const struct value *asked);
int resource_save(struct work *w, const struct resource *r, struct err *err);
/* Of any type of the service, by ARN, id or name. 0, or E_MISSING. */
int resource_by_identity(struct work *w, struct str text, struct resource *out, struct doc_key *key,
                         struct err *err);

/* ---- identity.c ---- */
/* A new value for a member of this shape that identifies r. */
struct value *identity_make(struct work *w, struct resource *r, struct rng *rng, uint32_t shape,
                            struct str kind);
/* What identifies r in this kind ("id", "arn" ...): as stored, else made from its seed and kept. */
struct value *identity_of(struct work *w, struct resource *r, struct str kind, uint32_t shape);
struct str identity_text(struct arena *a, const struct value *v);

/* ---- project.c ---- */
/* What an output shape shows of a resource; NULL when it shows nothing. */
struct value *project(struct work *w, struct resource *r, const struct cat_shape *shape);
/* An element of a list of this shape. */
struct value *project_item(struct work *w, struct resource *r, const struct cat_member *element);
/* v as this shape has it: members that it lacks are left out. NULL when the kinds differ. */
struct value *project_fit(struct work *w, const struct value *v, const struct cat_shape *shape);
/* A neutral value: the first of an enum, 0, "", an empty list. */
struct value *project_neutral(struct work *w, const struct cat_shape *shape, int depth);

/* ---- template.c ---- */
/* What AWS adds to such a resource: fixtures/templates/SERVICE.json, filled in. NULL: nothing. */
struct value *template_of(struct work *w, struct resource *r);
/* Its member at the end of path: a key in AWS's own form. NULL: it has none. */
struct value *template_member(struct work *w, struct resource *r, struct str path);
/* v with its {placeholders} filled in for r, or for no resource (NULL). */
struct value *template_fill(struct work *w, struct resource *r, const struct value *v);
/* base with over's members, whatever their case; maps are merged member by member. */
struct value *template_merge(struct arena *a, const struct value *base, const struct value *over);

/* ---- enabled.c ---- */
/* Refused, where the service must be enabled first and is not: fixtures/lifecycle/enabled.tsv. */
int enabled_check(struct work *w, struct err *err);

/* ---- answers.c ---- */
/* What AWS answers where nothing was written: a row of fixtures/lifecycle/answers.tsv, or NULL. */
struct value *answers_default(struct work *w);
int answers_perform(struct work *w, struct err *err);

/* ---- path.c ---- */
/* The value at a path, the first of each list; NULL if absent. */
const struct value *path_get(const struct value *root, struct str path);
/* Put v there, making maps and one-element lists on the way. */
void path_put(struct arena *a, struct value *root, struct str path, struct value *v);
const struct cat_shape *path_shape(const struct cat *cat, const struct cat_shape *root,
                                   struct str path, const struct cat_member **member);

/* ---- tags.c ---- */
bool tags_is_name(struct str normal);
/* {k: v} of a list of pairs or a map. */
struct value *tags_read(struct arena *a, const struct value *v);
/* In the form of this shape; NULL when it is none for tags. */
struct value *tags_write(struct work *w, const struct value *tags, const struct cat_shape *shape);
int tags_perform(struct work *w, struct err *err);
/* Those of the create's input, wherever they stand; an empty map when there are none. */
struct value *tags_of_input(struct arena *a, const struct value *params);

/* ---- list.c, parts.c ---- */
int list_perform(struct work *w, struct err *err);
int part_perform(struct work *w, struct err *err);
int setting_perform(struct work *w, struct err *err);

/* ---- generic.c ---- */
/* Always 0, so that a handler may return it. */
int refuse_not_found(struct work *w);
int refuse(struct work *w, const char *reason);
/* params without idempotency tokens, secrets and tags, with what is known. */
struct value *kept_input(struct work *w);
