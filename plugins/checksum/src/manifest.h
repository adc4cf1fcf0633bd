// A manifest as GNU sha256sum writes and reads it.
#ifndef MANIFEST_H
#define MANIFEST_H

#include <pipefitter.h>

#include "sha256.h"

// One line: a file and its digest.
typedef struct entry {
    char *path;
    char digest[SHA256_HEX];
} entry;

typedef struct manifest {
    entry *entries;
    size_t count;
    size_t room;
} manifest;

// Adds a file.
void manifest_add(manifest *to, const char *path, const char digest[SHA256_HEX]);
// Writes a line for each file: `DIGEST  PATH`, and for a path with a line end or a backslash `\DIGEST  ESCAPED`. Gives
// the digest of all that it wrote.
void manifest_write(const manifest *from, FILE *file, char digest[SHA256_HEX]);
// Reads lines, sorted by path afterwards. `name` is the manifest's own, for messages. Fails where a line is none, a path
// leaves the artifact, or one file has two digests.
bool manifest_read(char *text, const char *name, manifest *to);

#endif
