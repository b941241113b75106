/* emulator/catalogue/route - which REST operation is this method and path?
 *
 * Knows paths, not HTTP: what else decides (query keys, headers, the host) is asked back.
 * The rules, from the reference "model-driven", section B: literal segments go before {labels}
 * before {greedy+} ones; on one path, more literal query keys and required members win.
 */
#pragma once

#include "emulator/catalogue/catalogue.h"

struct cat_group;

/* The REST operations signed with a name. "": those that may be unsigned; ":bearer": those that
 * take a token. NULL when there are none. */
const struct cat_group *cat_group_find(const struct cat *cat, struct str signing);
/* Two names of one group: "s3" and "s3express". */
bool cat_group_same(const struct cat_group *a, const struct cat_group *b);

struct cat_asked {
    struct str method, path; /* path still encoded, without the query */
    const void *request;     /* handed to the questions */
    bool (*has_param)(const void *request, struct str name);
    bool (*has_value)(const void *request, struct str name, struct str value);
    bool (*has_header)(const void *request, struct str name);
    /* Several services have this method and path: is it this one? NULL: the first. */
    bool (*is_meant)(const void *request, const struct cat_service *s);
};
enum cat_strictness { CAT_LENIENT, CAT_STRICT };
/* The operation, or NULL. CAT_LENIENT: where no operation has all that it requires, one that shares
 * its method and path with no other is taken, so that the missing member can be named. */
const struct cat_op *cat_route_find(const struct cat *cat, const struct cat_group *group,
                                    const struct cat_asked *asked, enum cat_strictness strictness);

/* Services by endpoint prefix ("api.ecr", "email"): call with *from 0, again until NULL. */
const struct cat_service *cat_service_next_of_endpoint(const struct cat *cat, struct str prefix,
                                                       uint32_t *from);
