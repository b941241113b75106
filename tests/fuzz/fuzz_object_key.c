/* Keys -> paths -> keys, and paths made by hand -> keys: nothing leaves the bucket's folder, and no
 * two keys share a path. */
#include <assert.h>

#include "core/base/limits.h"
#include "emulator/store/objects.h"
#include "tests/fuzz/fuzz.h"

static void check_path(struct str path, struct str top)
{
    struct str name, rest = str_sub(path, top.len, path.len);

    assert(str_has_prefix(path, top) && path.len < 4096);
    for (bool more = true; more;) {
        more = str_cut(rest, '/', &name, &rest);
        assert(name.len > 0 && name.len <= 255);
        assert(!str_eq_c(name, ".") && !str_eq_c(name, ".."));
        assert(memchr(name.ptr, '\0', name.len) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str text = { (const char *)data, size }, path, meta, versions, key;

    if (object_path(&a, STR("bkt"), text, &path, NULL) == 0) {
        check_path(path, STR("buckets/bkt/"));
        assert(object_key(&a, str_sub(path, strlen("buckets/bkt/"), path.len), &key, NULL) == 0);
        assert(str_eq(key, text));
        struct str aside = object_aside(&a, path);
        check_path(aside, STR("buckets/bkt/%x/"));
        assert(object_key(&a, str_sub(aside, strlen("buckets/bkt/"), aside.len), &key, NULL) == 0);
        assert(str_eq(key, text));
        assert(object_meta_path(&a, STR("bkt"), text, &meta, NULL) == 0);
        check_path(meta, STR("meta/bkt/"));
        assert(object_versions_path(&a, STR("bkt"), text, &versions, NULL) == 0);
        check_path(versions, STR("versions/bkt/"));
    } else {
        assert(size > LIMIT_S3_KEY_BYTES);
    }
    /* The same bytes as a path: if a key has it, the key leads back to it. */
    if (object_key(&a, text, &key, NULL) == 0 && !str_has_prefix(text, STR("%x/"))) {
        assert(object_path(&a, STR("bkt"), key, &path, NULL) == 0);
        assert(str_eq(str_sub(path, strlen("buckets/bkt/"), path.len), text));
    }
    arena_free(&a);
    return 0;
}
