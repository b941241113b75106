/* emulator/services/ec2 - networks, security groups, instances, volumes, snapshots and images.
 *
 * A thing is one document: service "ec2", the call's region, type = the kind's name (the resource
 * type that tags know), id = its own id. Its members are those of the kind's Describe operation;
 * what only we need begins with '_' and never reaches an answer, because answers follow the model.
 * What follows from other things (a group's rules, an instance's volumes) or from the clock
 * (states) is not kept but worked out whenever a document is loaded: one truth, in one place.
 *
 * The world that an account finds in a region (its default VPC and what belongs to it) is made at
 * the first call there that needs it.
 *
 * Functions return 0 to go on, EC2_REFUSED when the outcome says why not, < 0 for a failure.
 */
#pragma once

#include "core/base/embed.h"
#include "emulator/services/services.h"

#define EC2_REFUSED 1

enum ec2_kind_id {
#define KIND(name, ...) EC2_##name,
#include "emulator/services/ec2/kinds.def"
#undef KIND
    EC2_KINDS
};

struct ec2;
typedef int ec2_complete(struct ec2 *j, struct value *doc);
struct ec2_kind {
    const char *type, *prefix; /* "vpc", "vpc-" */
    const char *id_member;     /* "VpcId" */
    const char *list, *ids;    /* of Describe: its output's list, its parameter of ids */
    const char *tags;          /* the member that holds tags */
    const char *not_found, *malformed, *text; /* codes; message with one %.*s */
    /* Work out the members that follow from other things; NULL: there are none. */
    ec2_complete *complete;
};
extern const struct ec2_kind ec2_kinds[EC2_KINDS];
extern ec2_complete ec2_subnet_complete, ec2_group_complete, ec2_nat_complete,
    ec2_interface_complete, ec2_table_complete, ec2_instance_complete, ec2_volume_complete,
    ec2_snapshot_complete, ec2_image_complete, ec2_peering_complete;

struct ec2_docs {
    struct value **of; /* in order of id, completed */
    size_t count;
    enum { EC2_UNREAD, EC2_READING, EC2_READ } state;
};

/* One call. */
struct ec2 {
    struct ctx *cx;
    struct arena *a;
    const struct call *call;
    struct outcome *out;
    struct err *err;
    struct rng *rng;
    bool has_world;
    struct ec2_docs docs[EC2_KINDS]; /* what was listed in this call */
};
typedef int ec2_fn(struct ec2 *j);

int ec2_run(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err,
            ec2_fn *run);
