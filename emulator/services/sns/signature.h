/* emulator/services/sns/signature - what SNS signs, and the certificate that proves it.
 *
 * One RSA key signs for all regions: with --seed a test key of fixtures/keys, else one made for the
 * data directory and kept in its state. The certificate is a function of the key, so it needs no
 * place of its own; GET /_mocktrail/sns/NAME shows it.
 */
#pragma once

#include "emulator/engine/engine.h"

/* Base64. Inside a state transaction (the first signature may make the key, which takes a tenth of
 * a second). */
int sns_sign(struct engine *e, struct arena *a, struct str text, bool is_sha256, struct str *out,
             struct err *err);
/* SimpleNotificationService-....pem */
int sns_certificate_name(struct engine *e, struct arena *a, struct str *out, struct err *err);
/* PEM; E_MISSING: another name than the certificate's, or nothing was ever signed. */
int sns_certificate(struct engine *e, struct arena *a, struct str name, struct str *pem,
                    struct err *err);
