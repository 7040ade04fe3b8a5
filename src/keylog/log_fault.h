// LogFault: why a key log shows nothing: it could not be read, or it is not what it was or what its key has signed.
#pragma once

#include <cotter/error.h>

#include <cstdint>
#include <string>

namespace cotter::keylog {

struct LogFault {
    enum class Kind : std::uint8_t {
        kUnreadable,  ///< nobody can be blamed: the network, a file, a version of cotter
        kFalse,       ///< somebody serves another log than the one that its key has signed, or that was seen
    };
    Kind kind = Kind::kUnreadable;
    std::string code;     ///< for scripts, lower_snake_case: "key_log_forked"
    std::string message;  ///< a sentence without a full stop, escaped
    /// For a log with two histories: the signed checkpoint that contradicts the one seen before, as it came.
    std::string contradiction{};
};

template <class T>
using Reading = expected<T, LogFault>;

[[nodiscard]] inline unexpected<LogFault> unreadable(const Error& error) {
    return unexpected<LogFault>(
        LogFault{LogFault::Kind::kUnreadable, "key_log_unreadable", error.what + ": " + error.why});
}
[[nodiscard]] inline unexpected<LogFault> is_false(std::string code, std::string message,
                                                   std::string contradiction = {}) {
    return unexpected<LogFault>(
        LogFault{LogFault::Kind::kFalse, std::move(code), std::move(message), std::move(contradiction)});
}

}  // namespace cotter::keylog
