/// For tests that run natively: a plugin's function is plain C. Link the SDK's `src/*.c` but `wire.c` and `http.c`, and
/// `testing/testing.c`.
///
///     pf_job job = {.id = "1", .attempt = 1, .configuration = pairs, .configuration_count = 1};
///     pf_result *result = pf_run(&job);
///     assert(strcmp(pf_test_variable(result, "pages"), "3") == 0);
///     assert(strstr(pf_test_log(), "INFO built 3 pages"));
#ifndef PF_TESTING_H
#define PF_TESTING_H

#include <pipefitter.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The value of an output variable, or `NULL`.
const char *pf_test_variable(const pf_result *result, const char *name);
/// How many output variables there are.
size_t pf_test_variable_count(const pf_result *result);
/// The summary, or `NULL`.
const char *pf_test_summary(const pf_result *result);
/// The continuation token; `NULL` when the job is done.
const char *pf_test_token(const pf_result *result);
/// How far the action is, or -1.
int pf_test_percent(const pf_result *result);
/// The revision made current, or `NULL`.
const pf_revision *pf_test_revision(const pf_result *result);
/// What was logged: lines as `INFO text name=value`, and progress as `PROGRESS 50 text`.
const char *pf_test_log(void);
/// Forgets what was logged, granted and asked for.
void pf_test_reset(void);
/// Keeps only messages from this level on.
void pf_test_set_threshold(pf_level level);
/// What `pf_stop_requested` says.
void pf_test_request_stop(pf_stop reason);
/// Grants a secret; with `value` `NULL` its store does not answer. Others are not granted.
void pf_test_set_secret(const char *name, const char *value, size_t size);

#ifdef __cplusplus
}
#endif

#endif
