/// Why a job failed.
#ifndef PIPEFITTER_FAILURE_HPP
#define PIPEFITTER_FAILURE_HPP

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <pipefitter.h>

namespace pipefitter {

/// CodePipeline's failure types.
enum class FailureType {
    /// The work itself failed: tests that do not pass, a check that found something.
    job_failed = PF_JOB_FAILED,
    /// The action's configuration is wrong; the message names the key.
    configuration_error = PF_CONFIGURATION_ERROR,
    /// Something that is needed may not be accessed.
    permission_error = PF_PERMISSION_ERROR,
    /// The revision to work on is not the one expected.
    revision_out_of_sync = PF_REVISION_OUT_OF_SYNC,
    /// An input artifact or revision is missing.
    revision_unavailable = PF_REVISION_UNAVAILABLE,
    /// Another system does not answer: trying again later may help.
    system_unavailable = PF_SYSTEM_UNAVAILABLE,
};

/// Why a job failed: what a plugin's function returns in place of an outcome, as `return Failure::job_failed("...")`.
class Failure {
  public:
    Failure(FailureType type, std::string message) : type_(type), message_(std::move(message)) {}

    static Failure job_failed(std::string message) { return {FailureType::job_failed, std::move(message)}; }
    static Failure configuration_error(std::string message) {
        return {FailureType::configuration_error, std::move(message)};
    }
    /// The configuration's `key` is wrong: the message becomes "configuration `key`: ...".
    static Failure configuration_key(std::string_view key, std::string_view problem) {
        std::string message = "configuration `";
        message.append(key).append("`: ").append(problem);
        return configuration_error(std::move(message));
    }
    static Failure permission_error(std::string message) { return {FailureType::permission_error, std::move(message)}; }
    static Failure revision_out_of_sync(std::string message) {
        return {FailureType::revision_out_of_sync, std::move(message)};
    }
    static Failure revision_unavailable(std::string message) {
        return {FailureType::revision_unavailable, std::move(message)};
    }
    static Failure system_unavailable(std::string message) {
        return {FailureType::system_unavailable, std::move(message)};
    }

    /// The failure that a function of the C SDK has recorded; it is forgotten there.
    static Failure taken() {
        const char *message = pf_failure_message();
        Failure failure(static_cast<FailureType>(pf_failure_kind()), message ? message : "");
        pf_forget_failure();
        return failure;
    }

    /// Gives the id of this work in another system.
    Failure external_id(std::string id) && {
        external_id_ = std::move(id);
        return std::move(*this);
    }

    /// Puts what was being done before the message: "signing in: ...".
    Failure context(std::string_view doing) && {
        message_.insert(0, ": ").insert(0, doing);
        return std::move(*this);
    }

    FailureType type() const { return type_; }
    const std::string &message() const { return message_; }
    const std::optional<std::string> &external_id() const { return external_id_; }

    /// Records it for the C SDK, which tells the host.
    void record() const {
        pf_fail_text(static_cast<pf_failure_type>(type_), message_.data(), message_.size());
        if (external_id_) pf_fail_external_id(external_id_->c_str());
    }

    /// So that `return Failure::job_failed("...")` is enough in a function that returns a `Result`.
    template <typename T> operator std::expected<T, Failure>() const { return std::unexpected(*this); }

  private:
    FailureType type_;
    std::string message_;
    std::optional<std::string> external_id_;
};

/// A value, or why there is none.
template <typename T> using Result = std::expected<T, Failure>;

/// What a function of the C SDK says with `true` and `false`.
inline Result<void> result_of(bool good) {
    if (good) return {};
    return std::unexpected(Failure::taken());
}

} // namespace pipefitter

/// The value of a `Result`, or a return with its failure.
#define PF_TRY(expression)                                                     \
    ({                                                                         \
        auto &&pf_result_ = (expression);                                      \
        if (!pf_result_) return std::unexpected(std::move(pf_result_).error()); \
        *std::move(pf_result_);                                                \
    })

#endif
