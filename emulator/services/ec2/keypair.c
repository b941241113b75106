#include "emulator/services/ec2/keypair.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "core/codec/uri.h"

enum { RSA_BITS = 2048, SEED_BYTES = 32, LINE_MAX_BYTES = 16 << 10 };

static int draw(struct ec2 *j, void *out, size_t len)
{
    if (!j->cx->e->opt.seeded)
        return rng_secret(out, len, j->err);
    rng_bytes(j->rng, out, len);
    return 0;
}

/* --- texts --- */

static struct str base64(struct arena *a, struct str bytes)
{
    struct buf b = { 0 };

    base64_encode(&b, bytes);
    struct str text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static struct str colon_hex(struct arena *a, const unsigned char *bytes, size_t len)
{
    struct buf b = { 0 };

    for (size_t i = 0; i < len; i++)
        buf_printf(&b, "%s%02x", i ? ":" : "", bytes[i]);
    struct str text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static struct str digest(struct arena *a, const EVP_MD *md, struct str bytes, bool as_base64)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    (void)EVP_Digest(bytes.ptr, bytes.len, sum, &len, md, NULL); /* fails for no input of ours */
    return as_base64 ? base64(a, (struct str){ (const char *)sum, len }) : colon_hex(a, sum, len);
}

/* The length-prefixed strings of SSH. Source: RFC 4251, section 5. */
static void add_string(struct buf *b, const void *bytes, size_t len)
{
    const char head[4] = { (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len };

    buf_add(b, (struct str){ head, sizeof head });
    buf_add(b, (struct str){ bytes, len });
}

static void add_number(struct arena *a, struct buf *b, const BIGNUM *n)
{
    size_t len = (size_t)BN_num_bytes(n);
    unsigned char *bytes = arena_alloc(a, len + 1); /* the first byte stays 0 */

    (void)BN_bn2bin(n, bytes + 1);
    if (len > 0 && bytes[1] & 0x80)
        add_string(b, bytes, len + 1);
    else
        add_string(b, bytes + 1, len);
}

static struct str line_of(struct arena *a, const char *name, struct str blob)
{
    return arena_printf(a, "%s %s", name, base64(a, blob).ptr);
}

static struct str take_bio(struct arena *a, BIO *bio)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);

    return arena_copy(a, (struct str){ bytes, len > 0 ? (size_t)len : 0 });
}

/* --- RSA --- */

/* The next prime from a drawn start, such that 65537 has an inverse. */
static BIGNUM *draw_prime(struct ec2 *j, BN_CTX *ctx)
{
    unsigned char bytes[RSA_BITS / 16];
    BIGNUM *p = NULL;

    if (draw(j, bytes, sizeof bytes) < 0)
        return NULL;
    bytes[0] |= 0xc0; /* so that the product has all its bits */
    bytes[sizeof bytes - 1] |= 1;
    p = BN_bin2bn(bytes, sizeof bytes, NULL);
    while (p && (BN_check_prime(p, ctx, NULL) != 1 || BN_mod_word(p, 65537) == 1))
        if (!BN_add_word(p, 2)) {
            BN_free(p);
            return NULL;
        }
    return p;
}

struct rsa_parts {
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
};

static void rsa_free(struct rsa_parts *k)
{
    BIGNUM **const all[] = { &k->n, &k->e, &k->d, &k->p, &k->q, &k->dp, &k->dq, &k->qi };

    for (size_t i = 0; i < COUNT(all); i++)
        BN_clear_free(*all[i]);
}

/* Source: RFC 8017, section 3.2, the second representation. */
static bool rsa_derive(struct rsa_parts *k, BN_CTX *ctx)
{
    BIGNUM *p1 = BN_dup(k->p), *q1 = BN_dup(k->q), *phi = BN_new();
    bool ok =
        p1 && q1 && phi && BN_sub_word(p1, 1) && BN_sub_word(q1, 1) && BN_mul(phi, p1, q1, ctx) &&
        (k->n = BN_new()) != NULL && BN_mul(k->n, k->p, k->q, ctx) && (k->e = BN_new()) != NULL &&
        BN_set_word(k->e, 65537) && (k->d = BN_mod_inverse(NULL, k->e, phi, ctx)) != NULL &&
        (k->dp = BN_new()) != NULL && BN_mod(k->dp, k->d, p1, ctx) && (k->dq = BN_new()) != NULL &&
        BN_mod(k->dq, k->d, q1, ctx) && (k->qi = BN_mod_inverse(NULL, k->q, k->p, ctx)) != NULL;

    BN_clear_free(p1);
    BN_clear_free(q1);
    BN_clear_free(phi);
    return ok;
}

