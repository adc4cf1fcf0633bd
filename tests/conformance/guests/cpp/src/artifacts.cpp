// Artifacts.

#include "cases.hpp"

#include <cstdio>

using namespace pipefitter;

Case inputs_case(const Job &job) {
    std::string listing;
    std::size_t lines = 0;
    for (const Input &input : job.inputs()) {
        for (const std::string &path : PF_TRY(input.files())) {
            listing += std::format("{}/{} {}\n", input.name(), path, PF_TRY(input.size(path)));
            lines++;
        }
    }
    PF_TRY(PF_TRY(job.first_output()).write("listing.txt", listing));
    return Outcome::succeeded().variable("inputs", job.inputs().size()).variable("files", lines);
}

Case large_case(const Job &job) {
    auto input = PF_TRY(job.first_input());
    std::uint64_t bytes = 0;
    unsigned char last = 0;
    PF_TRY(read_pieces(join(input.path(), "big.bin"), [&](std::string_view piece) -> Result<void> {
        bytes += piece.size();
        last = static_cast<unsigned char>(piece.back());
        return {};
    }));
    return Outcome::succeeded().variable("bytes", bytes).variable("last", unsigned(last));
}

Case tree_case(const Job &job) {
    auto output = PF_TRY(job.first_output());
    std::string bytes;
    for (int i = 0; i < 256; i++) bytes += static_cast<char>(i);
    PF_TRY(output.write("a/b/c.txt", "deep\n"));
    PF_TRY(output.write("ünï/日本.txt", "grüße 😀\n"));
    PF_TRY(output.write("empty.txt", ""));
    PF_TRY(output.write("bytes.bin", bytes));
    return Outcome::succeeded();
}

static const char *told(const std::string &path, const char *mode) {
    std::FILE *file = std::fopen(path.c_str(), mode);
    if (!file) return "refused";
    std::fclose(file);
    return "opened";
}

Case denied_case(const Job &job) {
    auto input = PF_TRY(job.first_input()).path();
    return Outcome::succeeded()
        .variable("outside", told("/etc/passwd", "r"))
        .variable("input", told(join(input, "new.txt"), "w"))
        .variable("above", told(join(input, "../../etc/passwd"), "r"));
}
