#include "emulator/services/rds/rds.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"

/* Source: RDS API Reference, errors as the service words them. */
const struct rds_kind rds_instance = { "DBInstance",
                                       "DBInstances",
                                       "DBInstanceIdentifier",
                                       "DBInstanceArn",
                                       "db",
                                       "DBInstanceNotFoundFault",
                                       "DBInstance %.*s not found.",
                                       "DBInstanceAlreadyExistsFault",
                                       "DB instance already exists",
                                       "TagList" };
const struct rds_kind rds_cluster = { "DBCluster",
                                      "DBClusters",
                                      "DBClusterIdentifier",
                                      "DBClusterArn",
                                      "cluster",
                                      "DBClusterNotFoundFault",
                                      "DBCluster %.*s not found.",
                                      "DBClusterAlreadyExistsFault",
                                      "DB Cluster already exists",
                                      "TagList" };
const struct rds_kind rds_snapshot = { "DBSnapshot",
                                       "DBSnapshots",
                                       "DBSnapshotIdentifier",
                                       "DBSnapshotArn",
                                       "snapshot",
                                       "DBSnapshotNotFoundFault",
                                       "DBSnapshot %.*s not found.",
                                       "DBSnapshotAlreadyExistsFault",
                                       "Cannot create the snapshot because a snapshot with the "
                                       "identifier %.*s already exists.",
                                       "TagList" };
const struct rds_kind rds_cluster_snapshot = { "DBClusterSnapshot",
                                               "DBClusterSnapshots",
                                               "DBClusterSnapshotIdentifier",
                                               "DBClusterSnapshotArn",
                                               "cluster-snapshot",
                                               "DBClusterSnapshotNotFoundFault",
                                               "DBClusterSnapshot %.*s not found.",
                                               "DBClusterSnapshotAlreadyExistsFault",
                                               "Cannot create the snapshot because a snapshot with "
                                               "the identifier %.*s already exists.",
                                               "TagList" };
const struct rds_kind rds_subnets = { "DBSubnetGroup",
                                      "DBSubnetGroups",
                                      "DBSubnetGroupName",
                                      "DBSubnetGroupArn",
                                      "subgrp",
                                      "DBSubnetGroupNotFoundFault",
                                      "DB subnet group '%.*s' does not exist.",
                                      "DBSubnetGroupAlreadyExistsFault",
                                      "The DB subnet group '%.*s' already exists.",
                                      "_tags" };
const struct rds_kind rds_parameters = { "DBParameterGroup",
                                         "DBParameterGroups",
                                         "DBParameterGroupName",
                                         "DBParameterGroupArn",
                                         "pg",
                                         "DBParameterGroupNotFoundFault",
                                         "DBParameterGroup not found: %.*s",
                                         "DBParameterGroupAlreadyExistsFault",
                                         "Parameter group %.*s already exists",
                                         "_tags" };
const struct rds_kind rds_cluster_parameters = { "DBClusterParameterGroup",
                                                 "DBClusterParameterGroups",
                                                 "DBClusterParameterGroupName",
                                                 "DBClusterParameterGroupArn",
                                                 "cluster-pg",
                                                 "DBParameterGroupNotFoundFault",
                                                 "DBClusterParameterGroup not found: %.*s",
                                                 "DBParameterGroupAlreadyExistsFault",
                                                 "Parameter group %.*s already exists",
                                                 "_tags" };

static const struct rds_kind *const kinds[] = { &rds_instance,          &rds_cluster,
                                                &rds_snapshot,          &rds_cluster_snapshot,
                                                &rds_subnets,           &rds_parameters,
                                                &rds_cluster_parameters };

/* Source: RDS API Reference, "DescribeDBInstances", MaxRecords: 20 to 100, default 100. */
static const struct paging paging = { "MaxRecords",           "Marker", "Marker", 20, 100, 100,
                                      "InvalidParameterValue" };

struct str rds_lower(struct job *j, struct str id)
{
    char *low = arena_alloc(j->a, id.len + 1);

    for (size_t i = 0; i < id.len; i++)
        low[i] = id.ptr[i] >= 'A' && id.ptr[i] <= 'Z' ? (char)(id.ptr[i] + 32) : id.ptr[i];
    return (struct str){ low, id.len };
}

/* ID or arn:aws:rds:REGION:ACCOUNT:WORD:ID */
static struct str plain_id(struct job *j, struct str text)
{
    struct str word, id;
    struct arn arn;

