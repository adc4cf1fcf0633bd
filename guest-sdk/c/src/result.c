// Results and failures.

#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/// The characters that a plugin's token may have. CodePipeline takes 2,048; the host's own envelope around it needs
/// the rest.
#define TOKEN_CHARACTERS 1700

pf_failure pf_recorded;

static void record(pf_failure_type type, char *message, size_t size) {
    pf_recorded = (pf_failure){.recorded = true, .type = type, .message = message, .message_size = size};
}

/// `prefix` before what printf would print, and `suffix` after it.
static char *composed(const char *prefix, const char *format, va_list arguments, const char *suffix, size_t *size) {
    size_t middle_size;
    char *middle = pf_format(format, arguments, &middle_size);
    size_t before = strlen(prefix), after = strlen(suffix);
    char *text = pf_allocate(before + middle_size + after + 1);
    memcpy(text, prefix, before);
    memcpy(text + before, middle, middle_size);
    memcpy(text + before + middle_size, suffix, after + 1);
    free(middle);
    *size = before + middle_size + after;
    return text;
}

bool pf_fail(pf_failure_type type, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t size;
    char *message = pf_format(format, arguments, &size);
    va_end(arguments);
    record(type, message, size);
    return false;
}

pf_result *pf_failed(pf_failure_type type, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t size;
    char *message = pf_format(format, arguments, &size);
    va_end(arguments);
    record(type, message, size);
    return NULL;
}

bool pf_fail_text(pf_failure_type type, const char *message, size_t size) {
    record(type, pf_copy(message, size), size);
    return false;
}

bool pf_fail_key(const char *key, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t size;
    char *problem = pf_format(format, arguments, &size);
    va_end(arguments);
    return pf_fail(PF_CONFIGURATION_ERROR, "configuration `%s`: %s", key, problem);
}

bool pf_fail_errno(const char *format, ...) {
    int error = errno;
    bool may_not = error == EACCES || error == EPERM || error == EROFS;
#ifdef ENOTCAPABLE
    may_not = may_not || error == ENOTCAPABLE;
#endif
    size_t size, whole;
    va_list arguments;
    va_start(arguments, format);
    char *doing = composed("", format, arguments, ": ", &size);
    va_end(arguments);
    const char *reason = strerror(error);
    char *message = pf_allocate(size + strlen(reason) + 1);
    whole = (size_t)sprintf(message, "%s%s", doing, reason);
    free(doing);
    record(may_not ? PF_PERMISSION_ERROR : PF_JOB_FAILED, message, whole);
    return false;
}

bool pf_context(const char *format, ...) {
    if (!pf_recorded.recorded) return false;
    size_t size;
    va_list arguments;
    va_start(arguments, format);
    char *doing = composed("", format, arguments, ": ", &size);
    va_end(arguments);
    char *message = pf_allocate(size + pf_recorded.message_size + 1);
    memcpy(message, doing, size);
    memcpy(message + size, pf_recorded.message, pf_recorded.message_size + 1);
    free(doing);
    pf_recorded.message = message;
    pf_recorded.message_size += size;
    return false;
}

void pf_fail_external_id(const char *id) {
    pf_recorded.external_id = pf_copy(id, strlen(id));
}

const char *pf_failure_message(void) {
    return pf_recorded.recorded ? pf_recorded.message : NULL;
}

pf_failure_type pf_failure_kind(void) {
    return pf_recorded.type;
}

void pf_forget_failure(void) {
    pf_recorded = (pf_failure){.recorded = false};
}

static pf_result *new_result(void) {
    pf_result *result = pf_allocate(sizeof *result);
    *result = (pf_result){.percent = -1};
    return result;
}

pf_result *pf_succeeded(void) {
    return new_result();
}

pf_result *pf_in_progress(const char *token) {
    size_t size = strlen(token), characters = 0;
    for (size_t i = 0; i < size; i++) characters += ((unsigned char)token[i] & 0xC0) != 0x80;
    if (!characters) {
        return pf_failed(PF_JOB_FAILED, "the continuation token is empty: the next job would know nothing of this one");
    }
    if (characters > TOKEN_CHARACTERS) {
        return pf_failed(PF_JOB_FAILED,
                         "the continuation token has %zu characters of at most %d: keep what is large elsewhere and its "
                         "name in the token",
                         characters, TOKEN_CHARACTERS);
    }
    pf_result *result = new_result();
    result->in_progress = true;
    result->token = pf_copy(token, size);
    return result;
}

void pf_variable_text(pf_result *result, const char *name, const char *value, size_t size) {
    if (!result) return;
    if (result->in_progress) {
        pf_warn("variable `%s` is dropped: a job in progress has none", name);
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < result->variable_count; i++) {
        if (strcmp(result->variables[i].name, name) != 0) result->variables[kept++] = result->variables[i];
    }
    result->variables = pf_grow(result->variables, kept, &result->variable_room, sizeof *result->variables);
    result->variables[kept] =
        (pf_pair){.name = pf_copy(name, strlen(name)), .value = pf_copy(value, size), .value_size = size};
    result->variable_count = kept + 1;
}

void pf_variable(pf_result *result, const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t size;
    char *value = pf_format(format, arguments, &size);
    va_end(arguments);
    pf_variable_text(result, name, value, size);
    free(value);
}

void pf_summary_text(pf_result *result, const char *summary, size_t size) {
    if (!result) return;
    result->summary = pf_copy(summary, size);
    result->summary_size = size;
}

void pf_summary(pf_result *result, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t size;
    char *summary = pf_format(format, arguments, &size);
    va_end(arguments);
    pf_summary_text(result, summary, size);
    free(summary);
}

void pf_percent(pf_result *result, unsigned percent) {
    if (result) result->percent = percent > 100 ? 100 : (int)percent;
}

void pf_external_id(pf_result *result, const char *id) {
    if (result) result->external_id = pf_copy(id, strlen(id));
}

void pf_current_revision(pf_result *result, const pf_revision *revision) {
    if (!result) return;
    if (result->in_progress) {
        pf_warn("the current revision is dropped: a job in progress has none");
        return;
    }
    result->revision = (pf_revision){
        .revision = pf_copy(revision->revision, strlen(revision->revision)),
        .change_identifier = pf_copy(revision->change_identifier, strlen(revision->change_identifier)),
        .created = revision->created,
        .summary = revision->summary ? pf_copy(revision->summary, strlen(revision->summary)) : NULL,
    };
}
