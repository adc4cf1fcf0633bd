// Configuration in, and every kind of answer out.

#include "cases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

pf_result *config_case(const pf_job *job) {
    const char *text = pf_config_value(job, "text");
    int64_t number = 0;
    if (!pf_config_int(job, "number", INT32_MIN, INT32_MAX, &number)) return NULL;
    size_t characters = 0;
    for (const char *at = text ? text : ""; *at; at++) characters += (*at & 0xC0) != 0x80;

    pf_result *result = pf_succeeded();
    pf_variable(result, "text", "%s", text ? text : "(missing)");
    pf_variable(result, "characters", "%zu", characters);
    if (pf_config_value(job, "number")) {
        pf_variable(result, "number", "%" PRId64, 2 * number);
    } else {
        pf_variable(result, "number", "(missing)");
    }
    return result;
}

pf_result *variables_case(const pf_job *job) {
    int64_t count = 0, size = 0;
    if (!pf_config_int(job, "count", 0, 1000000, &count) || !pf_config_int(job, "size", 0, 1000000, &size)) return NULL;
    char *value = malloc((size_t)size + 1);
    memset(value, 'x', (size_t)size);
    pf_result *result = pf_succeeded();
    for (int64_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "v%" PRId64, i);
        pf_variable_text(result, name, value, (size_t)size);
    }
    return result;
}

pf_result *fail_case(const pf_job *job) {
    static const char *const kinds[] = {"job-failed",           "configuration-error",  "permission-error",
                                        "revision-out-of-sync", "revision-unavailable", "system-unavailable", NULL};
    size_t kind = PF_JOB_FAILED;
    if (!pf_config_choice(job, "kind", kinds, &kind)) return NULL;
    pf_fail((pf_failure_type)kind, "failed as asked: %s", kinds[kind]);
    pf_fail_external_id("external-1");
    return NULL;
}

pf_result *continue_case(const pf_job *job) {
    pf_result *result;
    if (!job->continuation_token) {
        result = pf_in_progress("one");
        pf_summary(result, "one of three");
    } else if (strcmp(job->continuation_token, "one") == 0) {
        result = pf_in_progress("two");
        pf_summary(result, "two of three");
    } else {
        result = pf_succeeded();
        pf_variable(result, "hops", "3");
        pf_summary(result, "three of three");
    }
    return result;
}

pf_result *details_case(const pf_job *job) {
    pf_result *result = pf_succeeded();
    pf_variable(result, "pipeline", "%s", job->pipeline.pipeline);
    pf_variable(result, "stage", "%s", job->pipeline.stage);
    pf_variable(result, "action", "%s", job->pipeline.action);
    pf_variable(result, "provider", "%s", job->action_type.provider);
    pf_variable(result, "attempt", "%" PRIu32, job->attempt);
    pf_external_id(result, "external-2");
    pf_percent(result, 100);
    pf_current_revision(result,
                        &(pf_revision){.revision = "r1", .change_identifier = "c1", .summary = "a revision"});
    return result;
}

pf_result *throw_case(const pf_job *job) {
    (void)job;
    return pf_failed(PF_JOB_FAILED, "uncaught as asked");
}

pf_result *trap_case(const pf_job *job) {
    (void)job;
    abort();
}

pf_result *progress_case(const pf_job *job) {
    (void)job;
    pf_progress(40, "two of five");
    return pf_succeeded();
}
