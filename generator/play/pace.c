#include "generator/play/pace.h"

bool pace_allows(struct pace *p, int64_t taken, int64_t most)
{
    int64_t wanted = p->target - taken - p->stories, left = p->planned - p->offered;

    p->offered++;
    if (left < 1)
        left = 1;
    if (wanted <= 0 || (most > 1 && most > wanted))
        return false;
    p->credit += (double)wanted / (double)left;
    if (p->credit < 1)
        return false;
    p->credit -= 1;
    if (p->credit > 1)
        p->credit = 1; /* what could not be caught up is spread over the rest */
    return true;
}
