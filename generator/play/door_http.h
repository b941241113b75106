/* generator/play/door_http - calls of a scenario as signed HTTP requests to an endpoint.
 *
 * Time is the scenario's own, as fast as told: the endpoint has its own clock. What only AWS itself
 * can do (a service's calls, sign-in, events) is left out and counted; a user stands in for
 * services that assume roles. A mocktrail that lets itself be controlled has its clock moved along,
 * and takes sign-ins and events by its control API.
 */
#pragma once

#include "generator/play/door.h"

struct door_http_options {
    const struct cat *cat;
    struct str base;            /* "http://127.0.0.1:4566" */
    struct str root_secret;     /* of the key whose id is the account's number */
    bool controls;              /* the endpoint is a mocktrail on a virtual clock */
    double speed;               /* scenario seconds in one of ours; 0: as fast as it goes */
    int64_t begin_ms, start_ms; /* of the scenario's clock; before the start nobody waits */
};
int door_http_open(struct door **out, const struct door_http_options *opt, struct err *err);
uint64_t door_http_left_out(const struct door *d);
void door_http_close(struct door *d); /* NULL is harmless */

/* Is it this machine? "http://localhost:4566", "http://127.0.0.1", "http://[::1]:80". */
bool door_http_is_loopback(struct str base);
