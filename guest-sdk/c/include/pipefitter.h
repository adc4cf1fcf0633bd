/// Pipefitter's SDK for C: one function turns a job of AWS CodePipeline into a result.
///
///     #include <pipefitter.h>
///
///     pf_result *pf_run(const pf_job *job) {
///         const pf_input *input = pf_first_input(job);
///         const pf_output *output = pf_first_output(job);
///         if (!input || !output) return NULL;
///
///         pf_files files;
///         if (!pf_input_files(input, &files)) return NULL;
///         pf_info("%zu files", files.count);
///         if (!pf_output_print(output, "report.txt", "%zu files\n", files.count)) return NULL;
///
///         pf_result *result = pf_succeeded();
///         pf_variable(result, "files", "%zu", files.count);
///         return result;
///     }
///
/// Failures. What can fail returns `false` or `NULL`, and has then recorded why; `pf_run` passes that on by
/// returning `NULL`. `pf_fail` records a failure of your own. The last one recorded counts.
///
/// Memory. An instance of the plugin runs one job, and its memory goes when the job ends: nothing needs to be freed.
/// What the SDK gives back by a pointer that is not `const` came from `malloc`, and may be freed by a plugin that
/// reads much. Where there is no memory left, the SDK ends the job as `pf_panic` does.
///
/// Texts are UTF-8 and end in a zero byte. What goes to the host and is not UTF-8 has U+FFFD in place of what is not.
///
/// C has no exceptions. `abort`, a failed `assert`, a division by zero and the like end the job at once: it fails as
/// `job-failed`, and its log has what there is to say (`abort` and `assert` write a line). The message that a
/// pipeline's owner should see belongs into a failure.
#ifndef PIPEFITTER_H
#define PIPEFITTER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define PF_PRINTF(text_at, first) __attribute__((format(printf, text_at, first)))
#define PF_NORETURN __attribute__((noreturn))
#else
#define PF_PRINTF(text_at, first)
#define PF_NORETURN
#endif

// --- The job ---------------------------------------------------------------------------------------------------------

/// A name and its text.
typedef struct pf_pair {
    const char *name;
    const char *value;
    /// Bytes of `value`, for those that have a zero byte in them.
    size_t value_size;
} pf_pair;

/// The action type that a job is for, as it is registered with CodePipeline.
typedef struct pf_action_type {
    /// `Source`, `Build`, `Test`, `Deploy`, `Invoke`, `Approval` or `Compute`.
    const char *category;
    /// `Custom` or `ThirdParty`.
    const char *owner;
    /// The provider's name, at most 35 characters.
    const char *provider;
    /// The version of the action type (not of the plugin), at most 9 characters.
    const char *version;
} pf_action_type;

/// Where in which pipeline the action stands.
typedef struct pf_pipeline_context {
    const char *pipeline;
    const char *stage;
    const char *action;
    /// The pipeline's ARN; `NULL` for third-party jobs.
    const char *pipeline_arn;
    /// The id of the pipeline execution; `NULL` for third-party jobs.
    const char *pipeline_execution_id;
    /// The id of this execution of the action, or `NULL`: the same for every job of a continuation chain.
    const char *action_execution_id;
} pf_pipeline_context;

/// An artifact that an earlier action made. Read-only.
typedef struct pf_input {
    /// The name in the pipeline's definition.
    const char *name;
    /// The directory that holds it.
    const char *path;
    /// `NULL` when the artifact was an archive and was unpacked into `path`. Otherwise the one file in `path`.
    const char *file;
    /// The revision that the service gave, or `NULL`.
    const char *revision;
} pf_input;

/// An artifact that this action is to make. When the job succeeds the host packs the directory and uploads it; it is
/// dropped when the job fails or is in progress.
typedef struct pf_output {
    /// The name in the pipeline's definition.
    const char *name;
    /// The directory to fill.
    const char *path;
} pf_output;

