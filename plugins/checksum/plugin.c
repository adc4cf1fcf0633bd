// A SHA-256 manifest of an artifact's files, in the format of sha256sum: made, or verified.

#include <pipefitter.h>

#include <stdlib.h>
#include <string.h>

#include "src/manifest.h"
#include "src/sha256.h"

// How many findings the failure's message names; all are in the log.
#define NAMED 20

// What is hashed, and how far it is.
typedef struct tally {
    sha256 hash;
    uint64_t bytes;
} tally;

static bool add_piece(void *context, const char *data, size_t size) {
    tally *all = context;
    sha256_add(&all->hash, data, size);
    all->bytes += size;
    // Nobody wants what comes of it: a large file is not read to its end.
    if (pf_stop_requested() == PF_CANCELLED) return pf_fail(PF_JOB_FAILED, "stopped: the result is not wanted any more");
    return true;
}

static bool hash_file(const pf_input *input, const char *path, tally *all, char digest[SHA256_HEX]) {
    sha256_begin(&all->hash);
    char *full = pf_join(input->path, path);
    if (!pf_read_pieces(full, add_piece, all)) return pf_context("input artifact `%s`", input->name);
    free(full);
    sha256_end(&all->hash, digest);
    return true;
}

static void show_progress(size_t done, const pf_files *files) {
    pf_progress((int)(done * 100 / files->count), "%zu of %zu files", done, files->count);
}

static pf_result *make(const pf_job *job, const char *name) {
    const pf_input *input = pf_first_input(job);
    const pf_output *output = pf_first_output(job);
    pf_files files;
    if (!input || !output || !pf_input_files(input, &files)) return NULL;

    manifest made = {NULL, 0, 0};
    tally all = {.bytes = 0};
    for (size_t i = 0; i < files.count; i++) {
        show_progress(i, &files);
        if (strcmp(files.paths[i], name) == 0) {
            pf_info("`%s` is left out: it is where the manifest goes", name);
            continue;
        }
        char digest[SHA256_HEX];
        if (!hash_file(input, files.paths[i], &all, digest)) return NULL;
        manifest_add(&made, files.paths[i], digest);
    }
    FILE *file = pf_output_open(output, name);
    if (!file) return NULL;
    char digest[SHA256_HEX];
    manifest_write(&made, file, digest);
    if (!pf_output_close(output, name, file)) return NULL;

    pf_result *result = pf_succeeded();
    pf_variable(result, "files", "%zu", made.count);
    pf_variable(result, "bytes", "%llu", (unsigned long long)all.bytes);
    pf_variable(result, "digest", "%s", digest);
    pf_summary(result, "%zu files in %s", made.count, name);
    pf_percent(result, 100);
    return result;
}

// What does not match, in the order of the paths.
typedef struct findings {
    size_t count;
    char *named[NAMED];
} findings;

static void find(findings *all, const char *what, const char *path) {
    pf_warn("%s: %s", what, path);
    if (all->count++ >= NAMED) return;
    char *line = malloc(strlen(what) + strlen(path) + 4);
    if (!line) pf_panic("out of memory");
    sprintf(line, "\n%s: %s", what, path);
    all->named[all->count - 1] = line;
}

// The manifest is in the last input artifact: with the files, or in one of its own.
static char *read_manifest(const pf_job *job, const char *name, char digest[SHA256_HEX]) {
    const pf_input *holder = &job->inputs[job->input_count - 1];
    pf_bytes text;
    bool read = holder->file ? pf_read(holder->file, PF_WHOLE, &text) : pf_input_read(holder, name, PF_WHOLE, &text);
    if (!read) {
        pf_context("the manifest");
        return NULL;
    }
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, text.data, text.size);
    sha256_end(&hash, digest);
    if (strlen(text.data) != text.size) {
        pf_fail(PF_JOB_FAILED, "`%s` of input artifact `%s` is no manifest: it has zero bytes", name, holder->name);
        return NULL;
    }
    return text.data;
}

static bool compare(const pf_input *input, const pf_files *files, const manifest *listed, const char *own,
                    bool allow_unlisted, tally *all, findings *found) {
    size_t at = 0;
    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->paths[i];
        show_progress(i, files);
        while (at < listed->count && strcmp(listed->entries[at].path, path) < 0) {
            find(found, "missing", listed->entries[at++].path);
        }
        if (at < listed->count && strcmp(listed->entries[at].path, path) == 0) {
            char digest[SHA256_HEX];
            if (!hash_file(input, path, all, digest)) return false;
            if (strcmp(digest, listed->entries[at].digest) != 0) find(found, "differs", path);
            at++;
        } else if (!allow_unlisted && !(own && strcmp(own, path) == 0)) {
            find(found, "unlisted", path);
        }
    }
    while (at < listed->count) find(found, "missing", listed->entries[at++].path);
    return true;
}

static pf_result *fail_for(const findings *found, const manifest *listed, const char *name) {
    size_t size = 1, named = found->count < NAMED ? found->count : NAMED;
    for (size_t i = 0; i < named; i++) size += strlen(found->named[i]);
    char *lines = calloc(size, 1);
    if (!lines) pf_panic("out of memory");
    for (size_t i = 0; i < named; i++) strcat(lines, found->named[i]);
    const char *more = found->count > named ? "\nand more: all are in the log" : "";
    return pf_failed(PF_JOB_FAILED, "%zu %s not match `%s`, which lists %zu:%s%s", found->count,
                     found->count == 1 ? "file does" : "files do", name, listed->count, lines, more);
}

static pf_result *verify(const pf_job *job, const char *name, bool allow_unlisted) {
    const pf_input *input = pf_first_input(job);
    pf_files files;
    char digest[SHA256_HEX];
    manifest listed = {NULL, 0, 0};
    if (!input) return NULL;
    char *text = read_manifest(job, name, digest);
    if (!text || !manifest_read(text, name, &listed) || !pf_input_files(input, &files)) return NULL;
    if (!listed.count) return pf_failed(PF_JOB_FAILED, "`%s` lists no files: there is nothing to verify", name);

    tally all = {.bytes = 0};
    findings found = {.count = 0};
    const char *own = job->input_count == 1 ? name : NULL;
    if (!compare(input, &files, &listed, own, allow_unlisted, &all, &found)) return NULL;
    if (found.count) return fail_for(&found, &listed, name);

    pf_result *result = pf_succeeded();
    pf_variable(result, "files", "%zu", listed.count);
    pf_variable(result, "bytes", "%llu", (unsigned long long)all.bytes);
    pf_variable(result, "digest", "%s", digest);
    pf_summary(result, "%zu files match %s", listed.count, name);
    pf_percent(result, 100);
    return result;
}

pf_result *pf_run(const pf_job *job) {
    static const char *const modes[] = {"make", "verify", NULL};
    size_t mode = 0;
    const char *name = "SHA256SUMS";
    bool allow_unlisted = false;
    if (!pf_config_choice(job, "mode", modes, &mode) || !pf_config_text(job, "manifest", &name) ||
        !pf_config_bool(job, "allow-unlisted", &allow_unlisted)) {
        return NULL;
    }
    if (!pf_is_inside(name)) {
        pf_fail_key("manifest", "`%s` is no path in an artifact: give a relative one without `..`", name);
        return NULL;
    }
    return mode ? verify(job, name, allow_unlisted) : make(job, name);
}
