// The SDK's logic, natively: configuration, artifacts, results, failures, texts and files.

#include "../testing/testing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../src/host.h"

static int checks;

#define CHECK(condition)                                                              \
    do {                                                                              \
        checks++;                                                                     \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);   \
            if (pf_failure_message()) fprintf(stderr, "  %s\n", pf_failure_message()); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)

#define SAME(got, wanted)                                                                           \
    do {                                                                                            \
        checks++;                                                                                   \
        const char *g_ = (got), *w_ = (wanted);                                                     \
        if (!g_ || strcmp(g_, w_) != 0) {                                                           \
            fprintf(stderr, "%s:%d:\n  got    %s\n  wanted %s\n", __FILE__, __LINE__, g_ ? g_ : "NULL", w_); \
            exit(1);                                                                                \
        }                                                                                           \
    } while (0)

#define FAILS(call, kind, message)            \
    do {                                      \
        pf_forget_failure();                  \
        CHECK(!(call));                       \
        SAME(pf_failure_message(), message);  \
        CHECK(pf_failure_kind() == (kind));   \
    } while (0)

static pf_job job_with(const pf_pair *pair) {
    return (pf_job){.id = "1", .attempt = 1, .pipeline = {.action = "Make"}, .configuration = pair, .configuration_count = 1};
}

static void configuration_is_typed(void) {
    pf_pair pair = {"pages", " 12 ", 4};
    pf_job job = job_with(&pair);
    int64_t pages = 7;
    CHECK(pf_config_int(&job, "pages", 1, 100, &pages) && pages == 12);
    CHECK(pf_config_int(&job, "other", 1, 100, &pages) && pages == 12);
    FAILS(pf_config_int(&job, "pages", 1, 10, &pages), PF_CONFIGURATION_ERROR,
          "configuration `pages`: ` 12 ` is not a whole number from 1 to 10");
    static const char *const wrong[] = {"x", "1x", "0x10", "1.5", "99999999999999999999", "- 1", "--1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pair.value = wrong[i];
        CHECK(!pf_config_int(&job, "pages", INT64_MIN, INT64_MAX, &pages));
    }
    pair.value = "";
    CHECK(pf_config_int(&job, "pages", 1, 100, &pages) && pages == 12);
    pair.value = "-9223372036854775808";
    CHECK(pf_config_int(&job, "pages", INT64_MIN, INT64_MAX, &pages) && pages == INT64_MIN);

    double ratio = 1;
    pair.value = "2.5e-1";
    CHECK(pf_config_number(&job, "pages", &ratio) && ratio == 0.25);
    static const char *const no_numbers[] = {"inf", "nan", "0x1p3", "1e999", "1,5", "e"};
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++) {
        pair.value = no_numbers[i];
        CHECK(!pf_config_number(&job, "pages", &ratio));
    }
    SAME(pf_failure_message(), "configuration `pages`: `e` is not a number");

    bool drafts = false;
    pair.value = "TRUE";
    CHECK(pf_config_bool(&job, "pages", &drafts) && drafts);
    pair.value = "yes";
    FAILS(pf_config_bool(&job, "pages", &drafts), PF_CONFIGURATION_ERROR,
          "configuration `pages`: `yes` is not `true` or `false`");

    static const char *const words[] = {"make", "verify", NULL};
    size_t mode = 0;
    pair.value = "verify";
    CHECK(pf_config_choice(&job, "pages", words, &mode) && mode == 1);
    pair.value = "Verify";
    FAILS(pf_config_choice(&job, "pages", words, &mode), PF_CONFIGURATION_ERROR,
          "configuration `pages`: `Verify` is not one of `make`, `verify`");

    const char *text = "default";
    FAILS(pf_config_required(&job, "absent", &text), PF_CONFIGURATION_ERROR, "configuration `absent`: a value is required");
    CHECK(pf_config_text(&job, "absent", &text));
    SAME(text, "default");
    CHECK(pf_config_value(&job, "absent") == NULL);

    pair.value = " docs/* ,, *.md, ";
    pf_list list = {NULL, 0};
    CHECK(pf_config_list(&job, "pages", &list) && list.count == 2);
    SAME(list.items[0], "docs/*");
    SAME(list.items[1], "*.md");
}

