/// What a running job tells the host, and the host the job; and secrets that the operator grants.
#ifndef PIPEFITTER_CONTROL_HPP
#define PIPEFITTER_CONTROL_HPP

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "failure.hpp"
#include "files.hpp"

namespace pipefitter::control {

/// Says how far the job is, 0 to 100 percent, in a few words of up to 2,048 characters. Calling it often is cheap.
inline void progress(unsigned percent, std::string_view summary) {
    pf_progress_text(percent > 100 ? 100 : static_cast<int>(percent), summary.data(), summary.size());
}
/// Says what the job is at, where how far it is is not known.
inline void progress(std::string_view summary) { pf_progress_text(-1, summary.data(), summary.size()); }

/// Why the host wants a job to end before it is done.
enum class StopReason {
    /// Nobody wants the result any more. Clean up and return; whatever is returned is dropped.
    cancelled = PF_CANCELLED,
    /// The worker is shutting down. A plugin that can returns `Outcome::in_progress` now.
    hand_over = PF_HAND_OVER,
};

/// Whether to stop early. Ask at least every few seconds.
inline std::optional<StopReason> stop_requested() {
    pf_stop reason = pf_stop_requested();
    return reason == PF_GO_ON ? std::nullopt : std::optional(static_cast<StopReason>(reason));
}
/// The time until the host interrupts the job; the largest of 32 bits means that or more.
inline std::chrono::milliseconds time_remaining() { return std::chrono::milliseconds(pf_time_remaining()); }

} // namespace pipefitter::control

/// Secrets that the operator grants by name. The manifest has to ask: `secrets = [{ name = "api-token", reason = "..." }]`
/// in `[capabilities]`. A plugin that does not call these functions does not import secrets.
namespace pipefitter::secrets {

/// A secret as text.
inline Result<std::string> get(const std::string &name) {
    char *secret = pf_secret(name.c_str());
    if (!secret) return Failure::taken();
    std::string text(secret);
    std::free(secret);
    return text;
}
/// A secret as bytes, for those that are not text.
inline Result<std::string> get_bytes(const std::string &name) {
    pf_bytes bytes;
    if (!pf_secret_bytes(name.c_str(), &bytes)) return Failure::taken();
    return detail::taken(bytes);
}

} // namespace pipefitter::secrets

#endif
