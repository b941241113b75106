#include <stdlib.h>
#include <zlib.h>

#include "core/base/fs.h"
#include "core/base/limits.h"
#include "emulator/catalogue/compile/compile.h"

int sets_read(const char *path, struct buf *out, struct err *err)
{
    gzFile file = gzopen(path, "rb"); /* reads plain files as they are */

    if (!file)
        return err_sys(err, "open", path);
    for (;;) {
        int got = gzread(file, buf_reserve(out, 1 << 20), 1 << 20);

        if (got > 0)
            out->len += (size_t)got;
        if (got <= 0 || out->len > LIMIT_JSON_BYTES)
            break;
    }
    int problem = Z_OK;

    (void)gzerror(file, &problem);
    (void)gzclose(file);
    if (problem != Z_OK && problem != Z_STREAM_END)
        return err_set(err, E_PARSE, "%s: damaged", path);
    if (out->len > LIMIT_JSON_BYTES)
        return err_set(err, E_LIMIT, "%s: over %llu bytes", path, LIMIT_JSON_BYTES);
    buf_add_char(out, 0);
    out->len--;
    return 0;
}

/* Debian ships service-2.json, PyPI service-2.json.gz. */
static struct str model_path(struct arena *a, const char *dir, struct str service,
                             struct str version)
{
    static const char *const names[] = { "service-2.json.gz", "service-2.json" };

    for (size_t i = 0; i < COUNT(names); i++) {
        struct str path =
            arena_printf(a, "%s/%.*s/%.*s/%s", dir, STR_ARG(service), STR_ARG(version), names[i]);
        if (fs_is_file(path.ptr))
            return path;
    }
    return (struct str){ 0 };
}

int sets_list(struct arena *a, const char *dir, struct buf *out, struct err *err)
{
    struct fs_entry *services, *versions;
    size_t service_count, version_count;
    int rc = fs_list(a, dir, &services, &service_count, err);

    for (size_t i = 0; rc == 0 && i < service_count; i++) {
        if (!services[i].is_dir)
            continue;
        struct str folder = arena_printf(a, "%s/%.*s", dir, STR_ARG(services[i].name));

        rc = fs_list(a, folder.ptr, &versions, &version_count, err);
        struct str path = { 0 };

        while (rc == 0 && version_count > 0 && path.len == 0) /* dates: the last is the newest */
            path = model_path(a, dir, services[i].name, versions[--version_count].name);
        if (path.len > 0)
            LIST_ADD(out, struct model_file, { arena_copy(a, services[i].name), path });
    }
    return rc;
}

/* botocore/__init__.py stands beside botocore/data: __version__ = '1.43.11' */
uint64_t sets_version(const char *dir)
{
    struct arena a = { 0 };
    struct buf text = { 0 };
    uint64_t version = 0;
    ptrdiff_t at = -1;

    if (fs_read(arena_printf(&a, "%s/../__init__.py", dir).ptr, &text, NULL) == 0) {
        buf_add_char(&text, 0);
        at = str_find(buf_view(&text), STR("__version__ = '"));
    }
    if (at >= 0) {
        char *p = text.ptr + at + strlen("__version__ = '");

        for (int part = 0; part < 3; part++, p += *p == '.')
            version = version * 100000 + strtoul(p, &p, 10) % 100000;
    }
    buf_free(&text);
    arena_free(&a);
    return version;
}