static void a_long_value_is_cut_in_messages_between_characters(void) {
    char value[400] = "";
    for (int i = 0; i < 100; i++) strcat(value, "\xC3\xA4");
    pf_pair pair = {"key", value, strlen(value)};
    pf_job job = job_with(&pair);
    bool is = false;
    CHECK(!pf_config_bool(&job, "key", &is));
    CHECK(pf_is_utf8(pf_failure_message(), strlen(pf_failure_message())));
    CHECK(strstr(pf_failure_message(), "...` is not `true`") && strlen(pf_failure_message()) < 200);
}

static void missing_artifacts_are_named_with_those_that_are_there(void) {
    pf_pair none = {"a", "b", 1};
    pf_job job = job_with(&none);
    FAILS(pf_first_input(&job), PF_CONFIGURATION_ERROR,
          "action `Make` needs an input artifact: give it one in the pipeline's definition");
    FAILS(pf_first_output(&job), PF_CONFIGURATION_ERROR,
          "action `Make` needs an output artifact: give it one in the pipeline's definition");
    FAILS(pf_output_named(&job, "Site"), PF_CONFIGURATION_ERROR,
          "the action needs an output artifact named `Site`; the pipeline gives it none");
    pf_input inputs[] = {{.name = "Docs", .path = "/in/Docs"}, {.name = "Pictures", .path = "/in/Pictures"}};
    job.inputs = inputs;
    job.input_count = 2;
    CHECK(pf_first_input(&job) == &inputs[0] && pf_input_named(&job, "Pictures") == &inputs[1]);
    FAILS(pf_input_named(&job, "Source"), PF_CONFIGURATION_ERROR,
          "the action needs an input artifact named `Source`; the pipeline gives it `Docs`, `Pictures`");
    FAILS(pf_scratch(&job), PF_PERMISSION_ERROR,
          "this action needs a directory for temporary files: the worker's operator grants it with `scratch = true` "
          "under the plugin's `grant`");
}

static void results_hold_what_was_said_last(void) {
    pf_result *result = pf_succeeded();
    pf_variable(result, "a", "%d", 1);
    pf_variable(result, "b", "%s", "x");
    pf_variable(result, "a", "%.1f", 2.5);
    SAME(pf_test_variable(result, "a"), "2.5");
    CHECK(pf_test_variable_count(result) == 2 && pf_test_token(result) == NULL);
    for (int i = 0; i < 100; i++) {
        char name[8];
        snprintf(name, sizeof name, "v%d", i);
        pf_variable(result, name, "%d", i);
    }
    SAME(pf_test_variable(result, "v99"), "99");
    pf_summary(result, "%d pages", 3);
    SAME(pf_test_summary(result), "3 pages");
    pf_percent(result, 120);
    CHECK(pf_test_percent(result) == 100 && pf_test_revision(result) == NULL);
    pf_current_revision(result, &(pf_revision){.revision = "abc", .change_identifier = "v1", .created = 1.5});
    SAME(pf_test_revision(result)->revision, "abc");
}

static void a_job_in_progress_has_a_token_and_no_variables(void) {
    pf_test_reset();
    pf_result *result = pf_in_progress("step 2");
    SAME(pf_test_token(result), "step 2");
    pf_variable(result, "a", "1");
    pf_current_revision(result, &(pf_revision){.revision = "abc", .change_identifier = "v1"});
    CHECK(pf_test_variable_count(result) == 0 && pf_test_revision(result) == NULL);
    SAME(pf_test_log(), "WARN variable `a` is dropped: a job in progress has none\n"
                        "WARN the current revision is dropped: a job in progress has none\n");
    char token[4000] = "";
    for (int i = 0; i < 1700; i++) strcat(token, "\xC3\xA4");
    CHECK(pf_in_progress(token));
    strcat(token, "x");
    FAILS(pf_in_progress(token), PF_JOB_FAILED,
          "the continuation token has 1701 characters of at most 1700: keep what is large elsewhere and its name in the "
          "token");
    CHECK(!pf_in_progress(""));
}

