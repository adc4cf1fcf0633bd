// Log, time, chance, the host's wish to end, and what is beyond the sandbox.

#include "cases.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <time.h>

using namespace pipefitter;
using namespace std::chrono_literals;

Case stop_case(const Job &) {
    log::info("waiting");
    for (;;) {
        if (auto reason = control::stop_requested()) {
            bool hand_over = *reason == control::StopReason::hand_over;
            return Outcome::in_progress(hand_over ? "stopped: hand-over" : "stopped: cancelled");
        }
        timespec pause = {0, 20'000'000};
        nanosleep(&pause, nullptr);
    }
}

Case deadline_case(const Job &) {
    auto left = control::time_remaining();
    log::info("remaining: {}", left > 0ms && left <= 24h ? "yes" : "no");
    for (volatile bool never = false; !never;) {
    }
    return Outcome::succeeded();
}

Case log_case(const Job &) {
    using enum log::Level;
    log::write(trace, "level trace", {{"key", "value"}});
    log::write(debug, "level debug", {{"key", "value"}});
    log::write(info, "level info", {{"key", "value"}});
    log::write(warn, "level warn", {{"key", "value"}});
    log::write(error, "level error", {{"key", "value"}});
    log::info("{}", std::string(100'000, 'l'));
    std::puts("to standard output");
    std::fputs("to standard error\n", stderr);
    std::fwrite("bad \xFF byte\n", 1, 11, stdout);
    return Outcome::succeeded();
}

Case clock_case(const Job &) {
    constexpr std::chrono::sys_seconds year_2024(1'704'067'200s);
    bool forward = true;
    auto last = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; i++) {
        auto now = std::chrono::steady_clock::now();
        forward = forward && now >= last;
        last = now;
    }
    return Outcome::succeeded()
        .variable("wall", std::chrono::system_clock::now() >= year_2024 ? "yes" : "no")
        .variable("monotonic", forward ? "yes" : "no");
}

Case random_case(const Job &) {
    std::array<unsigned char, 16> one, other;
    pf_random(one.data(), one.size());
    pf_random(other.data(), other.size());
    std::string hex;
    for (unsigned byte : one) hex += std::format("{:02x}", byte);
    return Outcome::succeeded().variable("differ", one == other ? "no" : "yes").variable("bytes", hex);
}

Case network_case(const Job &job) {
    auto answer = http::send({.url = PF_TRY(job.config_required<std::string>("url"))});
    if (!answer) {
        log::warn("{}", answer.error().message());
        return Outcome::succeeded().variable("error", "yes");
    }
    return Outcome::succeeded().variable("status", answer->status).variable("body", answer->body);
}

Case secret_case(const Job &) {
    auto secret = PF_TRY(secrets::get("conformance"));
    auto begins = [](char byte) { return (byte & 0xC0) != 0x80; };
    return Outcome::succeeded()
        .variable("length", std::ranges::count_if(secret, begins))
        .variable("denied", secrets::get("other") ? "no" : "yes");
}
