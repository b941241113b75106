/* generator/play/pace - how many of the planned background calls are made, so that a wanted number
 * of records comes out: a little more is planned, and evenly some is left out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pace {
    int64_t target;  /* records in all */
    int64_t planned; /* background calls planned */
    int64_t offered; /* of them so far */
    int64_t stories; /* records that stories will still make, as far as one can tell */
    double credit;
};

/* May the next planned call be made? taken: records so far, all of them; most: how many it may
 * leave at once. */
bool pace_allows(struct pace *p, int64_t taken, int64_t most);
