/* verify/run - mocktrail verify run SUITE.yaml: an auditing tool against a dataset, end to end.
 * Exit 0 as required, 1 not, 2 bad usage or input, 3 the tool crashed or could not run, 4 it took
 * too long, 5 its repeats differ.
 */
#pragma once

int run_main(int argc, char **argv);
