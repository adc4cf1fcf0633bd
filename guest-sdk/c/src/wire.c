// The seam to the host over the generated bindings: jobs in, results out. For wasm only.

#include "host.h"

#include "../gen/pf_wire.h"

#include <stdlib.h>
#include <string.h>

/// A text of the host's as C has them.
static const char *text_in(const pf_wire_string_t *text) {
    return pf_copy((const char *)text->ptr, text->len);
}

static const char *option_in(const pf_wire_option_string_t *text) {
    return text->is_some ? text_in(&text->val) : NULL;
}

/// A text for the host: UTF-8, or the host would end the job.
static pf_wire_string_t text_out(const char *data, size_t size) {
    pf_wire_string_t text;
    text.ptr = (uint8_t *)pf_copy_utf8(data, size, &text.len);
    return text;
}

static pf_wire_option_string_t option_out(const char *data, size_t size) {
    pf_wire_option_string_t text = {.is_some = data != NULL};
    if (data) text.val = text_out(data, size);
    return text;
}

static pf_wire_option_string_t option_c_out(const char *text) {
    return option_out(text, text ? strlen(text) : 0);
}

void pf_host_log(pf_level level, const pf_pair *fields, size_t count, const char *message, size_t size) {
    pf_wire_string_t text = text_out(message, size);
    pf_wire_list_tuple2_string_string_t list = {NULL, count};
    if (count) list.ptr = pf_allocate(sizeof *list.ptr * count);
    for (size_t i = 0; i < count; i++) {
        const char *value = fields[i].value;
        list.ptr[i].f0 = text_out(fields[i].name, strlen(fields[i].name));
        list.ptr[i].f1 = text_out(value, fields[i].value_size ? fields[i].value_size : strlen(value));
    }
    pipefitter_action_log_write((pipefitter_action_log_level_t)level, &text, &list);
    for (size_t i = 0; i < count; i++) {
        free(list.ptr[i].f0.ptr);
        free(list.ptr[i].f1.ptr);
    }
    free(list.ptr);
    free(text.ptr);
}

pf_level pf_host_threshold(void) {
    return (pf_level)pipefitter_action_log_threshold();
}

void pf_host_progress(int percent, const char *summary, size_t size) {
    pf_wire_string_t text = text_out(summary, size);
    uint8_t known = (uint8_t)percent;
    pipefitter_action_control_progress(percent < 0 ? NULL : &known, &text);
    free(text.ptr);
}

pf_stop pf_host_stop_requested(void) {
    pipefitter_action_control_stop_reason_t reason;
    if (!pipefitter_action_control_stop_requested(&reason)) return PF_GO_ON;
    return reason == PIPEFITTER_ACTION_CONTROL_STOP_REASON_HAND_OVER ? PF_HAND_OVER : PF_CANCELLED;
}

uint32_t pf_host_time_remaining(void) {
    return pipefitter_action_control_time_remaining();
}

static pf_secret_error no_secret(pipefitter_action_secrets_secret_error_t error) {
    switch (error) {
    case PIPEFITTER_ACTION_SECRETS_SECRET_ERROR_DENIED:
        return PF_SECRET_DENIED;
    case PIPEFITTER_ACTION_SECRETS_SECRET_ERROR_MISSING:
        return PF_SECRET_MISSING;
    default:
        return PF_SECRET_UNAVAILABLE;
    }
}

pf_secret_error pf_host_secret(const char *name, pf_bytes *bytes) {
    pf_wire_string_t wanted = text_out(name, strlen(name)), secret;
    pipefitter_action_secrets_secret_error_t error;
    bool there = pipefitter_action_secrets_get(&wanted, &secret, &error);
    free(wanted.ptr);
    if (!there) return no_secret(error);
    *bytes = (pf_bytes){pf_copy((const char *)secret.ptr, secret.len), secret.len};
    pf_wire_string_free(&secret);
    return PF_SECRET_IS_THERE;
}

pf_secret_error pf_host_secret_bytes(const char *name, pf_bytes *bytes) {
    pf_wire_string_t wanted = text_out(name, strlen(name));
    pf_wire_list_u8_t secret;
    pipefitter_action_secrets_secret_error_t error;
    bool there = pipefitter_action_secrets_get_bytes(&wanted, &secret, &error);
    free(wanted.ptr);
    if (!there) return no_secret(error);
    *bytes = (pf_bytes){pf_copy((const char *)secret.ptr, secret.len), secret.len};
    pf_wire_list_u8_free(&secret);
    return PF_SECRET_IS_THERE;
}

static const pf_pair *pairs_in(const pipefitter_action_types_list_pair_t *list) {
    pf_pair *pairs = pf_allocate(sizeof *pairs * list->len);
    for (size_t i = 0; i < list->len; i++) {
        pairs[i] = (pf_pair){text_in(&list->ptr[i].f0), text_in(&list->ptr[i].f1), list->ptr[i].f1.len};
    }
    return pairs;
}

