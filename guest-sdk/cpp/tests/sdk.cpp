// What the SDK for C++ adds to that for C, natively.

#include <pipefitter.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../../c/testing/testing.h"

using namespace pipefitter;

static int checks;

#define CHECK(condition)                                                                 \
    do {                                                                                 \
        checks++;                                                                        \
        if (!(condition)) {                                                              \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1);                                                                \
        }                                                                                \
    } while (0)

namespace {

struct Given {
    pf_pair pair;
    pf_job job;

    Given(const char *key, std::string_view value) : pair{key, value.data(), value.size()}, job{} {
        job.id = "1";
        job.attempt = 1;
        job.pipeline.pipeline = "docs";
        job.pipeline.action = "Make";
        job.configuration = &pair;
        job.configuration_count = 1;
    }
};

void configuration_is_typed() {
    Given number("pages", "12");
    Job job(number.job);
    CHECK(job.config<int>("pages") == 12);
    CHECK(job.config<double>("pages") == 12.0);
    CHECK(job.config<std::string>("pages") == "12");
    CHECK(job.config_or<unsigned>("absent", 7) == 7u);
    CHECK(!job.config<int>("absent").value());
    Result<std::optional<bool>> flag = job.config<bool>("pages");
    CHECK(!flag && flag.error().type() == FailureType::configuration_error);
    CHECK(flag.error().message() == "configuration `pages`: `12` is not `true` or `false`");
    Given large("pages", "300");
    auto byte = Job(large.job).config<std::uint8_t>("pages");
    CHECK(!byte && byte.error().message() == "configuration `pages`: `300` is not a whole number from 0 to 255");
    auto needed = job.config_required<int>("absent");
    CHECK(!needed && needed.error().message() == "configuration `absent`: a value is required");
    Given list("ignore", "a, b,,");
    CHECK((Job(list.job).config<std::vector<std::string>>("ignore") == std::vector<std::string>{"a", "b"}));
    Given mode("mode", "verify");
    CHECK(Job(mode.job).config_choice("mode", {"make", "verify"}, 0) == 1u);
    CHECK(Job(mode.job).config_choice("other", {"make", "verify"}, 0) == 0u);
    Given zero("text", std::string_view("a\0b", 3));
    CHECK(Job(zero.job).config_value("text")->size() == 3);
}

Result<int> doubled(Result<int> value) { return 2 * PF_TRY(std::move(value)); }

void failures_go_through_and_keep_their_kind() {
    CHECK(doubled(4) == 8);
    Result<int> failed = doubled(Failure::system_unavailable("no answer").context("asking").external_id("7"));
    CHECK(!failed && failed.error().message() == "asking: no answer" && failed.error().external_id() == "7");
    failed.error().record();
    CHECK(pf_failure_kind() == PF_SYSTEM_UNAVAILABLE && std::strcmp(pf_failure_message(), "asking: no answer") == 0);
    CHECK(Failure::taken().message() == "asking: no answer" && !pf_failure_message());
    CHECK(Failure::configuration_key("a", "b").message() == "configuration `a`: b");
}

void an_outcome_is_what_was_said() {
    pf_result *result = Outcome::succeeded()
                            .variable("pages", 3)
                            .variable("title", "Docs")
                            .variable("title", std::string("Docs 2"))
                            .summary("3 pages")
                            .percent(120)
                            .current_revision({.revision = "abc", .change_identifier = "v1", .created = 1.5})
                            .into_c();
    CHECK(std::strcmp(pf_test_variable(result, "pages"), "3") == 0);
    CHECK(std::strcmp(pf_test_variable(result, "title"), "Docs 2") == 0 && pf_test_variable_count(result) == 2);
    CHECK(std::strcmp(pf_test_summary(result), "3 pages") == 0 && pf_test_percent(result) == 100);
    CHECK(pf_test_revision(result)->created == 1.5);
    CHECK(std::strcmp(pf_test_token(Outcome::in_progress("two").into_c()), "two") == 0);
    CHECK(!Outcome::in_progress(std::string(1701, 'x')).into_c() && pf_failure_message());
    pf_forget_failure();
}

Result<Outcome> run(const Job &job) {
    log::info("{} of {}", job.pipeline().action, job.pipeline().pipeline);
    log::write(log::Level::warn, "odd", {{"page", "a.md"}});
    control::progress(50, "half");
    CHECK(control::stop_requested() == std::nullopt);
    auto token = PF_TRY(secrets::get("token"));
    if (job.config_value("fail")) return Failure::permission_error("not you").external_id("9");
    return Outcome::succeeded().variable("token", token.size());
}

void a_plugin_is_called_with_a_job_and_what_it_returns_is_told(pf_result *plugin(const pf_job *)) {
    pf_test_reset();
    pf_test_set_secret("token", "s3cr3t", 6);
    Given good("a", "b");
    CHECK(std::strcmp(pf_test_variable(plugin(&good.job), "token"), "6") == 0);
    CHECK(std::string_view(pf_test_log()) == "INFO Make of docs\nWARN odd page=a.md\nPROGRESS 50 half\n");
    Given bad("fail", "b");
    CHECK(!plugin(&bad.job) && pf_failure_kind() == PF_PERMISSION_ERROR);
    pf_test_reset();
    CHECK(!plugin(&good.job));
    CHECK(std::strstr(pf_failure_message(), "secret `token` is not granted"));
    pf_forget_failure();
}

Result<void> files_are_written_walked_and_read(const char *home) {
    pf_output c_output = {"Site", home};
    pf_input c_input = {"Source", home, nullptr, nullptr};
    Output output(c_output);
    Input input(c_input);
    PF_TRY(output.write("a/b.txt", "b\xC3\xA4"));
    {
        auto file = PF_TRY(output.open("large"));
        for (int i = 0; i < 1000; i++) file.write(std::string(100, 'x'));
        PF_TRY(file.close());
    }
    CHECK((PF_TRY(input.files()) == std::vector<std::string>{"a/b.txt", "large"}));
    CHECK(PF_TRY(input.read_text("a/b.txt")) == "b\xC3\xA4");
    std::size_t total = 0;
    PF_TRY(read_pieces(join(home, "large"), [&](std::string_view piece) -> Result<void> {
        total += piece.size();
        return {};
    }));
    CHECK(total == 100000);
    auto stopped = read_pieces(join(home, "large"), [](std::string_view) -> Result<void> {
        return Failure::job_failed("enough");
    });
    CHECK(!stopped && stopped.error().message() == "enough");
    auto missing = input.read("none");
    CHECK(!missing && missing.error().message().starts_with("reading `none` of input artifact `Source`: "));
    auto outside = output.write("../x", "");
    CHECK(!outside && outside.error().message().find("leaves output artifact") != std::string::npos);
    return {};
}

} // namespace

PIPEFITTER_PLUGIN(run)

int main(int count, char **arguments) {
    if (count != 2) return 2;
    configuration_is_typed();
    failures_go_through_and_keep_their_kind();
    an_outcome_is_what_was_said();
    a_plugin_is_called_with_a_job_and_what_it_returns_is_told(pf_run);
    CHECK(files_are_written_walked_and_read(arguments[1]));
    std::printf("%d checks of the C++ SDK passed\n", checks);
    return 0;
}