/// One job: what CodePipeline wants done.
typedef struct pf_job {
    /// The job's id. A new one for every job of a continuation chain.
    const char *id;
    /// 1, or more when the host runs the same job again after a crash (only where the manifest says
    /// `retry-safe = true`): what an earlier attempt did outside the sandbox may have happened.
    uint32_t attempt;
    /// The AWS account of the pipeline, 12 digits, or `NULL`.
    const char *account_id;
    pf_action_type action_type;
    /// The action's configuration, checked by the host against the manifest. `pf_config_...` read it.
    const pf_pair *configuration;
    size_t configuration_count;
    pf_pipeline_context pipeline;
    /// The input artifacts, in the order of the pipeline's definition.
    const pf_input *inputs;
    size_t input_count;
    /// The output artifacts, in the order of the pipeline's definition.
    const pf_output *outputs;
    size_t output_count;
    /// A private, empty directory for temporary files, or `NULL`: see `pf_scratch`.
    const char *scratch;
    /// What the previous job of this action gave to `pf_in_progress`; `NULL` in the first job.
    const char *continuation_token;
    /// Facts that a later host may add, such as `region`: see `pf_attribute`.
    const pf_pair *attributes;
    size_t attribute_count;
} pf_job;

/// What a job came to: made by `pf_succeeded` or `pf_in_progress`.
typedef struct pf_result pf_result;

/// The plugin: you write this one. `NULL` says that the job failed, with the failure that was recorded last.
pf_result *pf_run(const pf_job *job);

/// The first input artifact. Fails with a configuration error where the action has none.
const pf_input *pf_first_input(const pf_job *job);
/// The first output artifact. Fails with a configuration error where the action has none.
const pf_output *pf_first_output(const pf_job *job);
/// The input artifact of a name. Fails with a configuration error that names those there are.
const pf_input *pf_input_named(const pf_job *job, const char *name);
/// The output artifact of a name. Fails with a configuration error that names those there are.
const pf_output *pf_output_named(const pf_job *job, const char *name);
/// The directory for temporary files. Fails with a permission error that says what the operator must grant.
const char *pf_scratch(const pf_job *job);
/// One of the attributes, or `NULL`. That is no failure.
const char *pf_attribute(const pf_job *job, const char *name);

// --- Configuration ---------------------------------------------------------------------------------------------------
//
// Typed configuration: each function leaves `*value` as it is where the key is absent or its value empty, so that it
// holds the default, and fails with a configuration error that names the key and what it takes.
//
//     int64_t pages = 10;
//     bool drafts = false;
//     if (!pf_config_int(job, "max-pages", 1, 1000, &pages) || !pf_config_bool(job, "drafts", &drafts)) return NULL;

/// One value as it is, or `NULL` where the key is absent. That is no failure.
const char *pf_config_value(const pf_job *job, const char *key);
/// Text.
bool pf_config_text(const pf_job *job, const char *key, const char **value);
/// Text that must be there and not empty.
bool pf_config_required(const pf_job *job, const char *key, const char **value);
/// A whole number within bounds.
bool pf_config_int(const pf_job *job, const char *key, int64_t least, int64_t most, int64_t *value);
/// A number.
bool pf_config_number(const pf_job *job, const char *key, double *value);
/// `true` or `false`, in any case of letters.
bool pf_config_bool(const pf_job *job, const char *key, bool *value);
/// One of a few words, which end in `NULL`; `*value` becomes its place among them.
bool pf_config_choice(const pf_job *job, const char *key, const char *const *words, size_t *value);

/// A list of texts.
typedef struct pf_list {
    char **items;
    size_t count;
} pf_list;

/// A list with commas: `docs/*, *.md`. Spaces around the parts, and empty parts, are left out.
bool pf_config_list(const pf_job *job, const char *key, pf_list *value);

// --- Results ---------------------------------------------------------------------------------------------------------

/// The job is done.
pf_result *pf_succeeded(void);
/// This job ends, the action goes on: CodePipeline makes a new job of it later, which has `token` as its
/// `continuation_token`. 1 to 1,700 characters, or the job fails; it is not a place for secrets, since CodePipeline
/// stores it. Files in output artifacts are dropped: the next job starts with empty ones.
pf_result *pf_in_progress(const char *token);

