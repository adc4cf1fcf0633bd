// Artifacts.

#include "cases.h"

pf_result *inputs_case(const pf_job *job) {
    const pf_output *output = pf_first_output(job);
    FILE *listing = output ? pf_output_open(output, "listing.txt") : NULL;
    if (!listing) return NULL;
    size_t lines = 0;
    for (size_t i = 0; i < job->input_count; i++) {
        const pf_input *input = &job->inputs[i];
        pf_files files;
        if (!pf_input_files(input, &files)) return NULL;
        for (size_t at = 0; at < files.count; at++) {
            uint64_t size = 0;
            if (!pf_input_size(input, files.paths[at], &size)) return NULL;
            fprintf(listing, "%s/%s %llu\n", input->name, files.paths[at], (unsigned long long)size);
            lines++;
        }
    }
    if (!pf_output_close(output, "listing.txt", listing)) return NULL;
    pf_result *result = pf_succeeded();
    pf_variable(result, "inputs", "%zu", job->input_count);
    pf_variable(result, "files", "%zu", lines);
    return result;
}

typedef struct tally {
    uint64_t bytes;
    unsigned char last;
} tally;

static bool count(void *context, const char *data, size_t size) {
    tally *all = context;
    all->bytes += size;
    all->last = (unsigned char)data[size - 1];
    return true;
}

pf_result *large_case(const pf_job *job) {
    const pf_input *input = pf_first_input(job);
    tally all = {0, 0};
    if (!input || !pf_read_pieces(pf_join(input->path, "big.bin"), count, &all)) return NULL;
    pf_result *result = pf_succeeded();
    pf_variable(result, "bytes", "%llu", (unsigned long long)all.bytes);
    pf_variable(result, "last", "%u", all.last);
    return result;
}

pf_result *tree_case(const pf_job *job) {
    const pf_output *output = pf_first_output(job);
    char bytes[256];
    for (int i = 0; i < 256; i++) bytes[i] = (char)i;
    bool written = output && pf_output_print(output, "a/b/c.txt", "deep\n") &&
                   pf_output_print(output, "ünï/日本.txt", "grüße 😀\n") && pf_output_write(output, "empty.txt", "", 0) &&
                   pf_output_write(output, "bytes.bin", bytes, sizeof bytes);
    return written ? pf_succeeded() : NULL;
}

static const char *told(const char *path, const char *mode) {
    FILE *file = fopen(path, mode);
    if (!file) return "refused";
    fclose(file);
    return "opened";
}

pf_result *denied_case(const pf_job *job) {
    const pf_input *input = pf_first_input(job);
    if (!input) return NULL;
    pf_result *result = pf_succeeded();
    pf_variable(result, "outside", "%s", told("/etc/passwd", "r"));
    pf_variable(result, "input", "%s", told(pf_join(input->path, "new.txt"), "w"));
    pf_variable(result, "above", "%s", told(pf_join(input->path, "../../etc/passwd"), "r"));
    return result;
}
