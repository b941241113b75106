/* emulator/services/sqs/waiting - ReceiveMessage that waits for a message to come.
 *
 * It waits in the machine's time, before the call begins, with no lock held. Whoever puts a message
 * into a queue, makes one visible or moves the clock stirs those who wait.
 * The state lives as long as the engine: a reset passes by beneath those who wait.
 * Threads: safe.
 */
#pragma once

#include "emulator/engine/engine.h"

struct sqs_queue;

struct sqs_waiting *sqs_waiting_new(void);
void sqs_waiting_free(struct sqs_waiting *w);
/* Before a call of ReceiveMessage: returns when there is something to receive or the time is up. */
service_wait_fn sqs_wait;
/* What the call or its queue asks for: 0, short polling. */
int64_t sqs_wait_s(const struct call *call, const struct sqs_queue *q);
void sqs_stir(struct engine *e);
void sqs_waiting_stop(struct engine *e); /* those who wait are answered soon */
