// Files and folders.

#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE ((size_t)64 * 1024)

char *pf_join(const char *folder, const char *path) {
    size_t size = strlen(folder);
    const char *between = !size || !*path || folder[size - 1] == '/' ? "" : "/";
    char *joined = pf_allocate(size + strlen(path) + 2);
    sprintf(joined, "%s%s%s", folder, between, path);
    return joined;
}

bool pf_is_inside(const char *path) {
    if (!*path || *path == '/') return false;
    for (const char *part = path; part;) {
        const char *slash = strchr(part, '/');
        size_t size = slash ? (size_t)(slash - part) : strlen(part);
        if (size == 2 && part[0] == '.' && part[1] == '.') return false;
        part = slash ? slash + 1 : NULL;
    }
    return true;
}

static int by_bytes(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

bool pf_walk(const char *root, pf_files *files) {
    char **pending = NULL, **found = NULL;
    size_t pending_count = 0, pending_room = 0, count = 0, room = 0;
    pending = pf_grow(pending, 0, &pending_room, sizeof *pending);
    pending[pending_count++] = pf_copy("", 0);
    while (pending_count) {
        char *folder = pending[--pending_count];
        char *full = pf_join(root, folder);
        DIR *listing = opendir(full);
        if (!listing) return pf_fail_errno("reading the directory `%s`", full);
        for (;;) {
            errno = 0;
            struct dirent *entry = readdir(listing);
            if (!entry) break;
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
            char *path = pf_join(folder, entry->d_name);
            char *place = pf_join(full, entry->d_name);
            struct stat about;
            if (lstat(place, &about) != 0) return pf_fail_errno("reading the directory `%s`", full);
            free(place);
            if (S_ISDIR(about.st_mode)) {
                pending = pf_grow(pending, pending_count, &pending_room, sizeof *pending);
                pending[pending_count++] = path;
            } else if (S_ISREG(about.st_mode)) {
                found = pf_grow(found, count, &room, sizeof *found);
                found[count++] = path;
            } else {
                free(path);
            }
        }
        if (errno) return pf_fail_errno("reading the directory `%s`", full);
        closedir(listing);
        free(full);
        free(folder);
    }
    free(pending);
    if (count) qsort(found, count, sizeof *found, by_bytes);
    *files = (pf_files){found, count};
    return true;
}

bool pf_read(const char *path, size_t most, pf_bytes *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file) return pf_fail_errno("reading `%s`", path);
    char *data = NULL;
    size_t size = 0, room = 0;
    for (;;) {
        if (room - size < PIECE) {
            room += room / 2 + 2 * PIECE;
            data = realloc(data, room + 1);
            if (!data) pf_panic("out of memory: %zu bytes were needed to read `%s`", room, path);
        }
        size_t read = fread(data + size, 1, PIECE, file);
        size += read;
        if (size > most) {
            fclose(file);
            free(data);
            return pf_fail(PF_JOB_FAILED, "reading `%s`: it has more than %zu bytes", path, most);
        }
        if (read < PIECE) break;
    }
    if (ferror(file)) return pf_fail_errno("reading `%s`", path);
    fclose(file);
    data[size] = '\0';
    *bytes = (pf_bytes){data, size};
    return true;
}

bool pf_read_pieces(const char *path, pf_piece *piece, void *context) {
    FILE *file = fopen(path, "rb");
    if (!file) return pf_fail_errno("reading `%s`", path);
    // What is read at once needs no second buffer.
    setvbuf(file, NULL, _IONBF, 0);
    char *buffer = pf_allocate(PIECE);
    bool going_on = true;
    size_t size;
    while (going_on && (size = fread(buffer, 1, PIECE, file)) > 0) going_on = piece(context, buffer, size);
    if (going_on && ferror(file)) going_on = pf_fail_errno("reading `%s`", path);
    fclose(file);
    free(buffer);
    return going_on;
}

bool pf_make_folders(const char *root, const char *path) {
    char *part = pf_join(root, path);
    size_t above = strlen(part) - strlen(path);
    for (char *slash = strchr(part + above, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        struct stat about;
        bool is_there = stat(part, &about) == 0 && S_ISDIR(about.st_mode);
        if (!is_there && mkdir(part, 0777) != 0 && errno != EEXIST) return pf_fail_errno("making the directory `%s`", part);
        *slash = '/';
    }
    free(part);
    return true;
}

bool pf_input_files(const pf_input *input, pf_files *files) {
    return pf_walk(input->path, files) || pf_context("input artifact `%s`", input->name);
}

bool pf_input_size(const pf_input *input, const char *path, uint64_t *size) {
    char *full = pf_join(input->path, path);
    struct stat about;
    bool there = stat(full, &about) == 0;
    if (!there) pf_fail_errno("looking at `%s` of input artifact `%s`", path, input->name);
    free(full);
    if (there) *size = (uint64_t)about.st_size;
    return there;
}

bool pf_input_read(const pf_input *input, const char *path, size_t most, pf_bytes *bytes) {
    char *full = pf_join(input->path, path);
    FILE *file = fopen(full, "rb");
    if (!file) return pf_fail_errno("reading `%s` of input artifact `%s`", path, input->name);
    fclose(file);
    bool read = pf_read(full, most, bytes) || pf_context("input artifact `%s`", input->name);
    free(full);
    return read;
}

char *pf_input_text(const pf_input *input, const char *path, size_t most) {
    pf_bytes bytes;
    if (!pf_input_read(input, path, most, &bytes)) return NULL;
    if (!pf_is_utf8(bytes.data, bytes.size)) {
        pf_fail(PF_JOB_FAILED, "reading `%s` of input artifact `%s`: it is not UTF-8", path, input->name);
        return NULL;
    }
    return bytes.data;
}

FILE *pf_output_open(const pf_output *output, const char *path) {
    if (!pf_is_inside(path)) {
        pf_fail(PF_JOB_FAILED, "`%s` leaves output artifact `%s`: give a relative path without `..`", path, output->name);
        return NULL;
    }
    char *full = pf_join(output->path, path);
    FILE *file = pf_make_folders(output->path, path) ? fopen(full, "wb") : NULL;
    if (!file) pf_fail_errno("writing `%s` of output artifact `%s`", path, output->name);
    free(full);
    return file;
}

bool pf_output_close(const pf_output *output, const char *path, FILE *file) {
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed) return pf_fail_errno("writing `%s` of output artifact `%s`", path, output->name);
    return true;
}

bool pf_output_write(const pf_output *output, const char *path, const char *data, size_t size) {
    FILE *file = pf_output_open(output, path);
    if (!file) return false;
    if (size) fwrite(data, 1, size, file);
    return pf_output_close(output, path, file);
}

bool pf_output_print(const pf_output *output, const char *path, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t size;
    char *text = pf_format(format, arguments, &size);
    va_end(arguments);
    bool written = pf_output_write(output, path, text, size);
    free(text);
    return written;
}