static void failures_keep_their_kind_under_context(void) {
    pf_forget_failure();
    CHECK(!pf_context("nothing was wrong") && pf_failure_message() == NULL);
    CHECK(pf_failed(PF_SYSTEM_UNAVAILABLE, "no %s", "answer") == NULL);
    pf_fail_external_id("7");
    pf_context("asking %s", "the registry");
    SAME(pf_failure_message(), "asking the registry: no answer");
    CHECK(pf_failure_kind() == PF_SYSTEM_UNAVAILABLE);
    SAME(pf_recorded.external_id, "7");
    errno = EACCES;
    FAILS(pf_fail_errno("reading `%s`", "x"), PF_PERMISSION_ERROR, "reading `x`: Permission denied");
    errno = ENOENT;
    FAILS(pf_fail_errno("reading `%s`", "x"), PF_JOB_FAILED, "reading `x`: No such file or directory");
}

static void secrets_are_what_is_granted(void) {
    pf_test_reset();
    pf_test_set_secret("token", "s3cr3t", 6);
    pf_test_set_secret("slow", NULL, 0);
    SAME(pf_secret("token"), "s3cr3t");
    pf_bytes bytes;
    CHECK(pf_secret_bytes("token", &bytes) && bytes.size == 6);
    FAILS(pf_secret("other"), PF_PERMISSION_ERROR,
          "the secret `other` is not granted to this plugin: the worker's operator can grant it");
    FAILS(pf_secret("slow"), PF_SYSTEM_UNAVAILABLE, "the secret `slow` cannot be read now: trying again later may help");
}

static void the_log_has_levels_fields_and_valid_text(void) {
    pf_test_reset();
    pf_test_set_threshold(PF_INFO);
    pf_debug("not kept");
    pf_info("%d pages", 3);
    pf_log_fields(PF_WARN, &(pf_pair){"page", "a.md", 4}, 1, "odd");
    pf_log_text(PF_ERROR, NULL, 0, "a\xFF"
                                   "b",
                3);
    pf_progress(150, "half of %d", 2);
    pf_progress(-1, "somewhere");
    SAME(pf_test_log(), "INFO 3 pages\nWARN odd page=a.md\nERROR a\xEF\xBF\xBD"
                        "b\nPROGRESS 100 half of 2\nPROGRESS -1 somewhere\n");
    pf_test_request_stop(PF_HAND_OVER);
    CHECK(pf_stop_requested() == PF_HAND_OVER && pf_time_remaining() == UINT32_MAX);
}

static void time_goes_on_and_chance_differs(void) {
    int64_t before = pf_monotonic_clock();
    CHECK(pf_monotonic_clock() >= before && pf_wall_clock() > (int64_t)1704067200 * 1000000000);
    unsigned char one[600], other[600];
    pf_random(one, sizeof one);
    pf_random(other, sizeof other);
    CHECK(memcmp(one, other, sizeof one) != 0 && memcmp(one + 500, other + 500, 100) != 0);
}

