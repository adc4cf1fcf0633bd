// Configuration in, and every kind of answer out.

#include "cases.hpp"

#include <algorithm>
#include <cstdlib>

using namespace pipefitter;

Case config_case(const Job &job) {
    auto number = PF_TRY(job.config<std::int32_t>("number"));
    auto text = job.config_value("text");
    auto begins = [](char byte) { return (byte & 0xC0) != 0x80; };
    return Outcome::succeeded()
        .variable("text", text.value_or("(missing)"))
        .variable("characters", text ? std::ranges::count_if(*text, begins) : 0)
        .variable("number", number ? std::to_string(2 * std::int64_t(*number)) : std::string("(missing)"));
}

Case variables_case(const Job &job) {
    auto count = PF_TRY(job.config_or<std::uint32_t>("count", 0));
    auto size = PF_TRY(job.config_or<std::uint32_t>("size", 0));
    std::string value(size, 'x');
    auto outcome = Outcome::succeeded();
    for (std::uint32_t i = 0; i < count; i++) outcome = std::move(outcome).variable(std::format("v{}", i), value);
    return outcome;
}

Case fail_case(const Job &job) {
    auto name = PF_TRY(job.config_or<std::string>("kind", "job-failed"));
    auto kind = PF_TRY(job.config_choice(
        "kind",
        {"job-failed", "configuration-error", "permission-error", "revision-out-of-sync", "revision-unavailable",
         "system-unavailable"},
        0));
    return Failure(static_cast<FailureType>(kind), std::format("failed as asked: {}", name)).external_id("external-1");
}

Case continue_case(const Job &job) {
    auto token = job.continuation_token();
    if (!token) return Outcome::in_progress("one").summary("one of three");
    if (*token == "one") return Outcome::in_progress("two").summary("two of three");
    return Outcome::succeeded().variable("hops", 3).summary("three of three");
}

Case details_case(const Job &job) {
    return Outcome::succeeded()
        .variable("pipeline", job.pipeline().pipeline)
        .variable("stage", job.pipeline().stage)
        .variable("action", job.pipeline().action)
        .variable("provider", job.action_type().provider)
        .variable("attempt", job.attempt())
        .external_id("external-2")
        .percent(100)
        .current_revision({.revision = "r1", .change_identifier = "c1", .summary = "a revision"});
}

Case throw_case(const Job &) {
    return Failure::job_failed("uncaught as asked");
}

Case trap_case(const Job &) {
    std::abort();
}

Case progress_case(const Job &) {
    control::progress(40, "two of five");
    return Outcome::succeeded();
}
