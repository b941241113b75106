/* libcrypto's plain functions for MD5, as in sigv4.c: each object has one, most are small. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "emulator/services/s3/checksum.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include <openssl/md5.h>
#include <xxhash.h>
#include <zlib.h>

#include "core/codec/uri.h"

#define READ_BYTES (256u << 10)

/* Source: S3 API Reference, "x-amz-checksum-algorithm"; CRC-32C: RFC 3720, appendix B.4 (reflected
 * 0x1EDC6F41); CRC-64/NVME: NVM Express NVM Command Set, section "64b CRC" (reflected). */
#define CRC32_POLY  0xedb88320u
#define CRC32C_POLY 0x82f63b78u
#define CRC64_POLY  0x9a6c9329ac4bc9b5ull

static const struct algorithm {
    const char *name, *member, *header, *digest;
    size_t size;
} algorithms[CHECKSUM_COUNT] = {
    [CHECKSUM_CRC32] = { "CRC32", "ChecksumCRC32", "x-amz-checksum-crc32", NULL, 4 },
    [CHECKSUM_CRC32C] = { "CRC32C", "ChecksumCRC32C", "x-amz-checksum-crc32c", NULL, 4 },
    [CHECKSUM_CRC64NVME] = { "CRC64NVME", "ChecksumCRC64NVME", "x-amz-checksum-crc64nvme", NULL,
                             8 },
    [CHECKSUM_SHA1] = { "SHA1", "ChecksumSHA1", "x-amz-checksum-sha1", "SHA1", 20 },
    [CHECKSUM_SHA256] = { "SHA256", "ChecksumSHA256", "x-amz-checksum-sha256", "SHA256", 32 },
    [CHECKSUM_SHA512] = { "SHA512", "ChecksumSHA512", "x-amz-checksum-sha512", "SHA512", 64 },
    [CHECKSUM_MD5] = { "MD5", "ChecksumMD5", "x-amz-checksum-md5", NULL, 16 },
    [CHECKSUM_XXHASH64] = { "XXHASH64", "ChecksumXXHASH64", "x-amz-checksum-xxhash64", NULL, 8 },
    [CHECKSUM_XXHASH3] = { "XXHASH3", "ChecksumXXHASH3", "x-amz-checksum-xxhash3", NULL, 8 },
    [CHECKSUM_XXHASH128] = { "XXHASH128", "ChecksumXXHASH128", "x-amz-checksum-xxhash128", NULL,
                             16 },
};

int checksum_tables_init(struct checksum_tables *t, struct err *err)
{
    for (unsigned i = 0; i < 256; i++) {
        uint32_t c = i;
        uint64_t d = i;

        for (int bit = 0; bit < 8; bit++) {
            c = c & 1 ? c >> 1 ^ CRC32C_POLY : c >> 1;
            d = d & 1 ? d >> 1 ^ CRC64_POLY : d >> 1;
        }
        t->crc32c[0][i] = c;
        t->crc64[0][i] = d;
    }
    for (unsigned k = 1; k < 8; k++) /* byte i, k bytes further on: eight bytes a step */
        for (unsigned i = 0; i < 256; i++) {
            uint32_t c = t->crc32c[k - 1][i];
            uint64_t d = t->crc64[k - 1][i];

            t->crc32c[k][i] = t->crc32c[0][c & 255] ^ c >> 8;
            t->crc64[k][i] = t->crc64[0][d & 255] ^ d >> 8;
        }
    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (algorithms[i].digest &&
            !(t->digests[i] = EVP_MD_fetch(NULL, algorithms[i].digest, NULL)))
            return err_set(err, E_MISSING, "libcrypto has no %s", algorithms[i].digest);
    return 0;
}

void checksum_tables_free(struct checksum_tables *t)
{
    for (size_t i = 0; i < CHECKSUM_COUNT; i++) {
        EVP_MD_free(t->digests[i]);
        t->digests[i] = NULL;
    }
}

struct str checksum_name(enum checksum c)
{
    return str_c(algorithms[c].name);
}

struct str checksum_member(enum checksum c)
{
    return str_c(algorithms[c].member);
}

struct str checksum_header(enum checksum c)
{
    return str_c(algorithms[c].header);
}

size_t checksum_size(enum checksum c)
{
    return algorithms[c].size;
}

bool checksum_is_crc(enum checksum c)
{
    return c <= CHECKSUM_CRC64NVME;
}

enum checksum checksum_find(struct str name)
{
    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (str_eq_nocase(name, str_c(algorithms[i].name)))
            return (enum checksum)i;
    return CHECKSUM_UNKNOWN;
}

enum checksum checksum_find_header(struct str name)
{
    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (str_eq_nocase(name, str_c(algorithms[i].header)))
            return (enum checksum)i;
    return CHECKSUM_NONE;
}

/* ---- one pass ---- */

