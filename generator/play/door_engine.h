/* generator/play/door_engine - calls performed by the engine in this process, on its virtual clock,
 * their records going into a dataset.
 */
#pragma once

#include "generator/dataset/prepared.h"
#include "generator/play/door.h"

struct scenario;

/* Opened before the engine, whose sink it is: records pass it on their way into the dataset, so
 * that it can tell how many of them the scenario's trails take. All is borrowed. */
struct door *door_engine_open(const struct scenario *s, struct dataset *ds);
struct engine_sink door_engine_sink(struct door *d);
/* prepared NULL: every call is performed. */
void door_engine_attach(struct door *d, struct engine *e, struct prepared *prepared);
void door_engine_close(struct door *d); /* NULL is harmless */
