/* verify/replay - mocktrail replay: what a trail delivered is delivered again, in time or at once,
 * as it was or with faults on purpose. Exit 0 all delivered, 1 a delivery failed, 2 bad usage or
 * input.
 */
#pragma once

int replay_main(int argc, char **argv);
