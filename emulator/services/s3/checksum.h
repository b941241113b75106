/* emulator/services/s3/checksum - the sums S3 knows: computed in one pass over a body, compared
 * with what the client sent, combined over the parts of an upload.
 *
 * Source: S3 User Guide, "Checking object integrity". libcrypto does MD5 and the SHA family, zlib
 * CRC32, libxxhash XXH64 and XXH3; CRC32C and CRC64NVME are tables here.
 */
#pragma once

#include <openssl/evp.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/value.h"

enum checksum {
    CHECKSUM_CRC32,
    CHECKSUM_CRC32C,
    CHECKSUM_CRC64NVME,
    CHECKSUM_SHA1,
    CHECKSUM_SHA256,
    CHECKSUM_SHA512,
    CHECKSUM_MD5,
    CHECKSUM_XXHASH64,
    CHECKSUM_XXHASH3,
    CHECKSUM_XXHASH128,
    CHECKSUM_COUNT,
    CHECKSUM_NONE = CHECKSUM_COUNT,
    CHECKSUM_UNKNOWN,
};

struct checksum_tables {
    uint32_t crc32c[8][256];
    uint64_t crc64[8][256];
    EVP_MD *digests[CHECKSUM_COUNT]; /* fetched once; NULL where libcrypto has none */
};
int checksum_tables_init(struct checksum_tables *t, struct err *err);
void checksum_tables_free(struct checksum_tables *t);

struct str checksum_name(enum checksum c);    /* "CRC64NVME" */
struct str checksum_member(enum checksum c);  /* "ChecksumCRC64NVME" */
struct str checksum_header(enum checksum c);  /* "x-amz-checksum-crc64nvme" */
size_t checksum_size(enum checksum c);        /* bytes of the raw sum */
bool checksum_is_crc(enum checksum c);        /* may be FULL_OBJECT over parts */
enum checksum checksum_find(struct str name); /* CHECKSUM_UNKNOWN: S3 has none such */
/* The algorithm whose header that is; CHECKSUM_NONE when it is none's. */
enum checksum checksum_find_header(struct str name);

#define CHECKSUM_BYTES 64
struct sums {
    unsigned char raw[CHECKSUM_COUNT][CHECKSUM_BYTES]; /* those asked for */
    int64_t size;
};
/* wanted: bits 1 << enum checksum. */
int checksum_text(const struct checksum_tables *t, struct str text, unsigned wanted,
                  struct sums *out, struct err *err);
/* From where fd stands, len bytes; < 0: to its end. */
int checksum_fd(const struct checksum_tables *t, int fd, int64_t len, unsigned wanted,
                struct sums *out, struct err *err);
struct str checksum_base64(struct arena *a, const struct sums *s, enum checksum c);
struct str checksum_hex(struct arena *a, const struct sums *s, enum checksum c);

/* The sum of two runs of bytes from the sums of each; CRCs only. raw is big-endian. */
void checksum_combine(enum checksum c, unsigned char *raw, const unsigned char *next_raw,
                      int64_t next_size);