static EVP_PKEY *rsa_key(const struct rsa_parts *k)
{
    const struct {
        const char *name;
        const BIGNUM *n;
    } parts[] = {
        { OSSL_PKEY_PARAM_RSA_N, k->n },          { OSSL_PKEY_PARAM_RSA_E, k->e },
        { OSSL_PKEY_PARAM_RSA_D, k->d },          { OSSL_PKEY_PARAM_RSA_FACTOR1, k->p },
        { OSSL_PKEY_PARAM_RSA_FACTOR2, k->q },    { OSSL_PKEY_PARAM_RSA_EXPONENT1, k->dp },
        { OSSL_PKEY_PARAM_RSA_EXPONENT2, k->dq }, { OSSL_PKEY_PARAM_RSA_COEFFICIENT1, k->qi },
    };
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    bool ok = build && ctx;

    for (size_t i = 0; i < COUNT(parts) && ok; i++)
        if (parts[i].n)
            ok = OSSL_PARAM_BLD_push_BN(build, parts[i].name, parts[i].n) == 1;
    ok = ok && (params = OSSL_PARAM_BLD_to_param(build)) != NULL &&
         EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, &key, k->d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) == 1;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return ok ? key : NULL;
}

static struct str rsa_line(struct arena *a, const BIGNUM *e, const BIGNUM *n)
{
    struct buf blob = { 0 };

    add_string(&blob, "ssh-rsa", 7);
    add_number(a, &blob, e);
    add_number(a, &blob, n);
    struct str line = line_of(a, "ssh-rsa", buf_view(&blob));
    buf_free(&blob);
    return line;
}

/* Source: EC2 User Guide, "Verify the fingerprint of your key pair": of a key that EC2 made, the
 * SHA-1 of the private key in PKCS#8 DER. */
