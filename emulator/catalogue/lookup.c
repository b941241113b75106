#include "emulator/catalogue/file.h"

struct probe probe_start(const struct cat *cat, enum cat_section id, uint64_t hash)
{
    uint32_t count = cat->sections[id].count;

    return (struct probe){ cat, id, count ? (uint32_t)hash & (count - 1) : 0, count };
}

bool probe_next(struct probe *p, uint32_t *index)
{
    if (p->left == 0)
        return false;
    cat_slot slot = *(const cat_slot *)cat_element(p->cat, p->id, p->at);

    p->at = (p->at + 1) & (p->cat->sections[p->id].count - 1);
    p->left--;
    *index = slot - 1;
    return slot != 0;
}

static bool is_named(const struct cat *cat, uint32_t off, struct str name)
{
    return str_eq(cat_str(cat, off), name);
}

/* com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101 is what botocore puts into X-Amz-Target;
 * SDKs made from the newer models send the service's own name alone, what stands behind the last
 * dot. */
static bool is_target(const struct cat *cat, uint32_t off, struct str prefix)
{
    struct str whole = cat_str(cat, off), head, tail;

    return str_eq(whole, prefix) || (str_rcut(whole, '.', &head, &tail) && str_eq(tail, prefix));
}

const struct cat_service *cat_service_find(const struct cat *cat, struct str name)
{
    struct probe p = probe_start(cat, CAT_SEC_BY_NAME, str_hash(name));
    uint32_t i;

    while (probe_next(&p, &i))
        if (is_named(cat, cat_service_at(cat, i)->name, name))
            return cat_service_at(cat, i);
    return NULL;
}

const struct cat_service *cat_service_by_target(const struct cat *cat, struct str prefix)
{
    struct probe p = probe_start(cat, CAT_SEC_BY_PREFIX, str_hash(prefix));
    uint32_t i;

    while (prefix.len > 0 && probe_next(&p, &i))
        if (is_target(cat, cat_service_at(cat, i)->target_prefix, prefix))
            return cat_service_at(cat, i);
    return NULL;
}

static uint32_t service_index(const struct cat *cat, const struct cat_service *s)
{
    return (uint32_t)(s - cat_service_at(cat, 0));
}

const struct cat_op *cat_op_find(const struct cat *cat, const struct cat_service *s,
                                 struct str name)
{
    uint32_t service = service_index(cat, s), i;
    struct probe p = probe_start(cat, CAT_SEC_BY_OP, cat_hash_two(service, name));

    while (probe_next(&p, &i)) {
        const struct cat_op *op = cat_op_at(cat, i);

        if (op->service == service &&
            (is_named(cat, op->key, name) || is_named(cat, op->name, name)))
            return op;
    }
    return NULL;
}

const struct cat_op *cat_op_find_c(const struct cat *cat, const char *service, const char *op)
{
    const struct cat_service *s = cat_service_find(cat, str_c(service));

    return s ? cat_op_find(cat, s, str_c(op)) : NULL;
}

const struct cat_op *cat_op_by_target(const struct cat *cat, struct str prefix, struct str op)
{
    struct probe p = probe_start(cat, CAT_SEC_BY_TARGET, cat_hash_two(str_hash(prefix), op));
    uint32_t i;

    while (probe_next(&p, &i)) {
        const struct cat_op *found = cat_op_at(cat, i);

        if (is_named(cat, found->name, op) &&
            is_target(cat, cat_op_service(cat, found)->target_prefix, prefix))
            return found;
    }
    return NULL;
}

/* How well a query operation of this name fits, 0 not at all: a request that is signed for another
 * service never does. rds goes before docdb and neptune, which share its signing name, version and
 * actions. */
static int action_fit(const struct cat *cat, const struct cat_service *s, struct str signing,
                      struct str version)
{
    bool is_signed = signing.len > 0, fits = is_named(cat, s->signing_name, signing);
    int fit = (fits ? 2 : 0) + (is_named(cat, s->api_version, version) ? 4 : 0);

    if (is_signed && !fits)
        return 0;
    return fit > 0 ? fit + is_named(cat, s->name, cat_str(cat, s->signing_name)) : 0;
}

const struct cat_op *cat_op_by_action(const struct cat *cat, struct str signing, struct str version,
                                      struct str action)
{
    struct probe p = probe_start(cat, CAT_SEC_BY_ACTION, str_hash(action));
    const struct cat_op *best = NULL;
    int best_fit = 0;
    uint32_t i;

    while (probe_next(&p, &i)) {
        const struct cat_op *op = cat_op_at(cat, i);
        int fit = is_named(cat, op->name, action)
                      ? action_fit(cat, cat_op_service(cat, op), signing, version)
                      : 0;

        if (fit > best_fit) {
            best = op;
            best_fit = fit;
        }
    }
    return best;
}

static bool is_error(const struct cat *cat, const struct cat_shape *s, struct str code)
{
    uint32_t wire_code = cat_shape_rare(cat, s)->error_code;

    return is_named(cat, s->name, code) || (wire_code && is_named(cat, wire_code, code));
}

static const struct cat_shape *error_among(const struct cat *cat, enum cat_section id,
                                           uint32_t first, uint32_t count, struct str code)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t shape = *(const uint32_t *)cat_element(cat, id, first + i);

        if (is_error(cat, cat_shape_at(cat, shape), code))
            return cat_shape_at(cat, shape);
    }
    return NULL;
}

const struct cat_shape *cat_op_own_error(const struct cat *cat, const struct cat_op *op,
                                         struct str code)
{
    return error_among(cat, CAT_SEC_ERRORS, op->first_error, op->error_count, code);
}

const struct cat_shape *cat_op_error(const struct cat *cat, const struct cat_op *op,
                                     struct str code)
{
    const struct cat_service *s = cat_op_service(cat, op);
    const struct cat_shape *found = cat_op_own_error(cat, op, code);

    if (found || code.len == 0)
        return found;
    return error_among(cat, CAT_SEC_EXCEPTIONS, s->first_exception, s->exception_count, code);
}

/* Both structs begin with the operation, by which their sections are sorted: the first row of op,
 * or where it would stand. */
static uint32_t first_of_op(const struct cat *cat, enum cat_section id, uint32_t op)
{
    uint32_t low = 0, high = cat->sections[id].count;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (*(const uint32_t *)cat_element(cat, id, mid) < op)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const struct cat_page *cat_op_page(const struct cat *cat, const struct cat_op *op)
{
    uint32_t index = cat_op_index(cat, op), at = first_of_op(cat, CAT_SEC_PAGES, index);
    const struct cat_page *page = cat_element(cat, CAT_SEC_PAGES, at);

    return at < cat->sections[CAT_SEC_PAGES].count && page->op == index ? page : NULL;
}

const struct cat_ready *cat_op_ready(const struct cat *cat, const struct cat_op *op,
                                     uint32_t *count)
{
    uint32_t index = cat_op_index(cat, op), at = first_of_op(cat, CAT_SEC_READIES, index);
    const struct cat_ready *first = cat_element(cat, CAT_SEC_READIES, at);

    *count = 0;
    while (at + *count < cat->sections[CAT_SEC_READIES].count && first[*count].op == index)
        ++*count;
    return *count ? first : NULL;
}
