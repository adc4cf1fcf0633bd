// The job: artifacts and configuration.

#include "host.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *look_up(const pf_pair *pairs, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].name, name) == 0) return pairs[i].value;
    }
    return NULL;
}

const char *pf_attribute(const pf_job *job, const char *name) {
    return look_up(job->attributes, job->attribute_count, name);
}

const char *pf_config_value(const pf_job *job, const char *key) {
    return look_up(job->configuration, job->configuration_count, key);
}

static void fail_none(const char *what, const pf_job *job) {
    pf_fail(PF_CONFIGURATION_ERROR, "action `%s` needs an %s artifact: give it one in the pipeline's definition",
            job->pipeline.action, what);
}

/// "`A`, `B`", or "none".
static char *listed(const char *const *names, size_t count) {
    if (!count) return pf_copy("none", 4);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) size += strlen(names[i]) + 4;
    char *text = pf_allocate(size + 1);
    char *end = text;
    for (size_t i = 0; i < count; i++) end += sprintf(end, "%s`%s`", i ? ", " : "", names[i]);
    return text;
}

static void fail_absent(const char *what, const char *name, const char *const *names, size_t count) {
    pf_fail(PF_CONFIGURATION_ERROR, "the action needs an %s artifact named `%s`; the pipeline gives it %s", what, name,
            listed(names, count));
}

const pf_input *pf_first_input(const pf_job *job) {
    if (job->input_count) return &job->inputs[0];
    fail_none("input", job);
    return NULL;
}

const pf_output *pf_first_output(const pf_job *job) {
    if (job->output_count) return &job->outputs[0];
    fail_none("output", job);
    return NULL;
}

const pf_input *pf_input_named(const pf_job *job, const char *name) {
    const char **names = pf_allocate(sizeof *names * job->input_count);
    for (size_t i = 0; i < job->input_count; i++) {
        names[i] = job->inputs[i].name;
        if (strcmp(names[i], name) == 0) {
            free(names);
            return &job->inputs[i];
        }
    }
    fail_absent("input", name, names, job->input_count);
    return NULL;
}

const pf_output *pf_output_named(const pf_job *job, const char *name) {
    const char **names = pf_allocate(sizeof *names * job->output_count);
    for (size_t i = 0; i < job->output_count; i++) {
        names[i] = job->outputs[i].name;
        if (strcmp(names[i], name) == 0) {
            free(names);
            return &job->outputs[i];
        }
    }
    fail_absent("output", name, names, job->output_count);
    return NULL;
}

const char *pf_scratch(const pf_job *job) {
    if (job->scratch) return job->scratch;
    pf_fail(PF_PERMISSION_ERROR,
            "this action needs a directory for temporary files: the worker's operator grants it with `scratch = true` "
            "under the plugin's `grant`");
    return NULL;
}

/// The value that a typed reading starts from; `NULL` where the default stays.
static const char *given(const pf_job *job, const char *key) {
    const char *value = pf_config_value(job, key);
    return value && *value ? value : NULL;
}

/// A value for a message: 60 characters of it at most.
static char *shown(const char *value) {
    size_t size = 0, length = strlen(value), wrong = 0;
    for (int characters = 0; characters < 60 && size < length; characters++) {
        size_t next = pf_utf8_character((const unsigned char *)value + size, length - size, &wrong);
        size += next ? next : wrong;
    }
    const char *end = size < length ? "..." : "";
    char *text = pf_allocate(size + 6);
    sprintf(text, "`%.*s%s`", (int)size, value, end);
    return text;
}

static const char *trimmed(const char *value) {
    while (isspace((unsigned char)*value)) value++;
    size_t size = strlen(value);
    while (size && isspace((unsigned char)value[size - 1])) size--;
    return pf_copy(value, size);
}

bool pf_config_text(const pf_job *job, const char *key, const char **value) {
    const char *text = given(job, key);
    if (text) *value = text;
    return true;
}

bool pf_config_required(const pf_job *job, const char *key, const char **value) {
    const char *text = given(job, key);
    if (!text) return pf_fail_key(key, "a value is required");
    *value = text;
    return true;
}

bool pf_config_int(const pf_job *job, const char *key, int64_t least, int64_t most, int64_t *value) {
    const char *text = given(job, key);
    if (!text) return true;
    const char *digits = trimmed(text);
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(digits, &end, 10);
    if (errno || end == digits || *end || isspace((unsigned char)*digits) || number < least || number > most) {
        return pf_fail_key(key, "%s is not a whole number from %" PRId64 " to %" PRId64, shown(text), least, most);
    }
    *value = number;
    return true;
}

bool pf_config_number(const pf_job *job, const char *key, double *value) {
    const char *text = given(job, key);
    if (!text) return true;
    const char *digits = trimmed(text);
    char *end = NULL;
    double number = strtod(digits, &end);
    // strtod takes hexadecimal numbers, `inf` and `nan` too.
    bool plain = digits[strspn(digits, "0123456789+-.eE")] == '\0';
    if (!plain || end == digits || *end || !isfinite(number)) return pf_fail_key(key, "%s is not a number", shown(text));
    *value = number;
    return true;
}

static bool same_word(const char *a, const char *b) {
    for (; *a && *b; a++, b++) {
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
    }
    return *a == *b;
}

bool pf_config_bool(const pf_job *job, const char *key, bool *value) {
    const char *text = given(job, key);
    if (!text) return true;
    const char *word = trimmed(text);
    if (same_word(word, "true")) {
        *value = true;
    } else if (same_word(word, "false")) {
        *value = false;
    } else {
        return pf_fail_key(key, "%s is not `true` or `false`", shown(text));
    }
    return true;
}

bool pf_config_choice(const pf_job *job, const char *key, const char *const *words, size_t *value) {
    const char *text = given(job, key);
    if (!text) return true;
    const char *word = trimmed(text);
    size_t count = 0;
    for (; words[count]; count++) {
        if (strcmp(words[count], word) == 0) {
            *value = count;
            return true;
        }
    }
    return pf_fail_key(key, "%s is not one of %s", shown(text), listed(words, count));
}

bool pf_config_list(const pf_job *job, const char *key, pf_list *value) {
    const char *text = given(job, key);
    if (!text) return true;
    pf_list list = {NULL, 0};
    size_t room = 0;
    for (const char *part = text; part;) {
        const char *comma = strchr(part, ',');
        const char *end = comma ? comma : part + strlen(part);
        const char *next = comma ? comma + 1 : NULL;
        while (part < end && isspace((unsigned char)*part)) part++;
        while (part < end && isspace((unsigned char)end[-1])) end--;
        if (part < end) {
            list.items = pf_grow(list.items, list.count, &room, sizeof *list.items);
            list.items[list.count++] = pf_copy(part, (size_t)(end - part));
        }
        part = next;
    }
    *value = list;
    return true;
}
