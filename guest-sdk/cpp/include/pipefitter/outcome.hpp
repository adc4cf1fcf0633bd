/// What a run that did not fail came to.
#ifndef PIPEFITTER_OUTCOME_HPP
#define PIPEFITTER_OUTCOME_HPP

#include <concepts>
#include <format>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pipefitter.h>

namespace pipefitter {

/// The revision that a source or deploy action made current.
struct CurrentRevision {
    /// Such as a commit, 1 to 1,500 characters.
    std::string revision;
    /// What changed from the one before, such as a tag, 1 to 100 characters.
    std::string change_identifier;
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    std::optional<double> created = std::nullopt;
    /// A description, up to 2,048 characters.
    std::optional<std::string> summary = std::nullopt;
};

/// What a run that did not fail came to: `Outcome::succeeded()` or `Outcome::in_progress(token)`.
class Outcome {
  public:
    /// The job is done.
    static Outcome succeeded() { return Outcome(std::nullopt); }
    /// This job ends, the action goes on: CodePipeline makes a new job of it later, which has `token` as its
    /// continuation token. 1 to 1,700 characters, or the job fails; no place for secrets.
    static Outcome in_progress(std::string token) { return Outcome(std::move(token)); }

    /// Sets an output variable. Names match `[A-Za-z0-9@_-]+`; names and values together are at most 122,880 bytes.
    /// The last value of a name counts. A job in progress has none: they are dropped with a warning.
    Outcome variable(std::string name, std::string_view value) && {
        variables_.emplace_back(std::move(name), value);
        return std::move(*this);
    }
    /// Sets an output variable to anything that `std::format` shows.
    template <typename T>
        requires(!std::convertible_to<const T &, std::string_view>)
    Outcome variable(std::string name, const T &value) && {
        return std::move(*this).variable(std::move(name), std::string_view(std::format("{}", value)));
    }
    /// Says what was done, up to 2,048 characters.
    Outcome summary(std::string summary) && {
        summary_ = std::move(summary);
        return std::move(*this);
    }
    /// Says how far the action is, 0 to 100; more counts as 100.
    Outcome percent(unsigned percent) && {
        percent_ = percent;
        return std::move(*this);
    }
    /// Gives the id of this work in another system.
    Outcome external_id(std::string id) && {
        external_id_ = std::move(id);
        return std::move(*this);
    }
    /// Tells the revision made current. A job in progress has none: it is dropped with a warning.
    Outcome current_revision(CurrentRevision revision) && {
        revision_ = std::move(revision);
        return std::move(*this);
    }

    /// As the C SDK has it; null where the token cannot be sent, with the failure recorded.
    pf_result *into_c() const {
        pf_result *result = token_ ? pf_in_progress(token_->c_str()) : pf_succeeded();
        if (!result) return nullptr;
        for (const auto &[name, value] : variables_) pf_variable_text(result, name.c_str(), value.data(), value.size());
        if (summary_) pf_summary_text(result, summary_->data(), summary_->size());
        if (percent_) pf_percent(result, *percent_);
        if (external_id_) pf_external_id(result, external_id_->c_str());
        if (revision_) {
            pf_revision revision = {
                .revision = revision_->revision.c_str(),
                .change_identifier = revision_->change_identifier.c_str(),
                .created = revision_->created.value_or(0),
                .summary = revision_->summary ? revision_->summary->c_str() : nullptr,
            };
            pf_current_revision(result, &revision);
        }
        return result;
    }

  private:
    explicit Outcome(std::optional<std::string> token) : token_(std::move(token)) {}

    std::optional<std::string> token_;
    std::vector<std::pair<std::string, std::string>> variables_;
    std::optional<std::string> summary_;
    std::optional<unsigned> percent_;
    std::optional<std::string> external_id_;
    std::optional<CurrentRevision> revision_;
};

} // namespace pipefitter

#endif
