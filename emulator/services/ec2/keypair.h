/* emulator/services/ec2/keypair - SSH keys: made, parsed, fingerprinted. libcrypto ends here.
 *
 * With --seed the keys repeat, drawn from the call's chance; without it they come from the kernel.
 */
#pragma once

#include "emulator/services/ec2/ec2.h"

enum keypair_kind { KEYPAIR_RSA, KEYPAIR_ED25519 };
struct keypair {
    enum keypair_kind kind;
    struct str public_line; /* "ssh-rsa AAAA..." */
    struct str private_pem; /* of a key that was made */
    struct str fingerprint; /* as EC2 shows it: of a made RSA key SHA-1 of the private half */
};
/* 0, or a failure of libcrypto or of the kernel. */
int keypair_make(struct ec2 *j, enum keypair_kind kind, struct keypair *out);
/* A line of an authorized_keys file, or its base64 alone. 0 or E_PARSE. */
int keypair_parse(struct arena *a, struct str line, struct keypair *out, struct err *err);
