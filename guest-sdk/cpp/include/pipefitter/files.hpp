/// Files and folders.
#ifndef PIPEFITTER_FILES_HPP
#define PIPEFITTER_FILES_HPP

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "failure.hpp"

namespace pipefitter {

/// A bound for files that are read at once, where a plugin has none of its own: 64 MiB.
inline constexpr std::size_t whole = PF_WHOLE;

namespace detail {

/// Takes the bytes that C has read.
inline std::string taken(pf_bytes bytes) {
    std::string text(bytes.data, bytes.size);
    std::free(bytes.data);
    return text;
}

template <typename F> bool call_piece(void *context, const char *data, std::size_t size) {
    Result<void> went = (*static_cast<F *>(context))(std::string_view(data, size));
    if (!went) went.error().record();
    return went.has_value();
}

} // namespace detail

/// `folder/path`.
inline std::string join(std::string_view folder, std::string_view path) {
    std::string joined(folder);
    if (!joined.empty() && !path.empty() && joined.back() != '/') joined += '/';
    return joined.append(path);
}

/// The files below a directory, as relative paths sorted by their bytes. Links are neither followed nor listed.
inline Result<std::vector<std::string>> walk(const std::string &root) {
    pf_files files;
    if (!pf_walk(root.c_str(), &files)) return Failure::taken();
    std::vector<std::string> paths;
    paths.reserve(files.count);
    for (std::size_t i = 0; i < files.count; i++) {
        paths.emplace_back(files.paths[i]);
        std::free(files.paths[i]);
    }
    std::free(files.paths);
    return paths;
}

/// Reads a file at once. Fails where it has more than `most` bytes.
inline Result<std::string> read(const std::string &path, std::size_t most = whole) {
    pf_bytes bytes;
    if (!pf_read(path.c_str(), most, &bytes)) return Failure::taken();
    return detail::taken(bytes);
}

/// Reads a file of any size in pieces of at most 64 KiB: `piece` takes a `std::string_view` and returns `Result<void>`.
template <typename F> Result<void> read_pieces(const std::string &path, F piece) {
    return result_of(pf_read_pieces(path.c_str(), detail::call_piece<F>, &piece));
}

/// An artifact that an earlier action made. Read-only.
class Input {
  public:
    explicit Input(const pf_input &input) : input_(&input) {}

    /// The name in the pipeline's definition.
    std::string_view name() const { return input_->name; }
    /// The directory that holds it.
    std::string path() const { return input_->path; }
    /// Absent when the artifact was an archive and was unpacked into `path`. Otherwise the one file in `path`.
    std::optional<std::string> file() const {
        return input_->file ? std::optional<std::string>(input_->file) : std::nullopt;
    }
    /// The revision that the service gave.
    std::optional<std::string_view> revision() const {
        return input_->revision ? std::optional<std::string_view>(input_->revision) : std::nullopt;
    }

    /// Its files: see `walk`.
    Result<std::vector<std::string>> files() const { return walk(path()); }
    /// How many bytes one of its files has.
    Result<std::uint64_t> size(const std::string &path) const {
        std::uint64_t bytes = 0;
        if (!pf_input_size(input_, path.c_str(), &bytes)) return Failure::taken();
        return bytes;
    }
    /// Reads one of its files by its relative path.
    Result<std::string> read(const std::string &path, std::size_t most = whole) const {
        pf_bytes bytes;
        if (!pf_input_read(input_, path.c_str(), most, &bytes)) return Failure::taken();
        return detail::taken(bytes);
    }
    /// Reads one of its text files. Fails where it is not UTF-8.
    Result<std::string> read_text(const std::string &path, std::size_t most = whole) const {
        Result<std::string> text = read(path, most);
        if (text && !pf_is_utf8(text->data(), text->size())) {
            std::string message = "reading `";
            message.append(path).append("` of input artifact `").append(name()).append("`: it is not UTF-8");
            return Failure::job_failed(std::move(message));
        }
        return text;
    }

  private:
    const pf_input *input_;
};

/// A file of an output artifact that is being written; closed when it goes. `close` tells what could not be written.
class OutputFile {
  public:
    OutputFile(const pf_output &output, std::string path, std::FILE *file)
        : output_(&output), path_(std::move(path)), file_(file) {}
    OutputFile(OutputFile &&other) noexcept
        : output_(other.output_), path_(std::move(other.path_)), file_(std::exchange(other.file_, nullptr)) {}
    OutputFile &operator=(OutputFile &&) = delete;
    ~OutputFile() {
        if (file_) std::fclose(file_);
    }

    /// Writes. What goes wrong is told by `close`.
    void write(std::string_view data) {
        if (file_ && !data.empty()) std::fwrite(data.data(), 1, data.size(), file_);
    }
    /// Closes it, and fails where something of it could not be written.
    Result<void> close() {
        return result_of(pf_output_close(output_, path_.c_str(), std::exchange(file_, nullptr)));
    }

  private:
    const pf_output *output_;
    std::string path_;
    std::FILE *file_;
};

/// An artifact that this action is to make. It is dropped when the job fails or is in progress.
class Output {
  public:
    explicit Output(const pf_output &output) : output_(&output) {}

    /// The name in the pipeline's definition.
    std::string_view name() const { return output_->name; }
    /// The directory to fill.
    std::string path() const { return output_->path; }

    /// Writes a file at a relative path, making the directories that it is in.
    Result<void> write(const std::string &path, std::string_view data) const {
        return result_of(pf_output_write(output_, path.c_str(), data.data(), data.size()));
    }
    /// Opens a file at a relative path, to write it in pieces.
    Result<OutputFile> open(const std::string &path) const {
        std::FILE *file = pf_output_open(output_, path.c_str());
        if (!file) return Failure::taken();
        return OutputFile(*output_, path, file);
    }

  private:
    const pf_output *output_;
};

} // namespace pipefitter

#endif
