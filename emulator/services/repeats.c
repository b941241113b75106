#include "emulator/services/repeats.h"

#include "core/aws/sigv4.h"
#include "emulator/store/series.h"

#define REPEAT_MS (5 * 60000)
#define PAGE      50

/* Hashed, for an id may hold any byte. */
static struct str hash_of(struct arena *a, struct str id)
{
    char hex[65];

    sha256_hex(id, hex);
    return arena_copy(a, str_c(hex));
}

static struct doc_key key_of(const struct repeats *r, struct arena *a, struct str hash)
{
    struct doc_key at = r->owner;

    at.type = STR("Sent");
    at.id = arena_printf(a, "%.*s/%.*s", STR_ARG(r->owner.id), STR_ARG(hash));
    return at;
}

static struct series_key ends_of(const struct repeats *r)
{
    return (struct series_key){ "repeats", r->series };
}

static int forget_before(const struct repeats *r, struct arena *a, int64_t before_ms,
                         struct err *err)
{
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = before_ms, .limit = PAGE };
    size_t count = PAGE;
    int rc = 0;

    while (rc == 0 && count == PAGE) {
        struct series_point *points;

        rc = series_list(r->store, a, ends_of(r), &span, &points, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            rc = store_doc_delete(r->store, key_of(r, a, points[i].data), err);
            if (rc == 0 || rc == E_MISSING)
                rc = series_remove(r->store, ends_of(r), points[i].time_ms, points[i].number, err);
        }
    }
    return rc;
}

int repeats_find(const struct repeats *r, struct arena *a, struct str id, int64_t now_ms,
                 struct value **out, struct err *err)
{
    int rc = forget_before(r, a, now_ms - REPEAT_MS + 1, err);

    return rc < 0 ? rc : store_doc_get(r->store, a, key_of(r, a, hash_of(a, id)), out, err);
}

int repeats_keep(const struct repeats *r, struct arena *a, struct str id, int64_t now_ms,
                 const struct value *what, struct err *err)
{
    struct str hash = hash_of(a, id);
    int rc = store_doc_put(r->store, key_of(r, a, hash), what, err);

    return rc < 0 ? rc
                  : series_put(r->store, ends_of(r),
                               &(struct series_point){ now_ms, str_hash(hash) >> 1, hash }, err);
}

int repeats_forget(const struct repeats *r, struct arena *a, struct err *err)
{
    return forget_before(r, a, INT64_MAX, err);
}
