#include "emulator/identity/keys.h"

#include <pthread.h>

#include "core/base/mem.h"
#include "emulator/store/store.h"

#define SLOTS     (1u << 15)  /* of the table; a power of two */
#define MOST_KEYS (SLOTS / 2) /* then the cache starts anew: it only saves time */
#define SCOPES    4           /* signing keys remembered for each key */

struct signing {
    char scope[96]; /* date/region/service */
    unsigned char key[32];
};

struct entry {
    struct arena arena;
    struct principal *principal;
    struct signing signing[SCOPES];
    unsigned next_signing;
};

struct keys {
    struct store *store;
    pthread_rwlock_t lock;
    struct entry *table[SLOTS];
    size_t count;
};

void keys_open(struct keys **out, struct store *store)
{
    struct keys *k = mem_alloc(sizeof *k);

    k->store = store;
    pthread_rwlock_init(&k->lock, NULL);
    *out = k;
}

static void free_entry(struct entry *e)
{
    if (e)
        arena_free(&e->arena);
    mem_free(e);
}

static void forget_locked(struct keys *k)
{
    for (size_t i = 0; i < SLOTS; i++) {
        free_entry(k->table[i]);
        k->table[i] = NULL;
    }
    k->count = 0;
}

void keys_forget(struct keys *k)
{
    pthread_rwlock_wrlock(&k->lock);
    forget_locked(k);
    pthread_rwlock_unlock(&k->lock);
}

void keys_close(struct keys *k)
{
    if (!k)
        return;
    forget_locked(k);
    pthread_rwlock_destroy(&k->lock);
    mem_free(k);
}

/* Linear probing: the slot of the id, or the empty one where it would stand. */
static size_t slot_of(const struct keys *k, struct str id)
{
    size_t i = str_hash(id) & (SLOTS - 1);

    while (k->table[i] && !str_eq(k->table[i]->principal->access_key_id, id))
        i = (i + 1) & (SLOTS - 1);
    return i;
}

static struct principal *cached(struct keys *k, struct arena *a, struct str id)
{
    struct principal *found = NULL;

    pthread_rwlock_rdlock(&k->lock);
    const struct entry *e = k->table[slot_of(k, id)];
    if (e)
        found = principal_copy(a, e->principal);
    pthread_rwlock_unlock(&k->lock);
    return found;
}

static void remember(struct keys *k, const struct principal *p)
{
    struct entry *e = mem_alloc(sizeof *e);

    e->principal = principal_copy(&e->arena, p);
    pthread_rwlock_wrlock(&k->lock);
    if (k->count >= MOST_KEYS)
        forget_locked(k);
    size_t i = slot_of(k, p->access_key_id);
    k->count += k->table[i] == NULL;
    free_entry(k->table[i]);
    k->table[i] = e;
    pthread_rwlock_unlock(&k->lock);
}

/* Taking one out of a probed table moves those behind it; changes of keys are rare, so the whole
 * cache goes when a cached one changes. */
static void evict(struct keys *k, struct str id)
{
    pthread_rwlock_wrlock(&k->lock);
    if (k->table[slot_of(k, id)])
        forget_locked(k);
    pthread_rwlock_unlock(&k->lock);
}

static struct doc_key key_of(struct str id)
{
    return (struct doc_key){ .service = STR("identity"), .type = STR("Key"), .id = id };
}

/* Under the store's lock, so that a key put meanwhile is never covered by what was believed. */
int keys_find(struct keys *k, struct arena *a, struct str access_key_id, keys_believe_fn *believe,
              void *arg, struct principal **out, struct err *err)
{
    struct principal *p = cached(k, a, access_key_id);
    struct value *doc;
    int rc = 0;

    if (p) {
        *out = p;
        return 0;
    }
    store_lock(k->store);
    rc = store_doc_get(k->store, a, key_of(access_key_id), &doc, err);
    if (rc == 0)
        p = principal_decode(a, doc);
    else if (rc == E_MISSING)
        p = believe(arg, a, access_key_id);
    if (p)
        remember(k, p);
    store_unlock(k->store);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    *out = p;
    return 0;
}

int keys_put(struct keys *k, const struct principal *p, struct err *err)
{
    struct arena a = { 0 };

    store_lock(k->store);
    evict(k, p->access_key_id);
    int rc = store_doc_put(k->store, key_of(p->access_key_id), principal_encode(&a, p), err);
    store_unlock(k->store);
    arena_free(&a);
    return rc;
}

int keys_drop(struct keys *k, struct str access_key_id, struct err *err)
{
    store_lock(k->store);
    evict(k, access_key_id);
    int rc = store_doc_delete(k->store, key_of(access_key_id), err);
    store_unlock(k->store);
    return rc == E_MISSING ? 0 : rc;
}

static bool scope_text(const struct sigv4_scope *s, char out[96])
{
    size_t len = s->date.len + s->region.len + s->service.len + 2;

    if (len >= 96)
        return false;
    char *p = out;
    const struct str parts[] = { s->date, STR("/"), s->region, STR("/"), s->service };
    for (size_t i = 0; i < COUNT(parts); i++) {
        memcpy(p, parts[i].ptr, parts[i].len);
        p += parts[i].len;
    }
    *p = '\0';
    return true;
}

static bool signing_cached(struct keys *k, struct str id, const char *scope, unsigned char out[32])
{
    bool found = false;

    pthread_rwlock_rdlock(&k->lock);
    const struct entry *e = k->table[slot_of(k, id)];
    for (size_t i = 0; e && !found && i < SCOPES; i++)
        if (strcmp(e->signing[i].scope, scope) == 0) {
            memcpy(out, e->signing[i].key, 32);
            found = true;
        }
    pthread_rwlock_unlock(&k->lock);
    return found;
}

void keys_signing(struct keys *k, struct str secret, const struct sigv4_scope *scope,
                  unsigned char out[32])
{
    struct signing fresh;
    bool fits = scope_text(scope, fresh.scope);

    if (fits && signing_cached(k, scope->access_key_id, fresh.scope, out))
        return;
    sigv4_key(secret, scope, out);
    if (!fits)
        return;
    memcpy(fresh.key, out, sizeof fresh.key);
    pthread_rwlock_wrlock(&k->lock);
    struct entry *e = k->table[slot_of(k, scope->access_key_id)];
    if (e && str_eq(e->principal->secret, secret))
        e->signing[e->next_signing++ % SCOPES] = fresh;
    pthread_rwlock_unlock(&k->lock);
}
