// The guest of the conformance suite in C++: tests/conformance/README.md says what it does.

#include <pipefitter.hpp>

#include "src/cases.hpp"

using namespace pipefitter;

namespace {

struct Known {
    std::string_view name;
    Case (*run)(const Job &);
    // Whether the case has a summary of its own, or none.
    bool own_summary = false;
};

constexpr Known cases[] = {
    {"config", config_case},
    {"inputs", inputs_case},
    {"large", large_case},
    {"tree", tree_case},
    {"variables", variables_case},
    {"fail", fail_case},
    {"continue", continue_case, true},
    {"details", details_case},
    {"throw", throw_case},
    {"trap", trap_case},
    {"progress", progress_case, true},
    {"stop", stop_case, true},
    {"deadline", deadline_case, true},
    {"log", log_case},
    {"clock", clock_case},
    {"random", random_case},
    {"denied-file", denied_case},
    {"network", network_case},
    {"secret", secret_case},
};

Result<Outcome> run(const Job &job) {
    auto name = PF_TRY(job.config_required<std::string>("case"));
    for (const Known &known : cases) {
        if (known.name != name) continue;
        auto outcome = PF_TRY(known.run(job));
        return known.own_summary ? std::move(outcome) : std::move(outcome).summary(name + " done");
    }
    return Failure::configuration_error(std::format("unknown case `{}`", name));
}

} // namespace

PIPEFITTER_PLUGIN(run)
