#include "emulator/trail/config.h"

#include "core/aws/region.h"
#include "core/base/buf.h"
#include "emulator/trail/insight_kinds.h"

struct doc_key config_key(struct str account, struct str region, const char *type, struct str id)
{
    return (struct doc_key){ account, region, STR("cloudtrail"), str_c(type), id };
}

static struct doc_key organization_key(struct str account, const char *type, struct str id)
{
    return (struct doc_key){ account, STR(""), STR("organizations"), str_c(type), id };
}

int config_organization(struct store *s, struct arena *a, struct str account,
                        struct str *out_management, struct str *out_id, struct err *err)
{
    struct doc *docs;
    size_t count;

    *out_management = *out_id = (struct str){ 0 };
    int rc = store_doc_list(s, a, organization_key(STR(""), "Account", account), STR(""), 1, &docs,
                            &count, err);
    if (rc < 0 || count == 0)
        return rc;
    *out_management = docs[0].key.account;
    rc = store_doc_list(s, a, organization_key(*out_management, "Organization", STR("")), STR(""),
                        1, &docs, &count, err);
    if (rc == 0 && count > 0)
        *out_id = docs[0].key.id;
    return rc;
}

static int members_load(struct store *s, struct config_set *set, struct trail_config *t,
                        struct err *err)
{
    struct doc *docs;
    size_t count;
    struct str management;
    int rc = config_organization(s, &set->arena, t->owner, &management, &t->org_id, err);

    if (rc < 0 || t->org_id.len == 0)
        return rc;
    rc = store_doc_list(s, &set->arena, organization_key(management, "Account", STR("")), STR(""),
                        0, &docs, &count, err);
    if (rc < 0)
        return rc;
    t->accounts = arena_array(&set->arena, count, sizeof *t->accounts);
    t->account_count = count;
    for (size_t i = 0; i < count; i++)
        t->accounts[i] = docs[i].key.id;
    return 0;
}

static struct trail_epoch epoch_read(struct arena *a, const struct doc *doc)
{
    const struct value *trail = value_get_c(doc->value, "Trail");
    bool logging = value_get_bool(trail, "IsLogging", false);

    return (struct trail_epoch){
        .position = (uint64_t)value_get_int(doc->value, "Position", 0),
        .seq = (uint64_t)value_get_int(doc->value, "Seq", 0),
        .exists = trail != NULL,
        .logging = logging,
        .multi_region = value_get_bool(trail, "IsMultiRegionTrail", false),
        .global_events = value_get_bool(trail, "IncludeGlobalServiceEvents", true),
        .validation = value_get_bool(trail, "LogFileValidationEnabled", false),
        .bucket = value_get_str(trail, "S3BucketName"),
        .prefix = value_get_str(trail, "S3KeyPrefix"),
        .kms_key = value_get_str(trail, "KmsKeyId"),
        .topic = value_get_str(trail, "SnsTopicARN"),
        .log_group = value_get_str(trail, "CloudWatchLogsLogGroupArn"),
        .selectors = selectors_compile(a, trail),
        /* Source: CloudTrail User Guide, "Understanding CloudTrail Insights": to stop logging
         * disables it */
        .insights = logging ? insight_bits(value_get_c(trail, "InsightSelectors")) : 0,
        .insights_since_ms = value_get_time(trail, "InsightsSince", 0),
        .key = doc->key,
    };
}

static struct str name_of(const struct doc *doc)
{
    struct str name, rest;

    (void)str_cut(doc->key.id, '/', &name, &rest); /* ids are NAME/POSITION/SEQ */
    return name;
}

static bool same_trail(const struct doc *a, const struct doc *b)
{
    return str_eq(a->key.account, b->key.account) && str_eq(a->key.region, b->key.region) &&
           str_eq(name_of(a), name_of(b));
}

/* The epochs of one trail stand side by side, in order of position: ids sort so. */
static int trail_read(struct store *s, struct config_set *set, const struct doc *docs, size_t count,
                      struct err *err)
{
    struct arena *a = &set->arena;
    struct trail_config *t = &set->trails[set->count++];
    bool is_org = false;

    t->owner = docs->key.account;
    t->home = docs->key.region;
    t->name = name_of(docs);
    t->arn = arena_printf(a, "arn:%.*s:cloudtrail:%.*s:%.*s:trail/%.*s",
                          STR_ARG(region_partition(t->home)), STR_ARG(t->home), STR_ARG(t->owner),
                          STR_ARG(t->name));
    t->accounts = arena_array(a, 1, sizeof *t->accounts);
    t->accounts[0] = t->owner;
    t->account_count = 1;
    t->epochs = arena_array(a, count, sizeof *t->epochs);
    t->epoch_count = count;
    for (size_t i = 0; i < count; i++) {
        t->epochs[i] = epoch_read(a, &docs[i]);
        is_org |= value_get_bool(value_get_c(docs[i].value, "Trail"), "IsOrganizationTrail", false);
    }
    return is_org ? members_load(s, set, t, err) : 0;
}

