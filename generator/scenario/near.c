#include "generator/scenario/near.h"

#define NAME_BYTES 96

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, letters of either case alike. */
static size_t distance(struct str a, struct str b)
{
    size_t row[NAME_BYTES + 1];

    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t up = row[j], change = lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]);

            row[j] = least(least(up, row[j - 1]) + 1, diagonal + change);
            diagonal = up;
        }
    }
    return row[b.len];
}

struct near near_start(struct str wanted)
{
    return (struct near){ .wanted = wanted, .distance = SIZE_MAX };
}

void near_try(struct near *n, struct str candidate)
{
    if (n->wanted.len > NAME_BYTES || candidate.len > NAME_BYTES)
        return;
    size_t d = distance(n->wanted, candidate);

    if (d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}

struct str near_best(const struct near *n)
{
    bool is_near = n->distance <= 1 + n->wanted.len / 3 && n->distance < n->wanted.len;

    return is_near ? n->best : (struct str){ 0 };
}
