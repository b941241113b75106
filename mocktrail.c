/* mocktrail - names the subcommand, hands over. */
#include <stdio.h>

int main(void)
{
    (void)fputs("mocktrail: no subcommand yet\n", stderr);
    return 2;
}
