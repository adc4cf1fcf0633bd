/// The job's log. Standard output (as info) and standard error (as warn) go to the same one, in order.
#ifndef PIPEFITTER_LOG_HPP
#define PIPEFITTER_LOG_HPP

#include <format>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pipefitter.h>

namespace pipefitter::log {

/// How much a line matters, least first.
enum class Level { trace = PF_TRACE, debug = PF_DEBUG, info = PF_INFO, warn = PF_WARN, error = PF_ERROR };

/// A name and a value that go with a line.
using Field = std::pair<std::string, std::string>;

/// The least level that is kept: messages below it need not be made. The functions below ask it.
inline Level threshold() { return static_cast<Level>(pf_threshold()); }

/// Writes a message; line ends split it into lines.
inline void write(Level level, std::string_view message, std::initializer_list<Field> fields = {}) {
    std::vector<pf_pair> pairs;
    for (const Field &field : fields) pairs.push_back({field.first.c_str(), field.second.c_str(), field.second.size()});
    pf_log_text(static_cast<pf_level>(level), pairs.data(), pairs.size(), message.data(), message.size());
}

/// Writes what `std::format` makes.
template <typename... A> void print(Level level, std::format_string<A...> format, A &&...arguments) {
    if (level < threshold()) return;
    write(level, std::format(format, std::forward<A>(arguments)...));
}

/// Finest detail.
template <typename... A> void trace(std::format_string<A...> format, A &&...arguments) {
    print(Level::trace, format, std::forward<A>(arguments)...);
}
/// For whoever develops the plugin.
template <typename... A> void debug(std::format_string<A...> format, A &&...arguments) {
    print(Level::debug, format, std::forward<A>(arguments)...);
}
/// What a pipeline's owner may want to read.
template <typename... A> void info(std::format_string<A...> format, A &&...arguments) {
    print(Level::info, format, std::forward<A>(arguments)...);
}
/// Something is odd, the work goes on.
template <typename... A> void warn(std::format_string<A...> format, A &&...arguments) {
    print(Level::warn, format, std::forward<A>(arguments)...);
}
/// Something failed.
template <typename... A> void error(std::format_string<A...> format, A &&...arguments) {
    print(Level::error, format, std::forward<A>(arguments)...);
}

} // namespace pipefitter::log

#endif
