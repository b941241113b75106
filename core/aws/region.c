#include "core/aws/region.h"

#include <stdlib.h>

static const struct region regions[] = {
#define REGION(name, partition, dns_suffix, is_default) { name, partition, dns_suffix, is_default },
#define PARTITION(name, region)
#define GLOBAL_SERVICE(service, partition, region)
#include "core/aws/region.def"
#undef REGION
#undef PARTITION
#undef GLOBAL_SERVICE
};

static const struct {
    const char *name, *region;
} partitions[] = {
#define REGION(name, partition, dns_suffix, is_default)
#define PARTITION(name, region) { name, region },
#define GLOBAL_SERVICE(service, partition, region)
#include "core/aws/region.def"
#undef REGION
#undef PARTITION
#undef GLOBAL_SERVICE
};

static const struct {
    const char *service, *partition, *region;
} globals[] = {
#define REGION(name, partition, dns_suffix, is_default)
#define PARTITION(name, region)
#define GLOBAL_SERVICE(service, partition, region) { service, partition, region },
#include "core/aws/region.def"
#undef REGION
#undef PARTITION
#undef GLOBAL_SERVICE
};

static int by_name(const void *key, const void *row)
{
    const struct str *name = key;
    const struct region *r = row;
    int order = strncmp(name->ptr, r->name, name->len);

    return order == 0 && r->name[name->len] != '\0' ? -1 : order;
}

const struct region *region_find(struct str name)
{
    if (name.len == 0 ||
        memchr(name.ptr, '\0', name.len)) /* where a row's name ends, more would be compared */
        return NULL;
    return bsearch(&name, regions, COUNT(regions), sizeof regions[0], by_name);
}

const struct region *region_at(size_t i)
{
    return i < COUNT(regions) ? &regions[i] : NULL;
}

/* "aws-cn-global" names no region, but a partition. */
static struct str pseudo_partition(struct str name)
{
    struct str head = str_sub(name, 0, name.len - STR("-global").len);

    return str_has_suffix(name, STR("-global")) ? head : STR("");
}

struct str region_partition(struct str name)
{
    const struct region *r = region_find(name);
    struct str pseudo = pseudo_partition(name);

    if (r)
        return str_c(r->partition);
    for (size_t i = 0; i < COUNT(partitions); i++)
        if (str_eq_c(pseudo, partitions[i].name))
            return pseudo;
    return STR("aws");
}

bool region_is_pseudo(struct str name)
{
    return pseudo_partition(name).len > 0;
}

struct str region_of_call(struct str service, struct str asked)
{
    struct str partition = region_partition(asked);

    for (size_t i = 0; i < COUNT(globals); i++)
        if (str_eq_c(service, globals[i].service) && str_eq_c(partition, globals[i].partition))
            return str_c(globals[i].region);
    if (asked.len && pseudo_partition(asked).len == 0)
        return asked;
    for (size_t i = 0; i < COUNT(partitions); i++)
        if (str_eq_c(partition, partitions[i].name))
            return str_c(partitions[i].region);
    return asked;
}
