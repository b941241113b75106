#include "emulator/record/record.h"

#include "core/base/mem.h"
#include "emulator/record/plan.h"

struct table_file {
    const char *name;
    size_t columns, offset; /* of its table in struct recorder */
};
static const struct table_file files[] = {
    { "services.tsv", 8, offsetof(struct recorder, services) },
    { "names.tsv", 5, offsetof(struct recorder, names) },
    { "read_only.tsv", 3, offsetof(struct recorder, read_only) },
    { "responses.tsv", 3, offsetof(struct recorder, responses) },
    { "members.tsv", 6, offsetof(struct recorder, members) },
    { "defaults.tsv", 5, offsetof(struct recorder, defaults) },
    { "resources.tsv", 6, offsetof(struct recorder, resources) },
    { "lookup.tsv", 4, offsetof(struct recorder, lookup) },
    { "ec2_sets.tsv", 6, offsetof(struct recorder, ec2_sets) },
    { "errors.tsv", 4, offsetof(struct recorder, errors) },
};

int recorder_open(struct recorder **out, const struct cat *cat, struct err *err)
{
    struct recorder *r = mem_alloc(sizeof *r);

    r->cat = cat;
    r->plans = mem_alloc((size_t)cat_op_count(cat) * sizeof *r->plans);
    pthread_mutex_init(&r->lock, NULL);
    for (size_t i = 0; i < COUNT(files); i++) {
        struct table *t = (struct table *)((char *)r + files[i].offset);
        int rc = table_load(t, &r->arena, files[i].name, files[i].columns, err);

        if (rc < 0) {
            recorder_close(r);
            return rc;
        }
    }
    *out = r;
    return 0;
}

void recorder_close(struct recorder *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    arena_free(&r->arena);
    mem_free(r->plans);
    mem_free(r);
}