static const pf_input *inputs_in(const pipefitter_action_types_list_input_artifact_t *list) {
    pf_input *inputs = pf_allocate(sizeof *inputs * list->len);
    for (size_t i = 0; i < list->len; i++) {
        inputs[i] = (pf_input){
            .name = text_in(&list->ptr[i].name),
            .path = text_in(&list->ptr[i].path),
            .file = option_in(&list->ptr[i].file),
            .revision = option_in(&list->ptr[i].revision),
        };
    }
    return inputs;
}

static const pf_output *outputs_in(const pipefitter_action_types_list_output_artifact_t *list) {
    pf_output *outputs = pf_allocate(sizeof *outputs * list->len);
    for (size_t i = 0; i < list->len; i++) {
        outputs[i] = (pf_output){text_in(&list->ptr[i].name), text_in(&list->ptr[i].path)};
    }
    return outputs;
}

static pf_job job_in(const exports_pipefitter_action_handler_job_t *job) {
    return (pf_job){
        .id = text_in(&job->id),
        .attempt = job->attempt,
        .account_id = option_in(&job->account_id),
        .action_type =
            {
                .category = text_in(&job->action_type.category),
                .owner = text_in(&job->action_type.owner),
                .provider = text_in(&job->action_type.provider),
                .version = text_in(&job->action_type.version),
            },
        .configuration = pairs_in(&job->configuration),
        .configuration_count = job->configuration.len,
        .pipeline =
            {
                .pipeline = text_in(&job->pipeline.pipeline),
                .stage = text_in(&job->pipeline.stage),
                .action = text_in(&job->pipeline.action),
                .pipeline_arn = option_in(&job->pipeline.pipeline_arn),
                .pipeline_execution_id = option_in(&job->pipeline.pipeline_execution_id),
                .action_execution_id = option_in(&job->pipeline.action_execution_id),
            },
        .inputs = inputs_in(&job->inputs),
        .input_count = job->inputs.len,
        .outputs = outputs_in(&job->outputs),
        .output_count = job->outputs.len,
        .scratch = option_in(&job->scratch),
        .continuation_token = option_in(&job->continuation_token),
        .attributes = pairs_in(&job->attributes),
        .attribute_count = job->attributes.len,
    };
}

static pipefitter_action_types_execution_details_t details_out(const pf_result *result) {
    return (pipefitter_action_types_execution_details_t){
        .summary = option_out(result->summary, result->summary_size),
        .external_execution_id = option_c_out(result->external_id),
        .percent_complete = {.is_some = result->percent >= 0, .val = (uint8_t)result->percent},
    };
}

static void success_out(const pf_result *result, pipefitter_action_types_success_t *success) {
    *success = (pipefitter_action_types_success_t){.details = details_out(result)};
    success->variables.len = result->variable_count;
    success->variables.ptr = pf_allocate(sizeof *success->variables.ptr * result->variable_count);
    for (size_t i = 0; i < result->variable_count; i++) {
        const pf_pair *variable = &result->variables[i];
        success->variables.ptr[i].f0 = text_out(variable->name, strlen(variable->name));
        success->variables.ptr[i].f1 = text_out(variable->value, variable->value_size);
    }
    const pf_revision *revision = &result->revision;
    if (!revision->revision) return;
    success->current_revision.is_some = true;
    success->current_revision.val = (pipefitter_action_types_current_revision_t){
        .revision = text_out(revision->revision, strlen(revision->revision)),
        .change_identifier = text_out(revision->change_identifier, strlen(revision->change_identifier)),
        .created = {.is_some = revision->created > 0, .val = revision->created},
        .summary = option_c_out(revision->summary),
    };
}

bool exports_pipefitter_action_handler_run(exports_pipefitter_action_handler_job_t *wire,
                                           exports_pipefitter_action_handler_outcome_t *outcome,
                                           exports_pipefitter_action_handler_failure_t *failure) {
    // By lines, so that they are in order with what the log's functions write, and are there when the job traps.
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    pf_job job = job_in(wire);
    const pf_result *result = pf_run(&job);
    fflush(stdout);
    fflush(stderr);
    if (result && result->in_progress) {
        outcome->tag = PIPEFITTER_ACTION_TYPES_OUTCOME_IN_PROGRESS;
        outcome->val.in_progress.token = text_out(result->token, strlen(result->token));
        outcome->val.in_progress.details = details_out(result);
        return true;
    }
    if (result) {
        outcome->tag = PIPEFITTER_ACTION_TYPES_OUTCOME_SUCCEEDED;
        success_out(result, &outcome->val.succeeded);
        return true;
    }
    if (!pf_recorded.recorded) {
        pf_fail(PF_JOB_FAILED, "the plugin returned no result and recorded no failure: this is a fault of the plugin");
    }
    failure->kind = (pipefitter_action_types_failure_type_t)pf_recorded.type;
    failure->message = text_out(pf_recorded.message, pf_recorded.message_size);
    failure->external_execution_id = option_c_out(pf_recorded.external_id);
    return false;
}

/// What `abort` is in a plugin (`-Dabort=pf_abort`): the C library's ends the job without a word.
_Noreturn void pf_abort(void) {
    fflush(stdout);
    fputs("panic: abort() was called\n", stderr);
    __builtin_trap();
}
