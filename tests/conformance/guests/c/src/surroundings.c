// Log, time, chance, the host's wish to end, and what is beyond the sandbox.

#include "cases.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

pf_result *stop_case(const pf_job *job) {
    (void)job;
    pf_info("waiting");
    for (;;) {
        switch (pf_stop_requested()) {
        case PF_CANCELLED:
            return pf_in_progress("stopped: cancelled");
        case PF_HAND_OVER:
            return pf_in_progress("stopped: hand-over");
        case PF_GO_ON:
            nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        }
    }
}

pf_result *deadline_case(const pf_job *job) {
    (void)job;
    uint32_t left = pf_time_remaining();
    pf_info("remaining: %s", left > 0 && left <= 86400000 ? "yes" : "no");
    for (volatile unsigned turns = 0;; turns++) {
    }
}

pf_result *log_case(const pf_job *job) {
    (void)job;
    static const char *const names[] = {"trace", "debug", "info", "warn", "error"};
    const pf_pair field = {"key", "value", strlen("value")};
    for (int level = PF_TRACE; level <= PF_ERROR; level++) {
        pf_log_fields((pf_level)level, &field, 1, "level %s", names[level]);
    }
    char *line = malloc(100000);
    memset(line, 'l', 100000);
    pf_log_text(PF_INFO, NULL, 0, line, 100000);
    puts("to standard output");
    fputs("to standard error\n", stderr);
    fwrite("bad \xFF byte\n", 1, 11, stdout);
    return pf_succeeded();
}

pf_result *clock_case(const pf_job *job) {
    (void)job;
    static const time_t year_2024 = 1704067200;
    bool forward = true;
    struct timespec last, now;
    clock_gettime(CLOCK_MONOTONIC, &last);
    for (int i = 0; i < 1000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        bool back = now.tv_sec < last.tv_sec || (now.tv_sec == last.tv_sec && now.tv_nsec < last.tv_nsec);
        forward = forward && !back;
        last = now;
    }
    pf_result *result = pf_succeeded();
    pf_variable(result, "wall", "%s", time(NULL) >= year_2024 ? "yes" : "no");
    pf_variable(result, "monotonic", "%s", forward ? "yes" : "no");
    return result;
}

pf_result *random_case(const pf_job *job) {
    (void)job;
    unsigned char one[16], other[16];
    pf_random(one, sizeof one);
    pf_random(other, sizeof other);
    char hex[33];
    for (int i = 0; i < 16; i++) snprintf(hex + 2 * i, 3, "%02x", one[i]);
    pf_result *result = pf_succeeded();
    pf_variable(result, "differ", "%s", memcmp(one, other, sizeof one) == 0 ? "no" : "yes");
    pf_variable(result, "bytes", "%s", hex);
    return result;
}

pf_result *network_case(const pf_job *job) {
    const char *url = "";
    pf_http_response answer;
    if (!pf_config_required(job, "url", &url)) return NULL;
    if (!pf_http(&(pf_http_request){.url = url}, &answer)) {
        pf_warn("%s", pf_failure_message());
        pf_result *result = pf_succeeded();
        pf_variable(result, "error", "yes");
        return result;
    }
    pf_result *result = pf_succeeded();
    pf_variable(result, "status", "%u", answer.status);
    pf_variable_text(result, "body", answer.body.data, answer.body.size);
    return result;
}

pf_result *secret_case(const pf_job *job) {
    (void)job;
    const char *secret = pf_secret("conformance");
    if (!secret) return NULL;
    size_t characters = 0;
    for (; *secret; secret++) characters += (*secret & 0xC0) != 0x80;
    bool denied = pf_secret("other") == NULL;
    pf_result *result = pf_succeeded();
    pf_variable(result, "length", "%zu", characters);
    pf_variable(result, "denied", "%s", denied ? "yes" : "no");
    return result;
}
