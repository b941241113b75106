#include "emulator/trail/signing.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/embed.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "emulator/trail/config.h"

/* Source: CloudTrail API Reference, "ListPublicKeys", example: the validity of a key, 30 days. */
#define KEY_LIFE_MS (30 * 24 * 3600 * 1000ll)
#define TEST_KEYS   8
#define CACHED_KEYS 256 /* months of every region: what is in use is never the one to go */

struct cached {
    char region[32];
    int64_t window; /* number of the 30 days since 1970 */
    struct digest_key *key;
    char fingerprint[33];
    bool has_document; /* ListPublicKeys shows it */
};

struct signing {
    struct engine *e;
    pthread_mutex_t mutex;
    struct cached cache[CACHED_KEYS];
    size_t next;
};

struct signing *signing_new(struct engine *e)
{
    struct signing *s = mem_alloc(sizeof *s);

    s->e = e;
    (void)pthread_mutex_init(&s->mutex, NULL);
    return s;
}

void signing_free(struct signing *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < CACHED_KEYS; i++)
        digest_key_free(s->cache[i].key);
    (void)pthread_mutex_destroy(&s->mutex);
    mem_free(s);
}

static int64_t window_of(int64_t at_ms)
{
    return at_ms >= 0 ? at_ms / KEY_LIFE_MS : 0;
}

static struct str key_path(struct signing *s, struct arena *a, const struct cached *c,
                           const char *tail)
{
    return arena_printf(a, "%s/keys/%s-%s%s", s->e->opt.data_dir, c->region, c->fingerprint, tail);
}

static int write_private(const char *path, struct str pem, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys(err, "create", path);
    int rc = fs_write_all(fd, pem, path, err);
    if (rc == 0 && fsync(fd) < 0)
        rc = err_sys(err, "write", path);
    (void)close(fd); /* fsync has already reported what close could */
    return rc;
}

/* Test keys lie in the program; of them only the public half is written, for `verify digests`. */
static int files_write(struct signing *s, const struct cached *c, struct err *err)
{
    struct arena a = { 0 };
    struct buf pem = { 0 };
    const char *public_path = key_path(s, &a, c, ".pub.pem").ptr;
    int rc = fs_mkdirs_for(public_path, err);

    if (rc == 0 && !s->e->opt.seeded) {
        rc = digest_key_private_pem(c->key, &pem, err);
        if (rc == 0)
            rc = write_private(key_path(s, &a, c, ".pem").ptr, buf_view(&pem), err);
        buf_clear(&pem);
    }
    if (rc == 0)
        rc = digest_key_public_pem(c->key, &pem, err);
    if (rc == 0)
        rc = fs_replace(public_path, buf_view(&pem), err);
    buf_free(&pem);
    arena_free(&a);
    return rc;
}

static int document_put(struct signing *s, const struct cached *c, struct err *err)
{
    struct arena a = { 0 };
    struct buf der = { 0 };
    struct value *doc = value_map(&a);
    int rc = digest_key_public_der(c->key, &der, err);

    if (rc == 0) {
        value_set(doc, STR("Value"), value_blob(&a, buf_view(&der)));
        value_put_int(&a, doc, "Window", c->window);
        value_put_time(&a, doc, "ValidityStartTime", c->window * KEY_LIFE_MS);
        value_put_time(&a, doc, "ValidityEndTime", (c->window + 1) * KEY_LIFE_MS);
        value_put_c(&a, doc, "Fingerprint", c->fingerprint);
        struct str id = arena_printf(&a, "%010lld-%s", (long long)c->window, c->fingerprint);
        rc = store_doc_put(s->e->store, config_key(STR(""), str_c(c->region), "PublicKey", id), doc,
                           err);
    }
    buf_free(&der);
    arena_free(&a);
    return rc;
}

static int key_make(struct signing *s, struct cached *c, struct err *err)
{
    char name[32];
    uint64_t pick = (str_hash(str_c(c->region)) + (uint64_t)c->window + s->e->seed) % TEST_KEYS;
    int rc;

    (void)snprintf(name, sizeof name, "keys/test-%u.pem", (unsigned)pick);
    if (s->e->opt.seeded)
        rc = digest_key_read_pem(&c->key, embed_find(str_c(name)), err);
    else
        rc = digest_key_generate(&c->key, err);
    if (rc == 0)
        rc = digest_key_fingerprint(c->key, c->fingerprint, err);
    return rc < 0 ? rc : files_write(s, c, err);
}

