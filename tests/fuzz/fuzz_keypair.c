/* A public key as ImportKeyPair gets it. */
#include "emulator/services/ec2/keypair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct keypair key;

    (void)keypair_parse(&a, (struct str){ (const char *)data, size }, &key, NULL);
    arena_free(&a);
    return 0;
}
