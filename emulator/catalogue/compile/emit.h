/* emulator/catalogue/compile/emit - the sections while they grow. */
#pragma once

#include "emulator/catalogue/compile/compile.h"

/* The sections are made twice: the first run asks strings.c for every text that is used, the
 * second knows where each of them stands. */
struct emitting {
    struct build *b;
    struct buf sections[CAT_SEC_COUNT];
    struct pool members, extras, rares, constraints, numbers, enums, errors;
};

uint32_t place(struct emitting *e, uint32_t string); /* its offset in the file */
uint32_t place_text(struct emitting *e, struct str text);

/* Groups, nodes, routes, conditions. */
void emit_routes(struct emitting *e);