    if (arn_parse(text, &arn, NULL) == 0 && str_cut(arn.resource, ':', &word, &id))
        text = id;
    return rds_lower(j, text);
}

struct value *rds_find(struct job *j, const struct rds_kind *kind, struct str id)
{
    struct value *doc = job_get(j, kind->type, plain_id(j, id));

    if (!doc && j->rc == 0)
        outcome_refuse(j->a, j->out, 0, kind->missing_code, kind->missing_text, STR_ARG(id));
    return doc;
}

struct value *rds_named(struct job *j, const struct rds_kind *kind)
{
    return rds_find(j, kind, job_text(j, kind->id));
}

/* Source: RDS API Reference, "CreateDBInstance", DBInstanceIdentifier, constraints. */
static bool id_ok(struct str id)
{
    bool ok = id.len > 0 && id.len <= 255 && id.ptr[0] >= 'a' && id.ptr[0] <= 'z' &&
              id.ptr[id.len - 1] != '-' && str_find(id, STR("--")) < 0;

    for (size_t i = 0; ok && i < id.len; i++)
        ok = (id.ptr[i] >= 'a' && id.ptr[i] <= 'z') || (id.ptr[i] >= '0' && id.ptr[i] <= '9') ||
             id.ptr[i] == '-' || id.ptr[i] == '_' || id.ptr[i] == '.';
    return ok;
}

struct value *rds_new(struct job *j, const struct rds_kind *kind, struct value *doc, struct str id)
{
    const struct value *tags = param(j->call, "Tags");

    id = rds_lower(j, id);
    if (!id_ok(id)) {
        job_refuse(j, "InvalidParameterValue",
                   "The parameter %s is not a valid identifier. Identifiers must begin with a "
                   "letter; must contain only ASCII letters, digits, and hyphens; and must not end "
                   "with a hyphen or contain two consecutive hyphens.",
                   kind->id);
        return NULL;
    }
    if (job_get(j, kind->type, id) || j->rc < 0) {
        if (j->rc == 0)
            outcome_refuse(j->a, j->out, 0, kind->exists_code, kind->exists_text, STR_ARG(id));
        return NULL;
    }
    value_put_str(j->a, doc, kind->id, id);
    value_put_str(j->a, doc, kind->arn,
                  arena_printf(j->a, "arn:%.*s:rds:%.*s:%.*s:%s:%.*s",
                               STR_ARG(region_partition(j->region)), STR_ARG(j->region),
                               STR_ARG(j->account), kind->arn_word, STR_ARG(id)));
    if (tags)
        value_set(doc, str_c(kind->tags), value_copy(j->a, tags));
    return doc;
}

int rds_put(struct job *j, const struct rds_kind *kind, const struct value *doc)
{
    return job_put(j, kind->type, value_get_str(doc, kind->id), doc);
}

int rds_drop(struct job *j, const struct rds_kind *kind, const struct value *doc)
{
    return job_drop(j, kind->type, value_get_str(doc, kind->id));
}

int rds_answer(struct job *j, const struct rds_kind *kind, const struct value *doc,
               const char *state_member, const char *state)
{
    struct value *seen = value_copy(j->a, doc);

    if (state)
        value_put_c(j->a, seen, state_member, state);
    job_answer(j, kind->type, seen);
    return j->rc;
}

/* ---- describe ---- */

/* Source: RDS API Reference, Filters of each Describe operation. A filter that is not here is
 * refused, never ignored. */
static const struct filter {
    const char *name, *member;
} filters[] = {
    { "db-cluster-id", "DBClusterIdentifier" },
    { "db-cluster-resource-id", "DbClusterResourceId" },
    { "db-cluster-snapshot-id", "DBClusterSnapshotIdentifier" },
    { "db-instance-id", "DBInstanceIdentifier" },
    { "db-snapshot-id", "DBSnapshotIdentifier" },
    { "dbi-resource-id", "DbiResourceId" },
    { "engine", "Engine" },
    { "snapshot-type", "SnapshotType" },
};

static const struct filter *filter_find(struct str name)
{
    for (size_t i = 0; i < COUNT(filters); i++)
        if (str_eq_c(name, filters[i].name))
            return &filters[i];
    return NULL;
}