static uint32_t crc32c_add(const struct checksum_tables *t, uint32_t crc, const unsigned char *p,
                           size_t len)
{
    crc = ~crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                              (uint32_t)p[3] << 24);
        crc = t->crc32c[7][low & 255] ^ t->crc32c[6][low >> 8 & 255] ^
              t->crc32c[5][low >> 16 & 255] ^ t->crc32c[4][low >> 24] ^ t->crc32c[3][p[4]] ^
              t->crc32c[2][p[5]] ^ t->crc32c[1][p[6]] ^ t->crc32c[0][p[7]];
    }
    for (; len > 0; len--, p++)
        crc = t->crc32c[0][(crc ^ *p) & 255] ^ crc >> 8;
    return ~crc;
}

static uint64_t crc64_add(const struct checksum_tables *t, uint64_t crc, const unsigned char *p,
                          size_t len)
{
    crc = ~crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint64_t low = crc ^ ((uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
                              (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
                              (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56);
        crc = t->crc64[7][low & 255] ^ t->crc64[6][low >> 8 & 255] ^ t->crc64[5][low >> 16 & 255] ^
              t->crc64[4][low >> 24 & 255] ^ t->crc64[3][low >> 32 & 255] ^
              t->crc64[2][low >> 40 & 255] ^ t->crc64[1][low >> 48 & 255] ^ t->crc64[0][low >> 56];
    }
    for (; len > 0; len--, p++)
        crc = t->crc64[0][(crc ^ *p) & 255] ^ crc >> 8;
    return ~crc;
}

struct summing {
    const struct checksum_tables *t;
    unsigned wanted;
    uint32_t crc32, crc32c;
    uint64_t crc64;
    XXH64_state_t *xxh64; /* NULL: not wanted */
    XXH3_state_t *xxh3;   /* of 64 and of 128 bits */
    MD5_CTX md5;
    EVP_MD_CTX *contexts[CHECKSUM_COUNT];
    int64_t size;
};

static bool wants(const struct summing *s, enum checksum c)
{
    return s->wanted >> c & 1;
}

static bool start_xxhashes(struct summing *s)
{
    bool ok = true;

    if (wants(s, CHECKSUM_XXHASH64))
        ok = (s->xxh64 = XXH64_createState()) && XXH64_reset(s->xxh64, 0) == XXH_OK;
    if (wants(s, CHECKSUM_XXHASH3) || wants(s, CHECKSUM_XXHASH128))
        ok = (s->xxh3 = XXH3_createState()) && XXH3_128bits_reset(s->xxh3) == XXH_OK && ok;
    return ok;
}

static bool summing_start(struct summing *s)
{
    bool ok = !wants(s, CHECKSUM_MD5) || MD5_Init(&s->md5) == 1;

    ok = start_xxhashes(s) && ok;
    for (size_t i = 0; i < CHECKSUM_COUNT; i++) {
        if (!s->t->digests[i] || !wants(s, (enum checksum)i))
            continue;
        s->contexts[i] = EVP_MD_CTX_new();
        ok =
            ok && s->contexts[i] && EVP_DigestInit_ex2(s->contexts[i], s->t->digests[i], NULL) == 1;
    }
    return ok;
}

static bool summing_add(struct summing *s, const unsigned char *p, size_t len)
{
    bool ok = !wants(s, CHECKSUM_MD5) || MD5_Update(&s->md5, p, len) == 1;

    if (wants(s, CHECKSUM_CRC32))
        s->crc32 = (uint32_t)crc32_z(s->crc32, p, len);
    if (wants(s, CHECKSUM_CRC32C))
        s->crc32c = crc32c_add(s->t, s->crc32c, p, len);
    if (wants(s, CHECKSUM_CRC64NVME))
        s->crc64 = crc64_add(s->t, s->crc64, p, len);
    if (s->xxh64)
        ok = XXH64_update(s->xxh64, p, len) == XXH_OK && ok;
    if (s->xxh3)
        ok = XXH3_128bits_update(s->xxh3, p, len) == XXH_OK && ok;
    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (s->contexts[i])
            ok = EVP_DigestUpdate(s->contexts[i], p, len) == 1 && ok;
    s->size += (int64_t)len;
    return ok;
}

static void put_big_endian(unsigned char *out, uint64_t n, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)(n >> 8 * (len - 1 - i));
}

/* One state serves XXH3 of both lengths. Source: xxhash.h, "XXH3_128bits_reset". */
static void end_xxhashes(struct summing *s, struct sums *out)
{
    if (s->xxh64)
        put_big_endian(out->raw[CHECKSUM_XXHASH64], XXH64_digest(s->xxh64), 8);
    if (s->xxh3) {
        XXH128_hash_t sum = XXH3_128bits_digest(s->xxh3);

        put_big_endian(out->raw[CHECKSUM_XXHASH3], XXH3_64bits_digest(s->xxh3), 8);
        put_big_endian(out->raw[CHECKSUM_XXHASH128], sum.high64, 8);
        put_big_endian(out->raw[CHECKSUM_XXHASH128] + 8, sum.low64, 8);
    }
    (void)XXH64_freeState(s->xxh64); /* NULL is harmless */
    (void)XXH3_freeState(s->xxh3);
}

/* Frees what start made, in any case. */
static bool summing_end(struct summing *s, struct sums *out)
{
    bool ok = !wants(s, CHECKSUM_MD5) || MD5_Final(out->raw[CHECKSUM_MD5], &s->md5) == 1;

    out->size = s->size;
    put_big_endian(out->raw[CHECKSUM_CRC32], s->crc32, 4);
    put_big_endian(out->raw[CHECKSUM_CRC32C], s->crc32c, 4);
    put_big_endian(out->raw[CHECKSUM_CRC64NVME], s->crc64, 8);
    end_xxhashes(s, out);
    for (size_t i = 0; i < CHECKSUM_COUNT; i++) {
        if (!s->contexts[i])
            continue;
        ok = EVP_DigestFinal_ex(s->contexts[i], out->raw[i], NULL) == 1 && ok;
        EVP_MD_CTX_free(s->contexts[i]);
    }
    return ok;
}

static int sum_fd(struct summing *s, int fd, int64_t left, struct err *err)
{
    struct buf chunk = { 0 };
    unsigned char *room = (unsigned char *)buf_reserve(&chunk, READ_BYTES);
    int rc = 0;

    while (rc == 0 && left != 0) {
        size_t ask = left > 0 && left < (int64_t)READ_BYTES ? (size_t)left : READ_BYTES;
        ssize_t got = read(fd, room, ask);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            rc = err_sys(err, "read", "a body");
        if (got <= 0)
            break;
        if (!summing_add(s, room, (size_t)got))
            rc = err_set(err, E_IO, "libcrypto failed");
        left -= left > 0 ? got : 0;
    }
    buf_free(&chunk);
    return rc;
}

int checksum_fd(const struct checksum_tables *t, int fd, int64_t len, unsigned wanted,
                struct sums *out, struct err *err)
{
    struct summing s = { .t = t, .wanted = wanted };
    bool ok = summing_start(&s);
    int rc = sum_fd(&s, fd, len, err);

    ok = summing_end(&s, out) && ok;
    return rc < 0 || ok ? rc : err_set(err, E_IO, "libcrypto failed");
}

int checksum_text(const struct checksum_tables *t, struct str text, unsigned wanted,
                  struct sums *out, struct err *err)
{
    struct summing s = { .t = t, .wanted = wanted };
    bool ok = summing_start(&s);

    ok = summing_add(&s, (const unsigned char *)text.ptr, text.len) && ok;
    ok = summing_end(&s, out) && ok;
    return ok ? 0 : err_set(err, E_IO, "libcrypto failed");
}

struct str checksum_base64(struct arena *a, const struct sums *s, enum checksum c)
{
    struct buf text = { .arena = a };

    base64_encode(&text, (struct str){ (const char *)s->raw[c], algorithms[c].size });
    return buf_text(&text);
}

struct str checksum_hex(struct arena *a, const struct sums *s, enum checksum c)
{
    struct buf text = { .arena = a };

    hex_encode(&text, (struct str){ (const char *)s->raw[c], algorithms[c].size });
    return buf_text(&text);
}

/* ---- combining: a CRC is linear, so "followed by n zero bytes" is a matrix over GF(2) ---- */

struct matrix {
    uint64_t row[64];
};

static uint64_t matrix_apply(const struct matrix *m, uint64_t v)
{
    uint64_t sum = 0;

    for (int i = 0; v; i++, v >>= 1)
        if (v & 1)
            sum ^= m->row[i];
    return sum;
}

static void matrix_square(struct matrix *m, int width)
{
    struct matrix copy = *m;

    for (int i = 0; i < width; i++)
        m->row[i] = matrix_apply(&copy, copy.row[i]);
}

static uint64_t get_big_endian(const unsigned char *in, size_t len)
{
    uint64_t n = 0;

    for (size_t i = 0; i < len; i++)
        n = n << 8 | in[i];
    return n;
}

void checksum_combine(enum checksum c, unsigned char *raw, const unsigned char *next_raw,
                      int64_t next_size)
{
    static const uint64_t polys[] = { CRC32_POLY, CRC32C_POLY, CRC64_POLY };
    assert(checksum_is_crc(c));
    size_t len = algorithms[c].size;
    int width = (int)len * 8;
    uint64_t crc = get_big_endian(raw, len);
    struct matrix zeros = { .row = { polys[c] } }; /* the matrix of one zero bit */

    for (int i = 1; i < width; i++)
        zeros.row[i] = 1ull << (i - 1);
    for (int i = 0; i < 3; i++) /* of eight: one byte */
        matrix_square(&zeros, width);
    for (uint64_t n = (uint64_t)next_size; n; n >>= 1) {
        if (n & 1)
            crc = matrix_apply(&zeros, crc);
        matrix_square(&zeros, width);
    }
    put_big_endian(raw, crc ^ get_big_endian(next_raw, len), len);
}