/// Sets an output variable, for `#{namespace.name}` in later actions. Names match `[A-Za-z0-9@_-]+`; names and values
/// together are at most 122,880 bytes. The last value of a name counts. A job in progress has none: they are dropped
/// with a warning.
void pf_variable(pf_result *result, const char *name, const char *format, ...) PF_PRINTF(3, 4);
/// The same for bytes that are there already.
void pf_variable_text(pf_result *result, const char *name, const char *value, size_t size);
/// Says what was done, up to 2,048 characters; the host cuts longer text.
void pf_summary(pf_result *result, const char *format, ...) PF_PRINTF(2, 3);
/// The same for bytes that are there already.
void pf_summary_text(pf_result *result, const char *summary, size_t size);
/// Says how far the action is, 0 to 100; more counts as 100.
void pf_percent(pf_result *result, unsigned percent);
/// Gives the id of this work in another system, up to 1,500 characters; CodePipeline puts it in the place of
/// `{ExternalExecutionId}` in the action type's URL templates.
void pf_external_id(pf_result *result, const char *id);

/// The revision that a source or deploy action made current.
typedef struct pf_revision {
    /// Such as a commit, 1 to 1,500 characters.
    const char *revision;
    /// What changed from the one before, such as a tag, 1 to 100 characters.
    const char *change_identifier;
    /// When it was made, in seconds since 1970-01-01T00:00:00Z; 0 where that is not known.
    double created;
    /// A description, up to 2,048 characters, or `NULL`.
    const char *summary;
} pf_revision;

/// Tells the revision made current. A job in progress has none: it is dropped with a warning.
void pf_current_revision(pf_result *result, const pf_revision *revision);

// --- Failures --------------------------------------------------------------------------------------------------------

/// CodePipeline's failure types.
typedef enum pf_failure_type {
    /// The work itself failed: tests that do not pass, a check that found something.
    PF_JOB_FAILED,
    /// The action's configuration is wrong; the message names the key.
    PF_CONFIGURATION_ERROR,
    /// Something that is needed may not be accessed.
    PF_PERMISSION_ERROR,
    /// The revision to work on is not the one expected.
    PF_REVISION_OUT_OF_SYNC,
    /// An input artifact or revision is missing.
    PF_REVISION_UNAVAILABLE,
    /// Another system does not answer: trying again later may help.
    PF_SYSTEM_UNAVAILABLE,
} pf_failure_type;

/// Records a failure: what went wrong and what to do about it, for the pipeline's owner, 1 to 5,000 characters.
/// Returns `false`, for functions of yours that do.
bool pf_fail(pf_failure_type type, const char *format, ...) PF_PRINTF(2, 3);
/// The same, and returns `NULL`: `return pf_failed(PF_JOB_FAILED, "...");` in `pf_run`.
pf_result *pf_failed(pf_failure_type type, const char *format, ...) PF_PRINTF(2, 3);
/// Records that the configuration's `key` is wrong: "configuration `key`: ...". Returns `false`.
bool pf_fail_key(const char *key, const char *format, ...) PF_PRINTF(2, 3);
/// Records what `errno` says after what was being done: "reading `x`: No such file or directory". A permission error
/// where something may not be accessed, else a failed job. Returns `false`.
bool pf_fail_errno(const char *format, ...) PF_PRINTF(1, 2);
/// The same as `pf_fail` for bytes that are there already.
bool pf_fail_text(pf_failure_type type, const char *message, size_t size);
/// Puts what was being done before the recorded failure's message: "signing in: ...". Its type stays. Returns `false`.
bool pf_context(const char *format, ...) PF_PRINTF(1, 2);
/// Gives the recorded failure the id of this work in another system.
void pf_fail_external_id(const char *id);
/// The recorded failure's message, or `NULL` where there is none.
const char *pf_failure_message(void);
/// The recorded failure's type.
pf_failure_type pf_failure_kind(void);
/// Forgets the recorded failure: for a plugin that goes on without what it could not get.
void pf_forget_failure(void);
/// Writes a line to the log and ends the job at once, as failed: for what cannot be.
PF_NORETURN void pf_panic(const char *format, ...) PF_PRINTF(1, 2);

