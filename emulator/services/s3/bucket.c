#include "emulator/services/s3/bucket.h"

#include <time.h>

#include "core/aws/policy.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "emulator/services/s3.h"

#define GATE_WAIT_S 3

static struct doc_key index_key(struct str name)
{
    return (struct doc_key){ .service = STR("s3"), .type = STR("BucketIndex"), .id = name };
}

static struct doc_key bucket_key(struct str owner, struct str name)
{
    return (struct doc_key){
        .account = owner, .service = STR("s3"), .type = STR("Bucket"), .id = name
    };
}

/* ---- reading ---- */

int s3_bucket_document(struct store *s, struct arena *a, struct str name, struct str *owner,
                       struct value **out, struct err *err)
{
    struct value *index;
    int rc = store_doc_get(s, a, index_key(name), &index, err);

    if (rc < 0)
        return rc;
    *owner = value_get_str(index, "Owner");
    return store_doc_get(s, a, bucket_key(*owner, name), out, err);
}

static void bucket_free(struct bucket *b)
{
    struct arena memory = b->memory; /* b itself lies outside of it */

    mem_free(b);
    arena_free(&memory);
}

void bucket_drop(const struct bucket *b)
{
    struct bucket *held = (struct bucket *)b; /* only the count changes */

    if (held && atomic_fetch_sub(&held->holders, 1) == 1)
        bucket_free(held);
}

static void bucket_read_doc(struct bucket *b)
{
    struct str status = value_get_str(value_get_c(b->doc, "Versioning"), "Status");
    struct value *rules = value_get_c(value_get_c(b->doc, "OwnershipControls"), "Rules");
    struct str ownership = value_get_str(value_at(rules, 0), "ObjectOwnership");

    b->region = value_get_str(b->doc, "Region");
    if (str_eq_c(status, "Enabled"))
        b->versioning = VERSIONING_ENABLED;
    else if (status.len > 0)
        b->versioning = VERSIONING_SUSPENDED;
    b->object_lock = value_get_c(b->doc, "ObjectLockConfiguration") != NULL;
    b->owner_enforced = str_eq_c(ownership, "BucketOwnerEnforced");
    struct str policy = value_get_str(b->doc, "Policy");
    if (policy.len >
        0) /* it was parsed before it was stored: one that no longer does denies nothing */
        (void)policy_parse(&b->memory, policy, POLICY_RESOURCE, &b->policy, NULL);
}

static int bucket_load(struct s3 *s3, struct str name, struct bucket **out, struct err *err)
{
    struct bucket *b = mem_alloc(sizeof *b);
    struct value *index;
    int rc = store_doc_get(s3->e->store, &b->memory, index_key(name), &index, err);

    if (rc == 0) {
        b->name = arena_copy(&b->memory, name);
        b->owner = value_get_str(index, "Owner");
        rc = store_doc_get(s3->e->store, &b->memory, bucket_key(b->owner, name), &b->doc, err);
    }
    if (rc < 0) {
        bucket_free(b);
        return rc;
    }
    bucket_read_doc(b);
    atomic_init(&b->holders, 1);
    *out = b;
    return 0;
}

static struct bucket *cache_find(struct s3 *s3, struct str name)
{
    struct bucket *b = s3->buckets[str_hash(name) % BUCKET_SLOTS];

    while (b && !str_eq(b->name, name))
        b = b->next;
    return b;
}

/* All below with bucket_mutex held. */
static void cache_remove(struct s3 *s3, struct str name)
{
    struct bucket **at = &s3->buckets[str_hash(name) % BUCKET_SLOTS];

    while (*at && !str_eq((*at)->name, name))
        at = &(*at)->next;
    if (!*at)
        return;
    struct bucket *b = *at;
    *at = b->next;
    s3->bucket_count--;
    bucket_drop(b);
}

static void cache_clear(struct s3 *s3)
{
    for (size_t i = 0; i < BUCKET_SLOTS; i++)
        while (s3->buckets[i])
            cache_remove(s3, s3->buckets[i]->name);
}

