/// One job: what CodePipeline wants done.
#ifndef PIPEFITTER_JOB_HPP
#define PIPEFITTER_JOB_HPP

#include <concepts>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure.hpp"
#include "files.hpp"

namespace pipefitter {

/// A name and its text.
struct Pair {
    std::string_view name;
    std::string_view value;
};

/// One job. What it gives out lives as long as the job.
class Job {
  public:
    explicit Job(const pf_job &job) : job_(&job) {}

    /// The job's id. A new one for every job of a continuation chain.
    std::string_view id() const { return job_->id; }
    /// 1, or more when the host runs the same job again after a crash (only where the manifest says
    /// `retry-safe = true`).
    std::uint32_t attempt() const { return job_->attempt; }
    /// The AWS account of the pipeline, 12 digits, where the service tells it.
    std::optional<std::string_view> account_id() const { return optional(job_->account_id); }
    /// The action type, with members `category`, `owner`, `provider` and `version`.
    const pf_action_type &action_type() const { return job_->action_type; }
    /// Where the action stands, with members `pipeline`, `stage` and `action`, and others that may be null.
    const pf_pipeline_context &pipeline() const { return job_->pipeline; }
    /// What the previous job of this action gave to `Outcome::in_progress`.
    std::optional<std::string_view> continuation_token() const { return optional(job_->continuation_token); }
    /// The configuration as it is; `config` gives it typed.
    std::vector<Pair> configuration() const { return pairs(job_->configuration, job_->configuration_count); }
    /// Facts that a later host may add, such as `region`.
    std::vector<Pair> attributes() const { return pairs(job_->attributes, job_->attribute_count); }
    /// One of the attributes.
    std::optional<std::string_view> attribute(const std::string &name) const {
        return optional(pf_attribute(job_, name.c_str()));
    }

    /// The input artifacts, in the order of the pipeline's definition.
    std::vector<Input> inputs() const {
        std::vector<Input> all;
        for (std::size_t i = 0; i < job_->input_count; i++) all.emplace_back(job_->inputs[i]);
        return all;
    }
    /// The output artifacts, in the order of the pipeline's definition.
    std::vector<Output> outputs() const {
        std::vector<Output> all;
        for (std::size_t i = 0; i < job_->output_count; i++) all.emplace_back(job_->outputs[i]);
        return all;
    }
    /// The first input artifact, or a configuration error.
    Result<Input> first_input() const { return found<Input>(pf_first_input(job_)); }
    /// The first output artifact, or a configuration error.
    Result<Output> first_output() const { return found<Output>(pf_first_output(job_)); }
    /// The input artifact of a name, or a configuration error that names those there are.
    Result<Input> input(const std::string &name) const { return found<Input>(pf_input_named(job_, name.c_str())); }
    /// The output artifact of a name, or a configuration error that names those there are.
    Result<Output> output(const std::string &name) const { return found<Output>(pf_output_named(job_, name.c_str())); }
    /// The directory for temporary files, or a permission error that says what the operator must grant.
    Result<std::string> scratch() const {
        const char *path = pf_scratch(job_);
        if (!path) return Failure::taken();
        return std::string(path);
    }

    /// One value of the configuration as it is.
    std::optional<std::string_view> config_value(std::string_view key) const {
        for (std::size_t i = 0; i < job_->configuration_count; i++) {
            const pf_pair &pair = job_->configuration[i];
            if (key == pair.name) return std::string_view(pair.value, pair.value_size);
        }
        return std::nullopt;
    }

    /// A value of the configuration as a type: a whole number (within the type's range), a floating-point number,
    /// `bool`, `std::string`, or `std::vector<std::string>`, a list with commas. Absent where the key is absent or its
    /// value empty. What does not fit is a configuration error that names the key.
    template <typename T> Result<std::optional<T>> config(const std::string &key) const {
        auto value = config_value(key);
        if (!value || value->empty()) return std::optional<T>();
        T read{};
        if constexpr (std::same_as<T, bool>) {
            if (!pf_config_bool(job_, key.c_str(), &read)) return Failure::taken();
        } else if constexpr (std::integral<T>) {
            static_assert(sizeof(T) < sizeof(std::int64_t) || std::signed_integral<T>, "up to 63 bits");
            std::int64_t number = 0;
            constexpr auto least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
            if (!pf_config_int(job_, key.c_str(), least, most, &number)) return Failure::taken();
            read = static_cast<T>(number);
        } else if constexpr (std::floating_point<T>) {
            double number = 0;
            if (!pf_config_number(job_, key.c_str(), &number)) return Failure::taken();
            read = static_cast<T>(number);
        } else if constexpr (std::same_as<T, std::string>) {
            read = *value;
        } else {
            static_assert(std::same_as<T, std::vector<std::string>>, "a type that configuration cannot be read as");
            pf_list list{};
            pf_config_list(job_, key.c_str(), &list);
            for (std::size_t i = 0; i < list.count; i++) read.emplace_back(list.items[i]);
        }
        return std::optional<T>(std::move(read));
    }
    /// As `config`, with what counts where the key is absent.
    template <typename T> Result<T> config_or(const std::string &key, T otherwise) const {
        return config<T>(key).transform([&](std::optional<T> value) { return std::move(value).value_or(otherwise); });
    }
    /// As `config`, for what must be there.
    template <typename T> Result<T> config_required(const std::string &key) const {
        Result<std::optional<T>> value = config<T>(key);
        if (!value) return std::unexpected(value.error());
        if (!*value) return Failure::configuration_key(key, "a value is required");
        return std::move(**value);
    }
    /// One of a few words: its place among them, or `otherwise` where the key is absent.
    Result<std::size_t> config_choice(const std::string &key, std::initializer_list<const char *> words,
                                      std::size_t otherwise) const {
        std::vector<const char *> all(words);
        all.push_back(nullptr);
        std::size_t choice = otherwise;
        if (!pf_config_choice(job_, key.c_str(), all.data(), &choice)) return Failure::taken();
        return choice;
    }

  private:
    static std::optional<std::string_view> optional(const char *text) {
        return text ? std::optional<std::string_view>(text) : std::nullopt;
    }
    static std::vector<Pair> pairs(const pf_pair *from, std::size_t count) {
        std::vector<Pair> all;
        for (std::size_t i = 0; i < count; i++) all.push_back({from[i].name, {from[i].value, from[i].value_size}});
        return all;
    }
    template <typename A, typename C> static Result<A> found(const C *artifact) {
        if (!artifact) return Failure::taken();
        return A(*artifact);
    }

    const pf_job *job_;
};

} // namespace pipefitter

#endif