// --- Log -------------------------------------------------------------------------------------------------------------
//
// What is written here, to standard output (as info) and to standard error (as warn) goes to one log, in order, with
// secrets masked. The log has a budget; what is over it is dropped, and a line says how much.

/// How much a line matters, least first.
typedef enum pf_level {
    /// Finest detail.
    PF_TRACE,
    /// For whoever develops the plugin.
    PF_DEBUG,
    /// What a pipeline's owner may want to read.
    PF_INFO,
    /// Something is odd, the work goes on.
    PF_WARN,
    /// Something failed.
    PF_ERROR,
} pf_level;

/// Writes a message. Line ends split it into lines.
void pf_log(pf_level level, const char *format, ...) PF_PRINTF(2, 3);
/// Writes a message with fields: names and values that go with it.
void pf_log_fields(pf_level level, const pf_pair *fields, size_t count, const char *format, ...) PF_PRINTF(4, 5);
/// The same for bytes that are there already.
void pf_log_text(pf_level level, const pf_pair *fields, size_t count, const char *message, size_t size);
/// The least level that is kept: messages below it need not be made. The functions above ask it.
pf_level pf_threshold(void);

#define pf_trace(...) pf_log(PF_TRACE, __VA_ARGS__)
#define pf_debug(...) pf_log(PF_DEBUG, __VA_ARGS__)
#define pf_info(...) pf_log(PF_INFO, __VA_ARGS__)
#define pf_warn(...) pf_log(PF_WARN, __VA_ARGS__)
#define pf_error(...) pf_log(PF_ERROR, __VA_ARGS__)

// --- Control ---------------------------------------------------------------------------------------------------------

/// Says how far the job is: 0 to 100 percent, or -1 where that is not known, and a few words, up to 2,048 characters.
/// Calling it often is cheap: the latest call counts.
void pf_progress(int percent, const char *format, ...) PF_PRINTF(2, 3);
/// The same for bytes that are there already.
void pf_progress_text(int percent, const char *summary, size_t size);

/// Why the host wants a job to end before it is done.
typedef enum pf_stop {
    /// It does not.
    PF_GO_ON,
    /// Nobody wants the result any more. Clean up and return; whatever is returned is dropped.
    PF_CANCELLED,
    /// The worker is shutting down. A plugin that can returns `pf_in_progress` now, and another worker goes on from
    /// its token.
    PF_HAND_OVER,
} pf_stop;

/// Whether to stop early. Ask at least every few seconds: once there is a reason, a job that goes on is interrupted
/// when `pf_time_remaining` is over.
pf_stop pf_stop_requested(void);
/// Milliseconds until the host interrupts the job; `UINT32_MAX` means that or more.
uint32_t pf_time_remaining(void);

// --- Time and chance -------------------------------------------------------------------------------------------------
//
// An operator may fix both, for builds that can be repeated. The C library's functions work, too.

/// Nanoseconds since 1970-01-01T00:00:00Z.
int64_t pf_wall_clock(void);
/// Nanoseconds since some moment: for what takes how long.
int64_t pf_monotonic_clock(void);
/// Fills a buffer with random bytes that are good for secrets.
void pf_random(void *buffer, size_t size);

// --- Secrets ---------------------------------------------------------------------------------------------------------
//
// The manifest has to ask: `secrets = [{ name = "api-token", reason = "..." }]` in `[capabilities]`. A plugin that
// does not call these functions does not import secrets. Ask when a secret is needed, and do not keep it.

/// Bytes that the SDK has read, with a zero byte after them that is not counted.
typedef struct pf_bytes {
    char *data;
    size_t size;
} pf_bytes;

/// A secret as text. Fails with a permission error where it is not granted or not there, and with
/// `PF_SYSTEM_UNAVAILABLE` where the store does not answer.
char *pf_secret(const char *name);
/// A secret as bytes, for those that are not text.
bool pf_secret_bytes(const char *name, pf_bytes *bytes);

