// Log, control and secrets.

#include "host.h"

#include <stdlib.h>
#include <string.h>

/// What waits in standard output was written before.
static void flush_output(void) {
    fflush(stdout);
}

pf_level pf_threshold(void) {
    return pf_host_threshold();
}

void pf_log_text(pf_level level, const pf_pair *fields, size_t count, const char *message, size_t size) {
    if (level < pf_host_threshold()) return;
    flush_output();
    pf_host_log(level, fields, count, message, size);
}

static void log_format(pf_level level, const pf_pair *fields, size_t count, const char *format, va_list arguments) {
    if (level < pf_host_threshold()) return;
    size_t size;
    char *message = pf_format(format, arguments, &size);
    flush_output();
    pf_host_log(level, fields, count, message, size);
    free(message);
}

void pf_log(pf_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_format(level, NULL, 0, format, arguments);
    va_end(arguments);
}

void pf_log_fields(pf_level level, const pf_pair *fields, size_t count, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_format(level, fields, count, format, arguments);
    va_end(arguments);
}

void pf_panic(const char *format, ...) {
    // Not by the functions above: there may be no memory left.
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    flush_output();
    if (size < 0) size = 0;
    fprintf(stderr, "panic: %.*s\n", size, message);
    __builtin_trap();
}

void pf_progress_text(int percent, const char *summary, size_t size) {
    pf_host_progress(percent > 100 ? 100 : percent, summary, size);
}

void pf_progress(int percent, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t size;
    char *summary = pf_format(format, arguments, &size);
    va_end(arguments);
    pf_progress_text(percent, summary, size);
    free(summary);
}

pf_stop pf_stop_requested(void) {
    return pf_host_stop_requested();
}

uint32_t pf_time_remaining(void) {
    return pf_host_time_remaining();
}

static bool there(pf_secret_error error, const char *name) {
    switch (error) {
    case PF_SECRET_IS_THERE:
        return true;
    case PF_SECRET_DENIED:
        return pf_fail(PF_PERMISSION_ERROR,
                       "the secret `%s` is not granted to this plugin: the worker's operator can grant it", name);
    case PF_SECRET_MISSING:
        return pf_fail(PF_PERMISSION_ERROR,
                       "the secret `%s` is granted, and nothing is stored under it: the worker's operator can store it",
                       name);
    case PF_SECRET_UNAVAILABLE:
        break;
    }
    return pf_fail(PF_SYSTEM_UNAVAILABLE, "the secret `%s` cannot be read now: trying again later may help", name);
}

char *pf_secret(const char *name) {
    pf_bytes bytes;
    return there(pf_host_secret(name, &bytes), name) ? bytes.data : NULL;
}

bool pf_secret_bytes(const char *name, pf_bytes *bytes) {
    return there(pf_host_secret_bytes(name, bytes), name);
}