static void what_is_no_utf8_is_replaced_as_unicode_says(void) {
    static const char *const texts[][2] = {
        {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\x80", "\xEF\xBF\xBD"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xE2\x82", "\xEF\xBF\xBD"},
        {"\xE2\x82x", "\xEF\xBF\xBDx"},
        {"\xF0\x9F\x98", "\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size;
        char *copy = pf_copy_utf8(texts[i][0], strlen(texts[i][0]), &size);
        SAME(copy, texts[i][1]);
        CHECK(size == strlen(copy) && pf_is_utf8(copy, size));
        free(copy);
    }
}

static bool add_up(void *context, const char *data, size_t size) {
    (void)data;
    size_t *total = context;
    *total += size;
    return *total < 150000;
}

static void files_are_walked_read_and_written(const char *home) {
    pf_output output = {"Site", home};
    static const char *const names[] = {"b-x", "b/c/2.txt", "b/1.txt", "z.txt", "a"};
    for (size_t i = 0; i < 5; i++) CHECK(pf_output_print(&output, names[i], "%s\n", names[i]));
    CHECK(symlink("z.txt", pf_join(home, "link")) == 0);
    pf_files files;
    pf_input input = {.name = "Source", .path = home};
    CHECK(pf_input_files(&input, &files) && files.count == 5);
    static const char *const order[] = {"a", "b-x", "b/1.txt", "b/c/2.txt", "z.txt"};
    for (size_t i = 0; i < 5; i++) SAME(files.paths[i], order[i]);
    SAME(pf_input_text(&input, "b/c/2.txt", PF_WHOLE), "b/c/2.txt\n");
    uint64_t size = 0;
    CHECK(pf_input_size(&input, "b/c/2.txt", &size) && size == 10);
    CHECK(!pf_input_size(&input, "none", &size) && strstr(pf_failure_message(), "looking at `none`"));
    CHECK(!pf_input_text(&input, "z.txt", 5) && strstr(pf_failure_message(), "more than 5 bytes"));
}

static void what_cannot_be_read_or_written_is_named(const char *home) {
    pf_input input = {.name = "Source", .path = home};
    pf_output output = {"Site", home};
    FAILS(pf_input_text(&input, "none.txt", PF_WHOLE), PF_JOB_FAILED,
          "reading `none.txt` of input artifact `Source`: No such file or directory");
    static const char *const outside[] = {"/etc/x", "../x", "a/../../x", "", ".."};
    for (size_t i = 0; i < 5; i++) CHECK(!pf_output_print(&output, outside[i], "x"));
    SAME(pf_failure_message(), "`..` leaves output artifact `Site`: give a relative path without `..`");
    CHECK(pf_output_write(&output, "binary", "a\xFFz", 3));
    FAILS(pf_input_text(&input, "binary", PF_WHOLE), PF_JOB_FAILED,
          "reading `binary` of input artifact `Source`: it is not UTF-8");
    pf_files files;
    FAILS(pf_walk("/no/such/place", &files), PF_JOB_FAILED,
          "reading the directory `/no/such/place`: No such file or directory");
}

static void large_files_come_in_pieces_or_not_at_all(const char *home) {
    pf_output output = {"Site", home};
    char *data = calloc(300000, 1);
    CHECK(pf_output_write(&output, "large", data, 300000));
    char *path = pf_join(home, "large");
    pf_bytes bytes;
    CHECK(pf_read(path, 300000, &bytes) && bytes.size == 300000);
    CHECK(!pf_read(path, 299999, &bytes) && strstr(pf_failure_message(), "it has more than 299999 bytes"));
    size_t total = 0;
    CHECK(!pf_read_pieces(path, add_up, &total) && total == 196608);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    configuration_is_typed();
    a_long_value_is_cut_in_messages_between_characters();
    missing_artifacts_are_named_with_those_that_are_there();
    results_hold_what_was_said_last();
    a_job_in_progress_has_a_token_and_no_variables();
    failures_keep_their_kind_under_context();
    secrets_are_what_is_granted();
    the_log_has_levels_fields_and_valid_text();
    time_goes_on_and_chance_differs();
    what_is_no_utf8_is_replaced_as_unicode_says();
    files_are_walked_read_and_written(arguments[1]);
    what_cannot_be_read_or_written_is_named(arguments[1]);
    large_files_come_in_pieces_or_not_at_all(arguments[1]);
    printf("%d checks of the C SDK passed\n", checks);
    return 0;
}