// --- HTTP ------------------------------------------------------------------------------------------------------------
//
// The manifest has to ask: `network = [{ to = "https://api.example.com", reason = "..." }]` in `[capabilities]`, and
// the operator to grant it. A plugin that does not call `pf_http` does not import wasi:http.

/// A request.
typedef struct pf_http_request {
    /// `NULL` for GET.
    const char *method;
    /// `https://host[:port]/path?query`, or `http:`.
    const char *url;
    const pf_pair *headers;
    size_t header_count;
    const char *body;
    size_t body_size;
    /// The most that the response's body may have; 0 for 16 MiB.
    size_t most;
} pf_http_request;

/// What came back. Any status is an answer: a 404 is no failure.
typedef struct pf_http_response {
    unsigned status;
    /// Names in lower case.
    pf_pair *headers;
    size_t header_count;
    pf_bytes body;
} pf_http_response;

/// Makes a request and waits for all of the answer. Redirects are not followed. Fails with a permission error where
/// the address is not granted, and with `PF_SYSTEM_UNAVAILABLE` where no answer came; the message names the address,
/// without its query.
bool pf_http(const pf_http_request *request, pf_http_response *response);
/// A header of a response, or `NULL`.
const char *pf_http_header(const pf_http_response *response, const char *name);

// --- Files -----------------------------------------------------------------------------------------------------------
//
// `fopen`, `opendir` and the rest of the C library work as usual, on the paths in the job. These save the checks.

/// A bound for files that are read at once, where a plugin has none of its own: 64 MiB.
#define PF_WHOLE ((size_t)64 * 1024 * 1024)

/// The files below a directory, as relative paths.
typedef struct pf_files {
    char **paths;
    size_t count;
} pf_files;

/// `folder/path`.
char *pf_join(const char *folder, const char *path);
/// Whether a path is relative, not empty and has no `..`.
bool pf_is_inside(const char *path);
/// The files below a directory, sorted by their bytes: the same order on every machine. Links are neither followed nor
/// listed.
bool pf_walk(const char *root, pf_files *files);
/// Reads a file at once. Fails where it has more than `most` bytes.
bool pf_read(const char *path, size_t most, pf_bytes *bytes);
/// What is called with each piece of a file; returns whether to go on. `false` should come with a recorded failure.
typedef bool pf_piece(void *context, const char *data, size_t size);
/// Reads a file of any size in pieces of at most 64 KiB.
bool pf_read_pieces(const char *path, pf_piece *piece, void *context);
/// Makes the directories that a relative path is in, below `root`, which is there.
bool pf_make_folders(const char *root, const char *path);
/// Whether bytes are UTF-8.
bool pf_is_utf8(const char *data, size_t size);

/// The files of an input artifact: see `pf_walk`.
bool pf_input_files(const pf_input *input, pf_files *files);
/// How many bytes a file of an input artifact has.
bool pf_input_size(const pf_input *input, const char *path, uint64_t *size);
/// Reads a file of an input artifact by its relative path.
bool pf_input_read(const pf_input *input, const char *path, size_t most, pf_bytes *bytes);
/// Reads a text file of an input artifact. Fails where it is not UTF-8.
char *pf_input_text(const pf_input *input, const char *path, size_t most);
/// Writes a file of an output artifact at a relative path, making the directories that it is in.
bool pf_output_write(const pf_output *output, const char *path, const char *data, size_t size);
/// Writes a text file of an output artifact.
bool pf_output_print(const pf_output *output, const char *path, const char *format, ...) PF_PRINTF(3, 4);
/// Opens a file of an output artifact to write it in pieces. Close it with `pf_output_close`.
FILE *pf_output_open(const pf_output *output, const char *path);
/// Closes a file of an output artifact. Fails where something of it could not be written.
bool pf_output_close(const pf_output *output, const char *path, FILE *file);

#ifdef __cplusplus
}
#endif

#endif
