#include "manifest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void manifest_add(manifest *to, const char *path, const char digest[SHA256_HEX]) {
    if (to->count == to->room) {
        to->room = to->room * 2 + 64;
        to->entries = realloc(to->entries, to->room * sizeof *to->entries);
        if (!to->entries) pf_panic("out of memory: the manifest has %zu files", to->count);
    }
    entry *added = &to->entries[to->count++];
    added->path = strdup(path);
    if (!added->path) pf_panic("out of memory: the manifest has %zu files", to->count);
    memcpy(added->digest, digest, SHA256_HEX);
}

static void put(const char *data, size_t size, FILE *file, sha256 *hash) {
    fwrite(data, 1, size, file);
    sha256_add(hash, data, size);
}

static void put_escaped(const char *path, FILE *file, sha256 *hash) {
    for (; *path; path++) {
        switch (*path) {
        case '\\':
            put("\\\\", 2, file, hash);
            break;
        case '\n':
            put("\\n", 2, file, hash);
            break;
        case '\r':
            put("\\r", 2, file, hash);
            break;
        default:
            put(path, 1, file, hash);
        }
    }
}

void manifest_write(const manifest *from, FILE *file, char digest[SHA256_HEX]) {
    sha256 hash;
    sha256_begin(&hash);
    for (size_t i = 0; i < from->count; i++) {
        const entry *line = &from->entries[i];
        if (strpbrk(line->path, "\\\n\r")) put("\\", 1, file, &hash);
        put(line->digest, strlen(line->digest), file, &hash);
        put("  ", 2, file, &hash);
        put_escaped(line->path, file, &hash);
        put("\n", 1, file, &hash);
    }
    sha256_end(&hash, digest);
}

// Takes the escapes out in place.
static bool unescape(char *path) {
    char *to = path;
    for (char *from = path; *from; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        switch (*++from) {
        case '\\':
            *to++ = '\\';
            break;
        case 'n':
            *to++ = '\n';
            break;
        case 'r':
            *to++ = '\r';
            break;
        default:
            return false;
        }
    }
    *to = '\0';
    return true;
}

static bool read_line(char *line, manifest *to) {
    bool escaped = *line == '\\';
    char *digest = line + escaped;
    size_t digits = strspn(digest, "0123456789abcdefABCDEF");
    // Two spaces, or a space and the `*` of what was read as binary.
    if (digits != SHA256_HEX - 1 || digest[digits] != ' ' || !strchr(" *", digest[digits + 1])) return false;
    char *path = digest + digits + 1;
    if (!*path || !path[1]) return false;
    path++;
    if (escaped && !unescape(path)) return false;
    while (path[0] == '.' && path[1] == '/') path += 2;
    digest[digits] = '\0';
    for (char *digit = digest; *digit; digit++) *digit = (char)tolower((unsigned char)*digit);
    manifest_add(to, path, digest);
    return true;
}

static int by_path(const void *left, const void *right) {
    return strcmp(((const entry *)left)->path, ((const entry *)right)->path);
}

bool manifest_read(char *text, const char *name, manifest *to) {
    size_t number = 0;
    while (text && *text) {
        char *line = text;
        number++;
        text = strchr(line, '\n');
        if (text) *text++ = '\0';
        size_t size = strlen(line);
        if (size && line[size - 1] == '\r') line[size - 1] = '\0';
        if (!*line) continue;
        if (!read_line(line, to)) {
            return pf_fail(PF_JOB_FAILED,
                           "line %zu of `%s` is not one of a SHA-256 manifest: it takes 64 hexadecimal digits, two spaces "
                           "and a path, as sha256sum writes them",
                           number, name);
        }
        const char *path = to->entries[to->count - 1].path;
        if (!pf_is_inside(path)) {
            return pf_fail(PF_JOB_FAILED, "line %zu of `%s` names `%s`, which is not in the artifact: paths are relative, "
                           "without `..`", number, name, path);
        }
    }
    if (to->count) qsort(to->entries, to->count, sizeof *to->entries, by_path);
    size_t kept = 0;
    for (size_t i = 0; i < to->count; i++) {
        entry *line = &to->entries[i];
        if (kept && strcmp(to->entries[kept - 1].path, line->path) == 0) {
            if (strcmp(to->entries[kept - 1].digest, line->digest) == 0) continue;
            return pf_fail(PF_JOB_FAILED, "`%s` lists `%s` twice, with different digests", name, line->path);
        }
        to->entries[kept++] = *line;
    }
    to->count = kept;
    return true;
}