int bucket_hold(struct s3 *s3, struct str name, enum bucket_read how, const struct bucket **out,
                struct err *err)
{
    struct bucket *b = NULL;
    uint64_t generation;
    int rc;

    pthread_mutex_lock(&s3->bucket_mutex);
    generation = s3->bucket_generation;
    if (how == BUCKET_CACHED && (b = cache_find(s3, name)))
        atomic_fetch_add(&b->holders, 1);
    pthread_mutex_unlock(&s3->bucket_mutex);
    if (b) {
        *out = b;
        return 0;
    }
    rc = bucket_load(s3, name, &b, err);
    if (rc < 0)
        return rc;
    b->generation = generation;
    pthread_mutex_lock(&s3->bucket_mutex);
    /* Not when a change was committed meanwhile: what was read may be older than it. */
    if (how == BUCKET_CACHED && generation == s3->bucket_generation && !cache_find(s3, name)) {
        struct bucket **slot = &s3->buckets[str_hash(name) % BUCKET_SLOTS];

        if (s3->bucket_count >= BUCKET_CACHE)
            cache_clear(s3);
        atomic_fetch_add(&b->holders, 1);
        b->next = *slot;
        *slot = b;
        s3->bucket_count++;
    }
    pthread_mutex_unlock(&s3->bucket_mutex);
    *out = b;
    return 0;
}

void bucket_forget(struct s3 *s3, struct str name)
{
    pthread_mutex_lock(&s3->bucket_mutex);
    s3->bucket_generation++;
    cache_remove(s3, name);
    pthread_mutex_unlock(&s3->bucket_mutex);
}

void bucket_forget_all(struct s3 *s3)
{
    pthread_mutex_lock(&s3->bucket_mutex);
    s3->bucket_generation++;
    cache_clear(s3);
    pthread_mutex_unlock(&s3->bucket_mutex);
}

/* ---- gates ---- */

static pthread_rwlock_t *gate_of(struct s3 *s3, struct str name)
{
    return &s3->gates[str_hash(name) % GATE_COUNT];
}

static bool is_current(struct s3 *s3, const struct bucket *b)
{
    pthread_mutex_lock(&s3->bucket_mutex);
    bool is = b->generation == s3->bucket_generation || cache_find(s3, b->name) == b;
    pthread_mutex_unlock(&s3->bucket_mutex);
    return is;
}

/* Looked at again behind the gate, for a deletion may have been there first. Never while the state
 * is asked: who deletes has its lock. */
int bucket_enter(struct lock_set *set, const struct bucket *b)
{
    set->gate = gate_of(set->s3, b->name);
    (void)pthread_rwlock_rdlock(set->gate);
    if (is_current(set->s3, b))
        return 1;
    (void)pthread_rwlock_unlock(set->gate);
    set->gate = NULL;
    return 0;
}

bool bucket_close_gate(struct lock_set *set, struct str name)
{
    pthread_rwlock_t *gate = gate_of(set->s3, name);
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until); /* for waiting, not the emulator's time */
    until.tv_sec += GATE_WAIT_S;
    if (pthread_rwlock_timedwrlock(gate, &until) != 0)
        return false;
    set->gate = gate;
    return true;
}

/* ---- writing ---- */

int bucket_save(struct op *op, struct str name, struct str owner, const struct value *doc)
{
    struct store *store = op->s3->e->store;
    struct value *index = value_map(op->a);
    int rc;

    value_put_str(op->a, index, "Owner", owner);
    op->locks->forget = arena_copy(op->a, name);
    op->out->changed = true;
    rc = op->bucket ? 0 : store_doc_put(store, index_key(name), index, op->err);
    return rc < 0 ? rc : store_doc_put(store, bucket_key(owner, name), doc, op->err);
}

int bucket_delete(struct op *op)
{
    struct store *store = op->s3->e->store;
    struct str name = op->bucket->name;
    int rc = store_doc_delete(store, bucket_key(op->bucket->owner, name), op->err);

    op->locks->forget = arena_copy(op->a, name);
    op->out->changed = true;
    return rc < 0 ? rc : store_doc_delete(store, index_key(name), op->err);
}

