// Digests that FIPS 180-4 and NIST's examples give, and manifests as GNU sha256sum 9.1 writes them. Natively.

#include <stdlib.h>
#include <string.h>

#include "../src/manifest.h"

#define CHECK(condition)                                                           \
    do {                                                                           \
        if (!(condition)) {                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                               \
        }                                                                          \
    } while (0)

static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static bool hashes_to(const char *data, size_t size, size_t piece, const char *wanted) {
    sha256 hash;
    char digest[SHA256_HEX];
    sha256_begin(&hash);
    for (size_t at = 0; at < size; at += piece) sha256_add(&hash, data + at, size - at < piece ? size - at : piece);
    sha256_end(&hash, digest);
    if (strcmp(digest, wanted) != 0) fprintf(stderr, "%zu bytes by %zu: %s\n", size, piece, digest);
    return strcmp(digest, wanted) == 0;
}

static void digests(void) {
    static const struct {
        const char *text;
        const char *digest;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t size = strlen(known[i].text);
        for (size_t piece = 1; piece <= 130; piece++) CHECK(hashes_to(known[i].text, size, piece, known[i].digest));
    }
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    static const char of_million[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    static const size_t pieces[] = {1, 7, 63, 64, 65, 4096, 1000000};
    for (size_t i = 0; i < 7; i++) CHECK(hashes_to(million, 1000000, pieces[i], of_million));
    free(million);
}

// Every length around the ends of a block, against one that is hashed in two pieces.
static void padding(void) {
    char data[200];
    memset(data, 'x', sizeof data);
    for (size_t size = 0; size < sizeof data; size++) {
        sha256 hash;
        char whole[SHA256_HEX];
        sha256_begin(&hash);
        sha256_add(&hash, data, size);
        sha256_end(&hash, whole);
        CHECK(strlen(whole) == 64 && hashes_to(data, size, size / 2 + 1, whole));
    }
}

static void manifests(void) {
    manifest made = {NULL, 0, 0};
    static const char *const paths[] = {"a\nb", "c\\d", "e\rf", " g", "*h", "dir/i"};
    for (size_t i = 0; i < 6; i++) manifest_add(&made, paths[i], empty);
    char written[1024], digest[SHA256_HEX], wanted[1024];
    FILE *file = tmpfile();
    manifest_write(&made, file, digest);
    rewind(file);
    size_t size = fread(written, 1, sizeof written - 1, file);
    written[size] = '\0';
    fclose(file);
    snprintf(wanted, sizeof wanted, "\\%s  a\\nb\n\\%s  c\\\\d\n\\%s  e\\rf\n%s   g\n%s  *h\n%s  dir/i\n", empty, empty,
             empty, empty, empty, empty);
    CHECK(strcmp(written, wanted) == 0);
    CHECK(hashes_to(written, size, size, digest));
    manifest read = {NULL, 0, 0};
    CHECK(manifest_read(written, "SHA256SUMS", &read) && read.count == 6);
    static const char *const sorted[] = {" g", "*h", "a\nb", "c\\d", "dir/i", "e\rf"};
    for (size_t i = 0; i < 6; i++) CHECK(strcmp(read.entries[i].path, sorted[i]) == 0);
}

static bool reads(const char *format, manifest *read) {
    char text[512];
    snprintf(text, sizeof text, format, empty, empty);
    *read = (manifest){NULL, 0, 0};
    pf_forget_failure();
    return manifest_read(text, "SUMS", read);
}

static void what_others_write_is_read(void) {
    manifest read;
    CHECK(reads("%s *binary\r\n\r\n%s  ./here", &read) && read.count == 2);
    CHECK(strcmp(read.entries[0].path, "binary") == 0 && strcmp(read.entries[1].path, "here") == 0);
    CHECK(reads("%s  a\n%s  a\n", &read) && read.count == 1);
    CHECK(reads("", &read) && read.count == 0);
    static const char *const wrong[] = {"%s a", "%s  ", "%.63s  a", "SHA256 (a) = %s", "\\%s  a\\x", "%s  /etc/passwd", "%s  a/../../b"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) CHECK(!reads(wrong[i], &read) && pf_failure_message());
    CHECK(!reads("%s  a\n0%.63s  a\n", &read) && strstr(pf_failure_message(), "twice, with different digests"));
}

int main(void) {
    digests();
    padding();
    manifests();
    what_others_write_is_read();
    printf("known answers of checksum passed\n");
    return 0;
}
