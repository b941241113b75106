#include "emulator/catalogue/catalogue.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "emulator/catalogue/file.h"

/* ---- opening ---- */

static int damaged(const char *path, const char *what, struct err *err)
{
    return err_set(err, E_PARSE, "%s: %s: run make to compile the AWS models anew", path, what);
}

/* Every section lies inside the file and has the element size that this program knows. */
static const char *check_rows(struct cat *cat)
{
    const struct cat_section_row *rows = (const void *)(cat->map + sizeof(struct cat_header));

    for (int i = 0; i < CAT_SEC_COUNT; i++) {
        uint64_t bytes = (uint64_t)rows[i].count * rows[i].element_bytes;

        if (rows[i].element_bytes != cat_element_bytes((enum cat_section)i))
            return "of another version";
        if (rows[i].offset % 16 != 0 || rows[i].offset > cat->map_bytes ||
            bytes > cat->map_bytes - rows[i].offset)
            return "damaged section table";
        cat->sections[i] =
            (struct cat_view){ cat->map + rows[i].offset, rows[i].count, rows[i].element_bytes };
    }
    /* Who takes a text for a C string relies on the last byte, the hashes on a power of two. */
    const struct cat_view *strings = &cat->sections[CAT_SEC_STRINGS];

    if (strings->count == 0 || strings->ptr[0] != 0 || strings->ptr[strings->count - 1] != 0)
        return "damaged strings";
    strings = &cat->sections[CAT_SEC_LIFE_STRINGS];
    if (strings->count == 0 || strings->ptr[strings->count - 1] != 0)
        return "damaged strings";
    for (int i = CAT_SEC_BY_NAME; i <= CAT_SEC_BY_SIGNING; i++)
        if (cat->sections[i].count & (cat->sections[i].count - 1))
            return "damaged hash table";
    return NULL;
}

static const char *check_file(struct cat *cat)
{
    struct cat_header h;

    if (cat->map_bytes < sizeof h + CAT_SEC_COUNT * sizeof(struct cat_section_row))
        return "too short for a catalogue";
    memcpy(&h, cat->map, sizeof h);
    if (memcmp(h.magic, CAT_MAGIC, sizeof h.magic) != 0)
        return "not a catalogue";
    if (h.version != CAT_VERSION || h.order != CAT_ORDER || h.sizes != cat_sizes())
        return "of another version";
    if (h.file_bytes != cat->map_bytes)
        return "truncated";
    if (h.check != cat_check_sum(&h, (const void *)(cat->map + sizeof h)))
        return "damaged header";
    return check_rows(cat);
}

static int map_file(struct cat *cat, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    int rc = 0;

    if (fd < 0)
        return err_sys(err, "open catalogue", path);
    if (fstat(fd, &st) < 0)
        rc = err_sys(err, "stat", path);
    else if (!S_ISREG(st.st_mode) || st.st_size == 0)
        rc = damaged(path, "not a catalogue", err);
    if (rc < 0)
        goto out;
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (map == MAP_FAILED) {
        rc = err_sys(err, "map", path);
        goto out;
    }
    cat->map = map;
    cat->map_bytes = (size_t)st.st_size;
out:
    (void)close(fd);
    return rc;
}

/* Beside the executable, else in ../share/mocktrail/ of it; NULL when in neither. */
static const char *find_file(struct arena *a)
{
    static const char *const places[] = { "catalogue.bin", "../share/mocktrail/catalogue.bin" };
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    struct str dir, base;

    if (len <= 0 || !str_rcut((struct str){ self, (size_t)len }, '/', &dir, &base))
        return NULL;
    for (size_t i = 0; i < COUNT(places); i++) {
        const char *path = arena_printf(a, "%.*s/%s", STR_ARG(dir), places[i]).ptr;

        if (fs_is_file(path))
            return path;
    }
    return NULL;
}

int cat_open(struct cat **out, const char *path, struct err *err)
{
    struct arena a = { 0 };
    struct cat *cat = mem_alloc(sizeof *cat);
    const char *what = NULL;
    int rc;

    if (!path)
        path = getenv("MOCKTRAIL_CATALOGUE");
    if (!path || !*path)
        path = find_file(&a);
    if (path)
        rc = map_file(cat, path, err);
    else
        rc = err_set(err, E_MISSING,
                     "no catalogue.bin beside the program nor in ../share/mocktrail: run make, or "
                     "set MOCKTRAIL_CATALOGUE");
    if (rc == 0)
        what = check_file(cat);
    if (what)
        rc = damaged(path, what, err);
    if (rc == 0)
        *out = cat;
    else
        cat_close(cat);
    arena_free(&a);
    return rc;
}

void cat_close(struct cat *cat)
{
    if (cat && cat->map)
        (void)munmap((void *)(uintptr_t)cat->map, cat->map_bytes);
    mem_free(cat);
}

/* ---- elements: an index that a damaged file made up gives an empty element, never a crash ---- */

