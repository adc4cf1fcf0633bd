/// Pipefitter's SDK for C++23: one function turns a job of AWS CodePipeline into an outcome or a failure.
///
///     #include <pipefitter.hpp>
///
///     using namespace pipefitter;
///
///     Result<Outcome> run(const Job &job) {
///         auto input = PF_TRY(job.first_input());
///         auto files = PF_TRY(input.files());
///         log::info("{} files", files.size());
///         PF_TRY(PF_TRY(job.first_output()).write("report.txt", std::format("{} files\n", files.size())));
///         return Outcome::succeeded().variable("files", files.size());
///     }
///
///     PIPEFITTER_PLUGIN(run)
///
/// It is header-only, over the SDK for C, whose sources are compiled with the plugin. Plugins are compiled without
/// exceptions: what can fail returns `Result<T>`, a `std::expected<T, Failure>`, and `PF_TRY` takes the value out or
/// returns the failure. `abort`, a failed `assert`, `std::terminate` and what the library ends a program for leave a
/// line in the log and fail the job.
#ifndef PIPEFITTER_HPP
#define PIPEFITTER_HPP

#include "pipefitter/control.hpp"
#include "pipefitter/failure.hpp"
#include "pipefitter/files.hpp"
#include "pipefitter/http.hpp"
#include "pipefitter/job.hpp"
#include "pipefitter/log.hpp"
#include "pipefitter/outcome.hpp"

/// Makes a function the plugin: `PIPEFITTER_PLUGIN(run)` with `Result<Outcome> run(const Job &)`. Once in a plugin,
/// outside of every namespace.
#define PIPEFITTER_PLUGIN(function)                                                                \
    extern "C" pf_result *pf_run(const pf_job *job) {                                              \
        ::pipefitter::Result<::pipefitter::Outcome> result = function(::pipefitter::Job(*job));    \
        if (result) return result->into_c();                                                       \
        result.error().record();                                                                   \
        return nullptr;                                                                            \
    }

#endif