static bool rsa_texts(struct ec2 *j, const struct rsa_parts *k, struct keypair *out)
{
    EVP_PKEY *key = rsa_key(k);
    BIO *pem = BIO_new(BIO_s_mem()), *der = BIO_new(BIO_s_mem());
    bool ok = key && pem && der &&
              PEM_write_bio_PrivateKey_traditional(pem, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              i2d_PKCS8PrivateKey_bio(der, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (ok) {
        out->private_pem = str_trim(take_bio(j->a, pem));
        out->fingerprint = digest(j->a, EVP_sha1(), take_bio(j->a, der), false);
        out->public_line = rsa_line(j->a, k->e, k->n);
    }
    BIO_free(pem);
    BIO_free(der);
    EVP_PKEY_free(key);
    return ok;
}

static int make_rsa(struct ec2 *j, struct keypair *out)
{
    BN_CTX *ctx = BN_CTX_new();
    struct rsa_parts k = { 0 };
    bool ok = ctx && (k.p = draw_prime(j, ctx)) != NULL && (k.q = draw_prime(j, ctx)) != NULL;

    if (ok && BN_cmp(k.p, k.q) < 0) {
        BIGNUM *larger = k.q;
        k.q = k.p;
        k.p = larger;
    }
    ok = ok && rsa_derive(&k, ctx) && rsa_texts(j, &k, out);
    rsa_free(&k);
    BN_CTX_free(ctx);
    return ok ? 0 : err_set(j->err, E_IO, "make an RSA key: libcrypto or the kernel refused");
}

/* --- Ed25519 --- */

static struct str ed25519_blob(struct arena *a, const unsigned char *public)
{
    struct buf blob = { 0 };

    add_string(&blob, "ssh-ed25519", 11);
    add_string(&blob, public, SEED_BYTES);
    struct str copy = arena_copy(a, buf_view(&blob));
    buf_free(&blob);
    return copy;
}

/* Source: OpenSSH, PROTOCOL.key; "none" for cipher and kdf, one key, padded to 8 bytes. */
static struct str openssh_pem(struct arena *a, struct str public, const unsigned char *seed,
                              const unsigned char *point)
{
    struct buf inner = { 0 }, all = { 0 }, pem = { 0 };
    unsigned char both[2 * SEED_BYTES];

    memcpy(both, seed, SEED_BYTES);
    memcpy(both + SEED_BYTES, point, SEED_BYTES);
    for (int i = 0; i < 2; i++) /* the check number, twice: any number will do */
        buf_add(&inner, (struct str){ (const char *)point, 4 });
    add_string(&inner, "ssh-ed25519", 11);
    add_string(&inner, point, SEED_BYTES);
    add_string(&inner, both, sizeof both);
    add_string(&inner, "", 0);
    for (char pad = 1; inner.len % 8; pad++)
        buf_add_char(&inner, pad);
    buf_add(&all, (struct str){ "openssh-key-v1", 15 }); /* with its NUL */
    add_string(&all, "none", 4);
    add_string(&all, "none", 4);
    add_string(&all, "", 0);
    buf_add(&all, (struct str){ "\0\0\0\1", 4 });
    add_string(&all, public.ptr, public.len);
    add_string(&all, inner.ptr, inner.len);
    struct str text = base64(a, buf_view(&all));
    buf_add_c(&pem, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for (size_t i = 0; i < text.len; i += 70) {
        buf_add(&pem, str_sub(text, i, 70));
        buf_add_char(&pem, '\n');
    }
    buf_add_c(&pem, "-----END OPENSSH PRIVATE KEY-----");
    struct str whole = arena_copy(a, buf_view(&pem));
    buf_free(&inner);
    buf_free(&all);
    buf_free(&pem);
    return whole;
}

static int make_ed25519(struct ec2 *j, struct keypair *out)
{
    unsigned char seed[SEED_BYTES], point[SEED_BYTES];
    size_t len = sizeof point;
    int rc = draw(j, seed, sizeof seed);

    if (rc < 0)
        return rc;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    bool ok = key && EVP_PKEY_get_raw_public_key(key, point, &len) == 1;
    EVP_PKEY_free(key);
    if (!ok)
        return err_set(j->err, E_IO, "make an Ed25519 key: libcrypto refused");
    struct str blob = ed25519_blob(j->a, point);
    out->public_line = line_of(j->a, "ssh-ed25519", blob);
    out->private_pem = openssh_pem(j->a, blob, seed, point);
    out->fingerprint = digest(j->a, EVP_sha256(), blob, true);
    return 0;
}

int keypair_make(struct ec2 *j, enum keypair_kind kind, struct keypair *out)
{
    *out = (struct keypair){ .kind = kind };
    return kind == KEYPAIR_RSA ? make_rsa(j, out) : make_ed25519(j, out);
}

/* --- parsing --- */

static bool take_string(struct str *rest, struct str *out)
{
    const unsigned char *p = (const unsigned char *)rest->ptr;

    if (rest->len < 4)
        return false;
    size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (len > rest->len - 4)
        return false;
    *out = str_sub(*rest, 4, len);
    *rest = str_sub(*rest, 4 + len, rest->len);
    return true;
}

/* Of an imported RSA key: MD5 of the public key's DER. Source: as above. */
static bool rsa_fingerprint(struct arena *a, struct str e, struct str n, struct str *out)
{
    struct rsa_parts k = { 0 };
    unsigned char *der = NULL;

    k.e = BN_bin2bn((const unsigned char *)e.ptr, (int)e.len, NULL);
    k.n = BN_bin2bn((const unsigned char *)n.ptr, (int)n.len, NULL);
    EVP_PKEY *key = k.e && k.n && !BN_is_zero(k.n) ? rsa_key(&k) : NULL;
    int len = key ? i2d_PUBKEY(key, &der) : -1;
    if (len > 0)
        *out = digest(a, EVP_md5(), (struct str){ (const char *)der, (size_t)len }, false);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    rsa_free(&k);
    return len > 0;
}

static bool parse_blob(struct arena *a, struct str blob, struct keypair *out)
{
    struct str rest = blob, name, first, second;

    if (!take_string(&rest, &name) || !take_string(&rest, &first))
        return false;
    if (str_eq_c(name, "ssh-ed25519")) {
        out->kind = KEYPAIR_ED25519;
        out->fingerprint = digest(a, EVP_sha256(), blob, true);
        out->public_line = line_of(a, "ssh-ed25519", blob);
        return first.len == SEED_BYTES && rest.len == 0;
    }
    out->kind = KEYPAIR_RSA;
    out->public_line = line_of(a, "ssh-rsa", blob);
    return str_eq_c(name, "ssh-rsa") && take_string(&rest, &second) && rest.len == 0 &&
           rsa_fingerprint(a, first, second, &out->fingerprint);
}

int keypair_parse(struct arena *a, struct str line, struct keypair *out, struct err *err)
{
    struct str kind, rest = str_trim(line), text, blob;

    *out = (struct keypair){ 0 };
    if (rest.len > LINE_MAX_BYTES)
        return err_set(err, E_PARSE, "a public key over %d bytes", LINE_MAX_BYTES);
    if (str_has_prefix(rest, STR("ssh-")))
        (void)str_cut(rest, ' ', &kind, &rest);
    (void)str_cut(str_trim(rest), ' ', &text, &kind); /* what follows is a comment */
    if (base64_decode(a, text, &blob, NULL) < 0 || !parse_blob(a, blob, out))
        return err_set(err, E_PARSE, "no RSA or Ed25519 key in OpenSSH's format");
    return 0;
}