const void *cat_element(const struct cat *cat, enum cat_section id, uint32_t i)
{
    static const union {
        struct cat_service service;
        struct cat_op op;
        struct cat_shape shape;
        struct cat_rare rare;
        struct cat_member member;
        struct cat_extra extra;
        struct cat_constraint_row constraint;
        struct cat_group group;
        struct cat_node node;
        struct cat_route route;
        struct cat_condition condition;
        struct cat_page page;
        struct cat_ready ready;
        struct life_op life_op;
        struct life_type life_type;
        struct life_key life_key;
        struct life_binding life_binding;
        int64_t number;
    } none;
    const struct cat_view *view = &cat->sections[id];

    if (i >= view->count)
        return &none;
    return view->ptr + (size_t)i * view->element_bytes;
}

struct str cat_str(const struct cat *cat, uint32_t off)
{
    return cat_text_at(&cat->sections[CAT_SEC_STRINGS], off);
}

uint32_t cat_service_count(const struct cat *cat)
{
    return cat->sections[CAT_SEC_SERVICES].count;
}
uint32_t cat_op_count(const struct cat *cat)
{
    return cat->sections[CAT_SEC_OPS].count;
}
const struct cat_service *cat_service_at(const struct cat *cat, uint32_t i)
{
    return cat_element(cat, CAT_SEC_SERVICES, i);
}
const struct cat_op *cat_op_at(const struct cat *cat, uint32_t i)
{
    return cat_element(cat, CAT_SEC_OPS, i);
}
uint32_t cat_op_index(const struct cat *cat, const struct cat_op *op)
{
    return (uint32_t)(op - (const struct cat_op *)cat_element(cat, CAT_SEC_OPS, 0));
}
const struct cat_shape *cat_shape_at(const struct cat *cat, uint32_t i)
{
    return cat_element(cat, CAT_SEC_SHAPES, i);
}
const struct cat_member *cat_member_at(const struct cat *cat, uint32_t i)
{
    return cat_element(cat, CAT_SEC_MEMBERS, i);
}
const struct cat_service *cat_op_service(const struct cat *cat, const struct cat_op *op)
{
    return cat_service_at(cat, op->service);
}
const struct cat_shape *cat_op_input(const struct cat *cat, const struct cat_op *op)
{
    return op->input ? cat_shape_at(cat, op->input - 1) : NULL;
}
const struct cat_shape *cat_op_output(const struct cat *cat, const struct cat_op *op)
{
    return op->output ? cat_shape_at(cat, op->output - 1) : NULL;
}
const struct cat_shape *cat_member_shape(const struct cat *cat, const struct cat_member *m)
{
    return cat_shape_at(cat, m->shape);
}
const struct cat_member *cat_shape_member(const struct cat *cat, const struct cat_shape *s,
                                          uint32_t i)
{
    return cat_member_at(cat, s->first_member + i);
}

const struct cat_member *cat_shape_members(const struct cat *cat, const struct cat_shape *s)
{
    uint32_t count = cat->sections[CAT_SEC_MEMBERS].count;

    return s->first_member <= count && s->member_count <= count - s->first_member
               ? cat_shape_member(cat, s, 0)
               : NULL;
}

const struct cat_member *cat_member_find(const struct cat *cat, const struct cat_shape *s,
                                         struct str name)
{
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(cat, s, i);

        if (str_eq(cat_str(cat, m->name), name))
            return m;
    }
    return NULL;
}

const struct cat_rare *cat_shape_rare(const struct cat *cat, const struct cat_shape *s)
{
    return cat_element(cat, CAT_SEC_RARES, s->rare);
}

const struct cat_extra *cat_member_extra(const struct cat *cat, const struct cat_member *m)
{
    return cat_element(cat, CAT_SEC_EXTRAS, m->extra);
}

uint32_t cat_query_own_wire(const struct cat *cat, const struct cat_member *m)
{
    const struct cat_extra *extra = cat_member_extra(cat, m);

    return extra->has_query ? extra->query_wire : cat_own_wire(m);
}

bool cat_query_flattened(const struct cat *cat, const struct cat_member *m)
{
    const struct cat_extra *extra = cat_member_extra(cat, m);

    if (extra->has_query)
        return extra->query_flattened != 0;
    return m->flags & CAT_M_FLATTENED || cat_member_shape(cat, m)->flags & CAT_S_FLATTENED;
}

/* ---- constraints ---- */

static const struct cat_constraint_row *constraint_row(const struct cat *cat,
                                                       const struct cat_shape *s)
{
    return cat_element(cat, CAT_SEC_CONSTRAINTS, s->constraint);
}

static int64_t number_at(const struct cat *cat, uint32_t one_based)
{
    const int64_t *number = cat_element(cat, CAT_SEC_NUMBERS, one_based - 1);

    return *number;
}

struct cat_constraint cat_constraint_at(const struct cat *cat, const struct cat_shape *s)
{
    const struct cat_constraint_row *row = constraint_row(cat, s);

    return (struct cat_constraint){
        .has_min = row->min > 0,
        .has_max = row->max > 0,
        .min = row->min ? number_at(cat, row->min) : 0,
        .max = row->max ? number_at(cat, row->max) : 0,
        .pattern = cat_str(cat, row->pattern),
        .enum_count = row->enum_count,
    };
}

struct str cat_enum_at(const struct cat *cat, const struct cat_shape *s, uint32_t i)
{
    const struct cat_constraint_row *row = constraint_row(cat, s);

    if (i >= row->enum_count)
        return (struct str){ 0 };
    return cat_str(cat, *(const uint32_t *)cat_element(cat, CAT_SEC_ENUMS, row->first_enum + i));
}