static bool filters_ok(struct job *j)
{
    for (const struct value *f = value_first(param(j->call, "Filters")); f; f = f->next)
        if (!filter_find(value_get_str(f, "Name"))) {
            job_refuse(j, "InvalidParameterValue", "Unrecognized filter name: %.*s",
                       STR_ARG(value_get_str(f, "Name")));
            return false;
        }
    return true;
}

static bool passes(struct job *j, const struct value *doc)
{
    for (const struct value *f = value_first(param(j->call, "Filters")); f; f = f->next) {
        struct str own = value_get_str(doc, filter_find(value_get_str(f, "Name"))->member);
        bool any = false;

        for (const struct value *v = value_first(value_get_c(f, "Values")); v; v = v->next)
            any = any || str_eq(plain_id(j, v->u.text), own);
        if (!any)
            return false;
    }
    return true;
}

/* Whose snapshot may the caller see, and did it ask for those of others? */
static bool is_visible(struct job *j, const struct doc *d)
{
    const struct value *shared = value_get_c(d->value, "_restore");
    struct str type = job_text(j, "SnapshotType");
    bool own = str_eq(d->key.account, j->call->account);

    if (own)
        return type.len == 0 || str_eq(type, value_get_str(d->value, "SnapshotType"));
    if (str_eq_c(type, "public") || param_bool(j->call, "IncludePublic", false))
        if (list_has(shared, STR("all")))
            return true;
    return (str_eq_c(type, "shared") || param_bool(j->call, "IncludeShared", false)) &&
           list_has(shared, j->call->account);
}

/* Members of a request that name one value of the documents asked for. */
static bool is_asked_for(struct job *j, const struct value *doc)
{
    static const char *const members[] = { "DBInstanceIdentifier", "DBClusterIdentifier",
                                           "DbiResourceId", "DbClusterResourceId" };

    for (size_t i = 0; i < COUNT(members); i++) {
        struct str wanted = job_text(j, members[i]), own = value_get_str(doc, members[i]);

        if (wanted.len > 0 && !str_eq_nocase(plain_id(j, wanted), own))
            return false;
    }
    return passes(j, doc);
}

int rds_describe(struct job *j, const struct rds_kind *kind)
{
    bool snapshots =
        strcmp(kind->arn_word, "snapshot") == 0 || strcmp(kind->arn_word, "cluster-snapshot") == 0;
    struct str one = plain_id(j, job_text(j, kind->id));
    struct job all = *j;
    struct doc *docs;
    size_t n = 0;

    if (!filters_ok(j))
        return j->rc;
    if (snapshots)
        all.account = STR("");
    size_t count = job_list(&all, kind->type, STR(""), &docs);
    j->rc = all.rc;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++)
        if ((one.len == 0 || str_eq(docs[i].key.id, one)) && is_asked_for(j, docs[i].value) &&
            (!snapshots || is_visible(j, &docs[i])))
            items[n++] =
                (struct job_item){ value_get_str(docs[i].value, kind->arn), docs[i].value };
    if (one.len > 0 && n == 0)
        (void)rds_find(j, kind, one); /* refuses, unless it is there and was filtered out */
    return job_page(j, &paging, kind->list, items, n);
}

/* ---- engines ---- */

struct value *rds_engine(struct job *j, struct str engine)
{
    struct value *row = list_find(job_template(j, "rds/engines.json"), "Engine", engine);

    if (!row)
        job_refuse(j, "InvalidParameterValue", "Invalid DB engine");
    return row;
}

HANDLER(rds, DescribeDBEngineVersions)
{
    static const char *const asked[] = { "Engine", "EngineVersion", "DBParameterGroupFamily" };
    struct value *rows = job_template(j, "rds/engines.json");
    struct job_item *items = arena_array(j->a, rows->count + 1, sizeof *items);
    size_t n = 0;

    if (!filters_ok(j))
        return j->rc;
    for (struct value *r = value_first(rows); r; r = r->next) {
        bool fits = passes(j, r);

        for (size_t i = 0; i < COUNT(asked); i++)
            fits = fits && (!job_has(j, asked[i]) ||
                            str_eq(job_text(j, asked[i]), value_get_str(r, asked[i])));
        value_put_c(j->a, r, "Status", "available");
        if (fits)
            items[n++] = (struct job_item){ value_get_str(r, "Engine"), value_copy(j->a, r) };
    }
    return job_page(j, &paging, "DBEngineVersions", items, n);
}