struct value *bucket_edit(struct op *op)
{
    return value_copy(op->a, op->bucket->doc);
}

int s3_ensure_bucket(struct engine *e, struct str account, struct str region, struct str name,
                     struct err *err)
{
    struct arena a = { 0 };
    struct value *found, *index = value_map(&a);
    int rc;

    store_lock(e->store);
    rc = store_doc_get(e->store, &a, index_key(name), &found, err);
    if (rc == E_MISSING) {
        value_put_str(&a, index, "Owner", account);
        rc = store_doc_put(e->store, index_key(name), index, err);
        if (rc == 0)
            rc = store_doc_put(e->store, bucket_key(account, name),
                               bucket_new(&a, region, clock_now_ms(&e->clock)), err);
    }
    store_unlock(e->store);
    if (rc == 0)
        rc =
            fs_mkdirs(arena_printf(&a, "%s/buckets/%.*s", e->opt.data_dir, STR_ARG(name)).ptr, err);
    if (e->s3)
        bucket_forget(e->s3, name);
    arena_free(&a);
    return rc;
}

/* ---- names and defaults ---- */

static bool looks_like_ip(struct str name)
{
    struct str head, rest = name;
    int64_t n;
    int parts = 0;

    for (bool more = true; more; parts++) {
        more = str_cut(rest, '.', &head, &rest);
        if (!str_to_i64(head, &n) || head.len > 3)
            return false;
    }
    return parts == 4;
}

bool bucket_name_is_valid(struct str name)
{
    static const char *const prefixes[] = { "xn--", "sthree-", "amzn-s3-demo-" };
    static const char *const suffixes[] = { "-s3alias", "--ol-s3", ".mrap", "--x-s3",
                                            "--table-s3" };

    if (name.len < 3 || name.len > 63 || looks_like_ip(name))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool edge = i == 0 || i + 1 == name.len;
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!word && (edge || (c != '-' && c != '.') || (c == '.' && name.ptr[i - 1] == '.')))
            return false;
    }
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (str_has_prefix(name, str_c(prefixes[i])))
            return false;
    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (str_has_suffix(name, str_c(suffixes[i])))
            return false;
    return true;
}

static struct value *wrap(struct arena *a, const char *name, struct value *inner, bool as_list)
{
    struct value *map = value_map(a), *list = inner;

    if (as_list) {
        list = value_list(a);
        value_push(list, inner);
    }
    value_set(map, str_c(name), list);
    return map;
}

/* Source: S3 User Guide, "Default encryption FAQ" (AES256 since January 2023) and "Default settings
 * for new S3 buckets FAQ" (ACLs disabled, all four blocks on, since April 2023). */
struct value *bucket_new(struct arena *a, struct str region, int64_t now_ms)
{
    static const char *const blocks[] = { "BlockPublicAcls", "IgnorePublicAcls",
                                          "BlockPublicPolicy", "RestrictPublicBuckets" };
    struct value *doc = value_map(a), *block = value_map(a), *own = value_map(a);
    struct value *sse = value_map(a), *rule = value_map(a);

    value_put_str(a, doc, "Region", region);
    value_put_time(a, doc, "CreationDate", now_ms);
    for (size_t i = 0; i < COUNT(blocks); i++)
        value_put_bool(a, block, blocks[i], true);
    value_set(doc, STR("PublicAccessBlock"), block);
    value_put_c(a, own, "ObjectOwnership", "BucketOwnerEnforced");
    value_set(doc, STR("OwnershipControls"), wrap(a, "Rules", own, true));
    value_put_c(a, sse, "SSEAlgorithm", "AES256");
    value_set(rule, STR("ApplyServerSideEncryptionByDefault"), sse);
    value_put_bool(a, rule, "BucketKeyEnabled", false);
    value_set(doc, STR("Encryption"), wrap(a, "Rules", rule, true));
    return doc;
}
