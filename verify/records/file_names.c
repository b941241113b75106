#include "verify/records/file_names.h"

#include <assert.h>

#include "core/base/mem.h"

enum { STEP = 64, RECENT_BYTES = 4 << 20 };

static int store(struct file_names *n, struct err *err)
{
    if (!n->file && !(n->file = tmpfile()))
        return err_sys(err, "create", "a temporary file of names");
    if (fseeko(n->file, 0, SEEK_END) != 0 ||
        fwrite(n->recent.ptr, n->recent.len, 1, n->file) != 1 || fflush(n->file) != 0)
        return err_sys(err, "write", "a temporary file of names");
    n->stored_bytes += n->recent.len;
    buf_clear(&n->recent);
    return 0;
}

int file_names_add(struct file_names *n, struct str name, struct err *err)
{
    uint32_t len = (uint32_t)name.len;

    if (n->count / STEP == n->place_room) {
        n->place_room = n->place_room ? 2 * n->place_room : 64;
        n->places = mem_realloc(n->places, n->place_room * sizeof *n->places);
    }
    if (n->count % STEP == 0)
        n->places[n->count / STEP] = n->stored_bytes + n->recent.len;
    n->count++;
    buf_add(&n->recent, (struct str){ (const char *)&len, sizeof len });
    buf_add(&n->recent, name);
    return n->recent.len > RECENT_BYTES ? store(n, err) : 0;
}

/* len bytes from a place in all that was added. */
static int read_at(struct file_names *n, uint64_t at, void *to, size_t len, struct err *err)
{
    if (at >= n->stored_bytes) {
        memcpy(to, n->recent.ptr + (at - n->stored_bytes), len);
        return 0;
    }
    if (fseeko(n->file, (off_t)at, SEEK_SET) != 0 || (len > 0 && fread(to, len, 1, n->file) != 1))
        return err_sys(err, "read", "a temporary file of names");
    return 0;
}

int file_names_get(struct file_names *n, struct arena *a, uint64_t number, struct str *out,
                   struct err *err)
{
    assert(number < n->count);
    uint64_t at = n->places[number / STEP];
    uint32_t len = 0;
    int rc = read_at(n, at, &len, sizeof len, err);

    for (uint64_t i = number / STEP * STEP; rc == 0 && i < number; i++) {
        at += sizeof len + len;
        rc = read_at(n, at, &len, sizeof len, err);
    }
    char *name = arena_alloc(a, len + 1u);

    if (rc == 0)
        rc = read_at(n, at + sizeof len, name, len, err);
    if (rc == 0)
        *out = (struct str){ name, len };
    return rc;
}

void file_names_free(struct file_names *n)
{
    if (n->file)
        (void)fclose(n->file); /* nothing in it is wanted any more */
    buf_free(&n->recent);
    mem_free(n->places);
    *n = (struct file_names){ .count = 0 };
}
