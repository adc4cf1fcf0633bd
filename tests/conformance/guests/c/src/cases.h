// The cases of tests/conformance/README.md.
#ifndef CASES_H
#define CASES_H

#include <pipefitter.h>

// In answers.c.
pf_result *config_case(const pf_job *job);
pf_result *variables_case(const pf_job *job);
pf_result *fail_case(const pf_job *job);
pf_result *continue_case(const pf_job *job);
pf_result *details_case(const pf_job *job);
pf_result *throw_case(const pf_job *job);
pf_result *trap_case(const pf_job *job);
pf_result *progress_case(const pf_job *job);

// In artifacts.c.
pf_result *inputs_case(const pf_job *job);
pf_result *large_case(const pf_job *job);
pf_result *tree_case(const pf_job *job);
pf_result *denied_case(const pf_job *job);

// In surroundings.c.
pf_result *stop_case(const pf_job *job);
pf_result *deadline_case(const pf_job *job);
pf_result *log_case(const pf_job *job);
pf_result *clock_case(const pf_job *job);
pf_result *random_case(const pf_job *job);
pf_result *network_case(const pf_job *job);
pf_result *secret_case(const pf_job *job);

#endif