/* The key that a document of this window names, from its file. E_MISSING: no document, or the file
 * was taken away; then a new one is made, for a digest needs a signature. */
static int key_load(struct signing *s, struct cached *c, struct err *err)
{
    struct arena a = { 0 };
    struct doc *docs;
    size_t count;
    struct buf pem = { 0 };
    struct str id = arena_printf(&a, "%010lld-", (long long)c->window);
    int rc = store_doc_list(s->e->store, &a, config_key(STR(""), str_c(c->region), "PublicKey", id),
                            STR(""), 0, &docs, &count, err);

    if (rc == 0 && count == 0)
        rc = E_MISSING;
    if (rc == 0) {
        struct str fp = value_get_str(docs[count - 1].value, "Fingerprint");
        (void)snprintf(c->fingerprint, sizeof c->fingerprint, "%.*s", STR_ARG(fp));
        rc = fs_read(key_path(s, &a, c, ".pem").ptr, &pem, NULL);
        if (rc == 0)
            rc = digest_key_read_pem(&c->key, buf_view(&pem), err);
        else if (rc != E_MISSING)
            rc = err_set(err, rc, "%s: can't be read", key_path(s, &a, c, ".pem").ptr);
    }
    c->has_document = rc == 0;
    buf_free(&pem);
    arena_free(&a);
    return rc;
}

static struct cached *cache_find(struct signing *s, struct str region, int64_t window)
{
    for (size_t i = 0; i < CACHED_KEYS; i++)
        if (s->cache[i].key && s->cache[i].window == window && str_eq_c(region, s->cache[i].region))
            return &s->cache[i];
    return NULL;
}

static int key_get(struct signing *s, struct str region, struct cached *fresh, struct err *err)
{
    (void)snprintf(fresh->region, sizeof fresh->region, "%.*s", STR_ARG(region));
    int rc = s->e->opt.seeded ? E_MISSING : key_load(s, fresh, err);
    if (rc == E_MISSING)
        rc = key_make(s, fresh, err);
    if (rc < 0)
        digest_key_free(fresh->key);
    return rc;
}

/* Takes the key; drops it when another thread was quicker. */
static struct cached *cache_put(struct signing *s, struct str region, struct cached *fresh)
{
    struct cached *c = cache_find(s, region, fresh->window);

    if (c) {
        digest_key_free(fresh->key);
        return c;
    }
    c = &s->cache[s->next];
    s->next = (s->next + 1) % CACHED_KEYS;
    digest_key_free(c->key);
    *c = *fresh;
    return c;
}

/* The mutex is not held while the store is asked: signing_document comes with the store's lock. */
int signing_warm(struct signing *s, struct str region, int64_t at_ms, const struct digest_key **out,
                 char fingerprint[33], struct err *err)
{
    struct cached fresh = { .window = window_of(at_ms) };
    int rc = 0;

    (void)pthread_mutex_lock(&s->mutex);
    struct cached *c = cache_find(s, region, fresh.window);
    if (!c) {
        (void)pthread_mutex_unlock(&s->mutex);
        rc = key_get(s, region, &fresh, err);
        (void)pthread_mutex_lock(&s->mutex);
        if (rc == 0)
            c = cache_put(s, region, &fresh);
    }
    if (rc == 0) {
        *out = c->key;
        memcpy(fingerprint, c->fingerprint, sizeof c->fingerprint);
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return rc;
}

int signing_document(struct signing *s, struct str region, int64_t at_ms, struct err *err)
{
    struct cached fresh = { .window = window_of(at_ms) };
    int rc = 0;

    (void)pthread_mutex_lock(&s->mutex);
    struct cached *c = cache_find(s, region, fresh.window);
    if (!c && (rc = key_get(s, region, &fresh, err)) == 0)
        c = cache_put(s, region, &fresh);
    if (rc == 0 && !c->has_document) {
        rc = document_put(s, c, err);
        c->has_document = rc == 0;
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return rc;
}
