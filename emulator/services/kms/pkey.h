/* emulator/services/kms/pkey - libcrypto's keys, for material.c and signing.c alone. */
#pragma once

#include <openssl/evp.h>

#include "core/base/err.h"
#include "core/base/str.h"

EVP_PKEY *kms_pkey(struct str pkcs8); /* to be freed; NULL when it can't be read */
/* E_IO with libcrypto's own reason. */
int kms_crypto_fail(struct err *err, const char *what);
