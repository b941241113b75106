#include "core/codec/huffman.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MOST 15

struct leaf {
    uint32_t frequency;
    uint16_t symbol;
};

/* Equal frequencies in order of symbol: the same counts give the same code everywhere. */
static int by_frequency(const void *a, const void *b)
{
    const struct leaf *x = a, *y = b;

    if (x->frequency != y->frequency)
        return x->frequency < y->frequency ? -1 : 1;
    return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

static size_t gather(const uint32_t *frequency, size_t count, struct leaf *leaves)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (frequency[i] > 0)
            leaves[n++] = (struct leaf){ frequency[i], (uint16_t)i };
    for (size_t i = 0; n < 2; i++)
        if (frequency[i] == 0)
            leaves[n++] = (struct leaf){ 1, (uint16_t)i };
    qsort(leaves, n, sizeof *leaves, by_frequency);
    return n;
}

/* The tree's inner nodes come in order of weight as well, so two queues do. depth_count[d]: how
 * many leaves lie d deep. */
static void count_depths(const struct leaf *leaves, size_t n, unsigned *depth_count, size_t depths)
{
    uint64_t weight[HUFFMAN_SYMBOLS_MOST];
    uint16_t parent_of_leaf[HUFFMAN_SYMBOLS_MOST] = { 0 }, parent[HUFFMAN_SYMBOLS_MOST];
    uint16_t depth[HUFFMAN_SYMBOLS_MOST];
    size_t leaf = 0, node = 0;

    assert(n >= 2);
    for (size_t made = 0; made + 1 < n; made++) {
        weight[made] = 0;
        for (int half = 0; half < 2; half++) {
            bool takes_leaf = leaf < n && (node >= made || leaves[leaf].frequency <= weight[node]);
            weight[made] += takes_leaf ? leaves[leaf].frequency : weight[node];
            if (takes_leaf)
                parent_of_leaf[leaf++] = (uint16_t)made;
            else
                parent[node++] = (uint16_t)made;
        }
    }
    depth[n - 2] = 0;
    for (size_t i = n - 2; i > 0; i--)
        depth[i - 1] = (uint16_t)(depth[parent[i - 1]] + 1);
    for (size_t i = 0; i < n; i++) {
        size_t d = depth[parent_of_leaf[i]] + 1u;
        depth_count[d < depths ? d : depths - 1]++;
    }
}

/* Leaves that lay too deep were counted at the limit; for each code that is too many a shallower
 * one moves down and takes one of them as its neighbour. */
static void hold_limit(unsigned *depth_count, unsigned limit)
{
    uint32_t used = 0; /* of 2^limit */

    for (unsigned d = 1; d <= limit; d++)
        used += depth_count[d] << (limit - d);
    while (used > 1u << limit) {
        unsigned d = limit - 1;

        while (depth_count[d] == 0)
            d--;
        depth_count[d]--;
        depth_count[d + 1] += 2;
        depth_count[limit]--;
        used--;
    }
}

void huffman_lengths(const uint32_t *frequency, size_t count, unsigned limit, uint8_t *out)
{
    struct leaf leaves[HUFFMAN_SYMBOLS_MOST];
    unsigned depth_count[BITS_MOST + 1] = { 0 };

    assert(count >= 2 && count <= HUFFMAN_SYMBOLS_MOST && limit <= BITS_MOST);
    size_t n = gather(frequency, count, leaves), at = 0;
    count_depths(leaves, n, depth_count, limit + 1);
    hold_limit(depth_count, limit);
    memset(out, 0, count);
    for (unsigned d = limit; d > 0; d--)
        for (unsigned i = 0; i < depth_count[d]; i++)
            out[leaves[at++].symbol] = (uint8_t)d;
}

static uint16_t reversed(unsigned code, unsigned bits)
{
    unsigned r = 0;

    for (unsigned i = 0; i < bits; i++)
        r |= (code >> i & 1) << (bits - 1 - i);
    return (uint16_t)r;
}

void huffman_codes(const uint8_t *length, size_t count, uint16_t *out)
{
    unsigned depth_count[BITS_MOST + 1] = { 0 }, next[BITS_MOST + 2] = { 0 };

    for (size_t i = 0; i < count; i++)
        depth_count[length[i]]++;
    depth_count[0] = 0;
    for (unsigned d = 1; d <= BITS_MOST; d++)
        next[d + 1] = (next[d] + depth_count[d]) << 1;
    for (size_t i = 0; i < count; i++)
        out[i] = length[i] ? reversed(next[length[i]]++, length[i]) : 0;
}