int ec2_refuse(struct ec2 *j, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* 400; returns EC2_REFUSED */
/* Not performed though the operation is: 501, names the parameter. */
int ec2_unsupported(struct ec2 *j, const char *what);
struct value *ec2_output(struct ec2 *j);
int ec2_return_true(struct ec2 *j); /* output {Return: true} */

/* things.c: documents by kind. */
struct str ec2_id(const struct ec2_kind *k, const struct value *doc);
int ec2_save(struct ec2 *j, enum ec2_kind_id kind, struct value *doc); /* null members go */
int ec2_drop(struct ec2 *j, enum ec2_kind_id kind, struct str id);
/* Loaded, at the state that the clock says, completed. *doc NULL: there is none. */
int ec2_find(struct ec2 *j, enum ec2_kind_id kind, struct str id, struct value **doc);
/* The same, but a malformed or unknown id is refused as AWS words it. */
int ec2_load(struct ec2 *j, enum ec2_kind_id kind, struct str id, struct value **doc);
int ec2_load_param(struct ec2 *j, enum ec2_kind_id kind, const char *param, struct value **doc);
/* All of a kind in the region, borrowed until one is saved or dropped. */
int ec2_all(struct ec2 *j, enum ec2_kind_id kind, const struct ec2_docs **docs);
bool ec2_id_ok(const struct ec2_kind *k, struct str id);
int ec2_not_found(struct ec2 *j, enum ec2_kind_id kind, struct str id);

/* create.c */
struct str ec2_new_id(struct ec2 *j, const char *prefix);
struct str ec2_arn(struct ec2 *j, const char *type, struct str id);
/* A new thing from fixtures/ec2/NAME.json: defaults, then the call's parameters that the template
 * takes, then tags. Not yet saved. */
int ec2_new(struct ec2 *j, enum ec2_kind_id kind, struct value **doc);
/* The same without the call's parameters and tags: what the emulator makes by itself. */
int ec2_make(struct ec2 *j, enum ec2_kind_id kind, struct value **doc);
/* A template of another shape; the texts ${id} ${account} ${region} ${partition} ${now} filled. */
struct value *ec2_template(struct ec2 *j, const char *name, struct str id);
/* Copy those of from's members that are listed in names (blank-separated). */
void ec2_take(struct ec2 *j, struct value *to, const struct value *from, const char *names);

/* filter.c */
int ec2_filters_ok(struct ec2 *j, const char *type);
bool ec2_filters_pass(struct ec2 *j, const char *type, const char *tags, const struct value *doc);
/* Is one of the texts at the dotted path (lists on the way are searched) equal to text? */
bool ec2_path_is(struct ec2 *j, const struct value *doc, const char *path, struct str text);
struct str ec2_text(struct ec2 *j, const struct value *v); /* a scalar as filters compare it */

/* describe.c */
/* Those that ids and filters select. */
int ec2_select(struct ec2 *j, enum ec2_kind_id kind, struct value **list);
int ec2_describe(struct ec2 *j, enum ec2_kind_id kind);
/* MaxResults and NextToken over a list in the order of its items' member key; into output.member.
 */
int ec2_page(struct ec2 *j, const char *member, const struct value *list, const char *key);

/* tags.c */
int ec2_tags_of_spec(struct ec2 *j, const char *type, struct value **tags);

/* state.c: states that the clock moves. */
bool ec2_settle(struct ec2 *j, enum ec2_kind_id kind, struct value *doc); /* false: gone by now */
bool ec2_settle_at(struct arena *a, enum ec2_kind_id kind, struct value *doc, int64_t now_ms);
/* When the clock alone brings the next state; INT64_MAX: never, or the thing will be gone. */
int64_t ec2_next_change(enum ec2_kind_id kind, const struct value *doc);
void ec2_state_set(struct ec2 *j, enum ec2_kind_id kind, struct value *doc, const char *state);
struct str ec2_state(enum ec2_kind_id kind, const struct value *doc);

/* delete.c: what stands in the way of a deletion, as rows. */
int ec2_delete(struct ec2 *j, enum ec2_kind_id kind, const char *param);
int ec2_dependants(struct ec2 *j, enum ec2_kind_id kind, struct str id);
/* Gone, with the parts that go along; nothing is checked. */
int ec2_remove(struct ec2 *j, enum ec2_kind_id kind, struct str id);

/* cidr.c */
struct cidr {
    uint32_t base;
    int bits;
};
bool cidr_parse(struct str text, struct cidr *out); /* host bits are cleared */
bool cidr_is_exact(struct str text);                /* no host bits */
struct str cidr_text(struct arena *a, struct cidr c);
bool cidr_overlap(struct cidr a, struct cidr b);
bool cidr_holds(struct cidr outer, struct cidr inner);
bool ip_parse(struct str text, uint32_t *out);
struct str ip_text(struct arena *a, uint32_t ip);

/* world.c */
int ec2_world(struct ec2 *j);                           /* made unless it is there */
int ec2_default_vpc(struct ec2 *j, struct value **vpc); /* *vpc NULL: there is none */
int ec2_default_dhcp_options(struct ec2 *j, struct str *id);

/* vpc.c, routes.c, acls.c: what the world and the operations both make; saved. */
int ec2_vpc_furnish(struct ec2 *j, struct value *vpc, struct cidr block);
int ec2_subnet_furnish(struct ec2 *j, struct value *subnet, struct str zone);
int ec2_route_table_furnish(struct ec2 *j, struct value *table, const struct value *vpc);
int ec2_main_table(struct ec2 *j, struct str vpc_id, struct value **table);
void ec2_route_add(struct ec2 *j, struct value *table, const char *destination,
                   const char *target_member, struct str target);
int ec2_table_let_go(struct ec2 *j, struct str subnet_id); /* of its route table association */
int ec2_acl_furnish(struct ec2 *j, struct value *acl, struct str vpc_id, bool is_default);
int ec2_acl_take(struct ec2 *j, struct value *acl, struct str subnet_id, struct str *association);
int ec2_acl_let_go(struct ec2 *j, struct str subnet_id);
int ec2_acl_default(struct ec2 *j, struct str vpc_id, struct value **acl);
int ec2_group_furnish(struct ec2 *j, struct value *group, struct str vpc_id);

/* zones.c */
/* The names of the region's zones; a region that the account has not opted into is refused. */
int ec2_zones(struct ec2 *j, struct value **names);
struct str ec2_zone_id(struct ec2 *j, struct str zone); /* empty: no such zone in the region */
struct str ec2_zone_of_id(struct ec2 *j, struct str zone_id);

/* groups.c */
int ec2_group_named(struct ec2 *j, struct str name, struct str vpc_id, struct value **group);
int ec2_group_default(struct ec2 *j, struct str vpc_id, struct value **group);
/* [{GroupId, GroupName}] of ids, which must exist and belong to the VPC. */
int ec2_group_list(struct ec2 *j, const struct value *ids, struct str vpc_id, struct value **list);

/* settings.c: what an account has set for a region. */
int ec2_setting(struct ec2 *j, const char *name, struct str *out);

/* Lists inside documents. */
struct value *ec2_list(struct ec2 *j, struct value *map, const char *member); /* made if absent */
struct value *ec2_list_find(const struct value *list, const char *member, struct str text);
void ec2_list_remove(struct ec2 *j, struct value *map, const char *member,
                     const struct value *item);
bool ec2_list_has(const struct value *list, struct str text);

#define EC2_OP(operation, run) ec2_fn ec2_##run;
#include "emulator/services/ec2/operations.def"
#undef EC2_OP
