// The seam to the host for native tests.

#include "testing.h"

#include "../src/host.h"

#include <stdlib.h>
#include <string.h>

#define SECRETS 16

static struct {
    char *log;
    size_t size;
    size_t room;
    pf_level threshold;
    pf_stop stop;
    pf_pair secrets[SECRETS];
    size_t secret_count;
} test;

const char *pf_test_variable(const pf_result *result, const char *name) {
    for (size_t i = 0; i < result->variable_count; i++) {
        if (strcmp(result->variables[i].name, name) == 0) return result->variables[i].value;
    }
    return NULL;
}

size_t pf_test_variable_count(const pf_result *result) {
    return result->variable_count;
}

const char *pf_test_summary(const pf_result *result) {
    return result->summary;
}

const char *pf_test_token(const pf_result *result) {
    return result->token;
}

int pf_test_percent(const pf_result *result) {
    return result->percent;
}

const pf_revision *pf_test_revision(const pf_result *result) {
    return result->revision.revision ? &result->revision : NULL;
}

static void append(const char *data, size_t size) {
    while (test.room < test.size + size + 1) {
        test.room = test.room * 2 + 256;
        test.log = realloc(test.log, test.room);
        if (!test.log) pf_panic("out of memory");
    }
    memcpy(test.log + test.size, data, size);
    test.size += size;
    test.log[test.size] = '\0';
}

static void append_text(const char *text) {
    append(text, strlen(text));
}

const char *pf_test_log(void) {
    return test.log ? test.log : "";
}

void pf_test_reset(void) {
    free(test.log);
    memset(&test, 0, sizeof test);
    pf_forget_failure();
}

void pf_test_set_threshold(pf_level level) {
    test.threshold = level;
}

void pf_test_request_stop(pf_stop reason) {
    test.stop = reason;
}

void pf_test_set_secret(const char *name, const char *value, size_t size) {
    if (test.secret_count == SECRETS) pf_panic("a test has at most %d secrets", SECRETS);
    test.secrets[test.secret_count++] = (pf_pair){name, value, size};
}

void pf_host_log(pf_level level, const pf_pair *fields, size_t count, const char *message, size_t size) {
    static const char *const names[] = {"TRACE ", "DEBUG ", "INFO ", "WARN ", "ERROR "};
    append_text(names[level]);
    size_t valid_size;
    char *valid = pf_copy_utf8(message, size, &valid_size);
    append(valid, valid_size);
    free(valid);
    for (size_t i = 0; i < count; i++) {
        append_text(" ");
        append_text(fields[i].name);
        append_text("=");
        append_text(fields[i].value);
    }
    append_text("\n");
}

pf_level pf_host_threshold(void) {
    return test.threshold;
}

void pf_host_progress(int percent, const char *summary, size_t size) {
    char head[32];
    snprintf(head, sizeof head, "PROGRESS %d ", percent);
    append_text(head);
    append(summary, size);
    append_text("\n");
}

pf_stop pf_host_stop_requested(void) {
    return test.stop;
}

uint32_t pf_host_time_remaining(void) {
    return UINT32_MAX;
}

pf_secret_error pf_host_secret_bytes(const char *name, pf_bytes *bytes) {
    for (size_t i = 0; i < test.secret_count; i++) {
        const pf_pair *secret = &test.secrets[i];
        if (strcmp(secret->name, name) != 0) continue;
        if (!secret->value) return PF_SECRET_UNAVAILABLE;
        *bytes = (pf_bytes){pf_copy(secret->value, secret->value_size), secret->value_size};
        return PF_SECRET_IS_THERE;
    }
    return PF_SECRET_DENIED;
}

pf_secret_error pf_host_secret(const char *name, pf_bytes *bytes) {
    return pf_host_secret_bytes(name, bytes);
}
