// SHA-256 as FIPS 180-4 defines it.
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

// A digest in lower-case hex, with its zero byte.
#define SHA256_HEX 65

typedef struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
} sha256;

void sha256_begin(sha256 *hash);
void sha256_add(sha256 *hash, const void *data, size_t size);
void sha256_end(sha256 *hash, char hex[SHA256_HEX]);

#endif
