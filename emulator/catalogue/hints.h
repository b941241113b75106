/* emulator/catalogue/hints - what botocore says beside the models: how to page, when it is ready.
 *
 * From paginators-1.json and waiters-2.json of the newest data set; absent for most operations.
 */
#pragma once

#include "emulator/catalogue/catalogue.h"

/* How an operation pages, and what its output says once a resource is ready. Names are paths of
 * members ("Reservations", "Table.TableStatus", "Reservations[].Instances[].State.Name"). */
struct cat_page {
    uint32_t op; /* index */
    uint32_t input_token, output_token, limit_key, result_key, more_results;
};
struct cat_ready {
    uint32_t op;
    uint32_t waiter, path, expected; /* "InstanceRunning", path, "running" */
};
const struct cat_page *cat_op_page(const struct cat *cat, const struct cat_op *op); /* or NULL */
/* The first of *count; NULL when there are none. */
const struct cat_ready *cat_op_ready(const struct cat *cat, const struct cat_op *op,
                                     uint32_t *count);
