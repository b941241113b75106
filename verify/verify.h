/* verify/verify - mocktrail verify: names the check, hands over. Exit 0 all well, 1 a check failed,
 * 2 bad usage or input.
 */
#pragma once

int verify_main(int argc, char **argv);