int config_load(struct store *s, struct config_set *out, struct err *err)
{
    struct config_set set = { 0 };
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(s, &set.arena, config_key(STR(""), STR(""), "TrailEpoch", STR("")),
                            STR(""), 0, &docs, &count, err);

    if (rc == 0)
        set.trails = arena_array(&set.arena, count, sizeof *set.trails);
    for (size_t i = 0, n; rc == 0 && i < count; i += n) {
        for (n = 1; i + n < count && same_trail(&docs[i], &docs[i + n]); n++)
            ;
        rc = trail_read(s, &set, &docs[i], n, err);
    }
    if (rc < 0)
        config_free(&set);
    else
        *out = set;
    return rc;
}

void config_free(struct config_set *set)
{
    arena_free(&set->arena);
    *set = (struct config_set){ 0 };
}

/* Is it an event of a global service, which single-region trails take only when told to?
 * Source: CloudTrail User Guide, "Global service events". */
static bool is_global_event(const struct record_facts *f)
{
    struct str service, rest;

    (void)str_cut(f->event_source, '.', &service, &rest); /* no dot: the whole is the name */
    return !str_eq(region_of_call(service, STR("eu-west-1")), STR("eu-west-1"));
}

static bool asks_for(const struct trail_config *t, const struct trail_epoch *e,
                     const struct journal_entry *entry)
{
    enum insight_kind kind =
        entry->facts.error_code.len > 0 ? INSIGHT_ERROR_RATE : INSIGHT_CALL_RATE;
    struct str source = insight_source(entry->record);

    return (e->insights & INSIGHT_BIT(kind, source.len > 0)) != 0 &&
           (source.len == 0 || str_eq(source, t->arn));
}

static bool epoch_takes(const struct trail_config *t, const struct trail_epoch *e,
                        const struct journal_entry *entry)
{
    const struct record_facts *f = &entry->facts;

    if (!e->exists || !e->logging)
        return false;
    if (!e->multi_region) {
        if (!str_eq(f->region, t->home) || (!e->global_events && is_global_event(f)))
            return false;
    }
    return f->category == EVENT_INSIGHT ? asks_for(t, e, entry)
                                        : selectors_take(e->selectors, f, entry->record);
}

static bool has_account(const struct trail_config *t, struct str account)
{
    for (size_t i = 0; i < t->account_count; i++)
        if (str_eq(t->accounts[i], account))
            return true;
    return false;
}

const struct trail_epoch *config_takes(const struct trail_config *t,
                                       const struct journal_entry *entry)
{
    size_t i = t->epoch_count;

    if (!has_account(t, entry->facts.account))
        return NULL;
    while (i > 0 && t->epochs[i - 1].position > entry->position)
        i--;
    for (; i > 0; i--) {
        const struct trail_epoch *e = &t->epochs[i - 1];
        if (epoch_takes(t, e, entry))
            return e;
        if (e->seq == 0 || e->seq != entry->seq)
            return NULL;
    }
    return NULL;
}

const struct trail_epoch *config_now(const struct trail_config *t)
{
    return &t->epochs[t->epoch_count - 1];
}

const struct trail_epoch *config_last_alive(const struct trail_config *t)
{
    for (size_t i = t->epoch_count; i > 0; i--)
        if (t->epochs[i - 1].exists)
            return &t->epochs[i - 1];
    return NULL;
}

int config_put_epoch(struct store *s, struct doc_key trail, uint64_t position, uint64_t seq,
                     struct err *err)
{
    struct arena a = { 0 };
    struct value *doc, *epoch = value_map(&a);
    int rc = store_doc_get(s, &a, trail, &doc, err);

    if (rc == 0 || rc == E_MISSING) {
        value_put_int(&a, epoch, "Position", (int64_t)position);
        value_put_int(&a, epoch, "Seq", (int64_t)seq);
        if (rc == 0)
            value_set(epoch, STR("Trail"), doc);
        struct str id = arena_printf(&a, "%.*s/%020llu/%020llu", STR_ARG(trail.id),
                                     (unsigned long long)position, (unsigned long long)seq);
        rc =
            store_doc_put(s, config_key(trail.account, trail.region, "TrailEpoch", id), epoch, err);
    }
    arena_free(&a);
    return rc;
}

static int prune_one(struct store *s, const struct trail_config *t, uint64_t position,
                     uint64_t *count, struct err *err)
{
    /* the last but one stays: the record of the call that ended it may still be under way */
    for (size_t n = 0; n + 2 < t->epoch_count; n++) {
        if (t->epochs[n + 1].position >= position)
            return 0;
        int rc = store_doc_delete(s, t->epochs[n].key, err);
        if (rc < 0 && rc != E_MISSING)
            return rc;
        ++*count;
    }
    return 0;
}

int config_prune(struct store *s, const struct config_set *set, uint64_t position,
                 uint64_t *out_count, struct err *err)
{
    int rc = 0;

    *out_count = 0;
    for (size_t i = 0; rc == 0 && i < set->count; i++)
        rc = prune_one(s, &set->trails[i], position, out_count, err);
    return rc;
}
