/* generator/play/events - events that are no API calls: sign-in, service events. A row of
 * fixtures/scenarios/events.yaml and a caller make the record.
 */
#pragma once

#include "generator/play/people.h"

struct event_of {
    const struct caller *caller;
    const struct step *step; /* event, with */
    struct str region;       /* of the step; rows may know better */
};
/* Handed to the door's inject; *out_id: the event's id, in the scene's arena. */
int events_make(struct play *p, struct scene *sc, const struct event_of *e, const struct tag *tag,
                struct str *out_id, struct err *err);
