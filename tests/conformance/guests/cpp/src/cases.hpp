// The cases of tests/conformance/README.md.
#pragma once

#include <pipefitter.hpp>

using Case = pipefitter::Result<pipefitter::Outcome>;

// In answers.cpp.
Case config_case(const pipefitter::Job &job);
Case variables_case(const pipefitter::Job &job);
Case fail_case(const pipefitter::Job &job);
Case continue_case(const pipefitter::Job &job);
Case details_case(const pipefitter::Job &job);
Case throw_case(const pipefitter::Job &job);
Case trap_case(const pipefitter::Job &job);
Case progress_case(const pipefitter::Job &job);

// In artifacts.cpp.
Case inputs_case(const pipefitter::Job &job);
Case large_case(const pipefitter::Job &job);
Case tree_case(const pipefitter::Job &job);
Case denied_case(const pipefitter::Job &job);

// In surroundings.cpp.
Case stop_case(const pipefitter::Job &job);
Case deadline_case(const pipefitter::Job &job);
Case log_case(const pipefitter::Job &job);
Case clock_case(const pipefitter::Job &job);
Case random_case(const pipefitter::Job &job);
Case network_case(const pipefitter::Job &job);
Case secret_case(const pipefitter::Job &job);
