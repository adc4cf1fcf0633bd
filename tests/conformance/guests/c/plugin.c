// The guest of the conformance suite in C: tests/conformance/README.md says what it does.

#include <pipefitter.h>

#include <string.h>

#include "src/cases.h"

static const struct {
    const char *name;
    pf_result *(*run)(const pf_job *job);
    // Whether the case has a summary of its own, or none.
    bool own_summary;
} cases[] = {
    {"config", config_case, false},
    {"inputs", inputs_case, false},
    {"large", large_case, false},
    {"tree", tree_case, false},
    {"variables", variables_case, false},
    {"fail", fail_case, false},
    {"continue", continue_case, true},
    {"details", details_case, false},
    {"throw", throw_case, false},
    {"trap", trap_case, false},
    {"progress", progress_case, true},
    {"stop", stop_case, true},
    {"deadline", deadline_case, true},
    {"log", log_case, false},
    {"clock", clock_case, false},
    {"random", random_case, false},
    {"denied-file", denied_case, false},
    {"network", network_case, false},
    {"secret", secret_case, false},
};

pf_result *pf_run(const pf_job *job) {
    const char *name = "";
    if (!pf_config_required(job, "case", &name)) return NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, name) != 0) continue;
        pf_result *result = cases[i].run(job);
        if (!cases[i].own_summary) pf_summary(result, "%s done", name);
        return result;
    }
    return pf_failed(PF_CONFIGURATION_ERROR, "unknown case `%s`", name);
}