/* ---- what instances and clusters share ---- */

int rds_not_performed(struct job *j, const char *what)
{
    outcome_refuse(j->a, j->out, 501, "NotImplemented",
                   "mocktrail does not perform rds:%.*s with %s.", STR_ARG(j->call->action), what);
    return j->rc;
}

bool rds_password_is_given(struct job *j)
{
    if (param_bool(j->call, "ManageMasterUserPassword", false))
        rds_not_performed(j, "ManageMasterUserPassword");
    return !outcome_refused(j->out);
}

void rds_rename(struct job *j, struct value *doc, const struct rds_rename *rows)
{
    for (; rows->param; rows++)
        if (job_has(j, rows->param))
            value_set(doc, str_c(rows->member), value_copy(j->a, param(j->call, rows->param)));
}

void rds_security_groups(struct job *j, struct value *doc)
{
    struct value *list = value_list(j->a);

    if (!job_has(j, "VpcSecurityGroupIds"))
        return;
    for (const struct value *g = value_first(param(j->call, "VpcSecurityGroupIds")); g;
         g = g->next) {
        struct value *row = value_map(j->a);

        value_put_str(j->a, row, "VpcSecurityGroupId", g->u.text);
        value_put_c(j->a, row, "Status", "active");
        value_push(list, row);
    }
    value_set(doc, STR("VpcSecurityGroups"), list);
}

/* ID.cluster-0123456789ab.us-east-1.rds.amazonaws.com: the middle is the account's in a region. */
struct str rds_address(struct job *j, struct str id, const char *infix)
{
    struct str own = arena_printf(j->a, "%.*s:%.*s", STR_ARG(j->account), STR_ARG(j->region));

    return arena_printf(j->a, "%.*s.%sc%011llx.%.*s.rds.amazonaws.com", STR_ARG(id), infix,
                        (unsigned long long)(str_hash(own) & 0xfffffffffff), STR_ARG(j->region));
}

struct str rds_resource_id(struct job *j, const char *prefix)
{
    struct str tail = rng_chars(&j->cx->rng, j->a, STR("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 26);

    return arena_printf(j->a, "%s%.*s", prefix, STR_ARG(tail));
}

bool rds_state_is(struct job *j, struct value *doc, const char *member, const char *wanted,
                  const char *code, const char *what)
{
    bool is = str_eq_c(value_get_str(doc, member), wanted);

    if (!is)
        job_refuse(j, code, "%s is not in %s state.", what, wanted);
    return is;
}

/* ---- tags ---- */

static struct value *tagged(struct job *j, const struct rds_kind **kind)
{
    struct str word, id, text = job_text(j, "ResourceName");
    struct arn arn;

    *kind = NULL;
    if (arn_parse(text, &arn, NULL) == 0 && str_cut(arn.resource, ':', &word, &id))
        for (size_t i = 0; i < COUNT(kinds); i++)
            if (str_eq_c(word, kinds[i]->arn_word))
                *kind = kinds[i];
    if (*kind)
        return rds_find(j, *kind, text);
    job_refuse(j, "InvalidParameterValue", "Invalid resource name: %.*s", STR_ARG(text));
    return NULL;
}

HANDLER(rds, AddTagsToResource)
{
    const struct rds_kind *kind;
    struct value *doc = tagged(j, &kind);

    if (!doc)
        return j->rc;
    value_set(doc, str_c(kind->tags),
              tags_merge(j->a, value_get_c(doc, kind->tags), param(j->call, "Tags")));
    return rds_put(j, kind, doc);
}

HANDLER(rds, RemoveTagsFromResource)
{
    const struct rds_kind *kind;
    struct value *doc = tagged(j, &kind);

    for (const struct value *k = value_first(param(j->call, "TagKeys")); doc && k; k = k->next)
        value_set(doc, str_c(kind->tags),
                  list_without(j->a, value_get_c(doc, kind->tags), "Key", k->u.text));
    return doc ? rds_put(j, kind, doc) : j->rc;
}

HANDLER(rds, ListTagsForResource)
{
    const struct rds_kind *kind;
    struct value *doc = tagged(j, &kind), *tags;

    if (!doc)
        return j->rc;
    tags = value_get_c(doc, kind->tags);
    job_answer(j, "TagList", tags ? value_copy(j->a, tags) : value_list(j->a));
    return j->rc;
}
