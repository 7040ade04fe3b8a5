// Error: why something could not be done, as data. Printed in one place (cli/report). A refusal of a peer is not an
// error; that is a Verdict.
#pragma once

#include <cotter/expected.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cotter {

/// What an error means to the caller, and so which exit code the tool ends with.
enum class ErrorKind : std::uint8_t {
    kMalformedInput,  ///< the call or an input is malformed: exit code 2
    kFailed,          ///< it could not be done (network, file, permission, fault): exit code 1
};

/// Where in an input the error was found. All counts start at 1 but `offset`, which counts octets from 0.
struct Place {
    std::string source;                 ///< file path, flag name or "-"; empty when the caller knows
    std::optional<std::size_t> line;    ///< nothing where the input has no lines, or all of it is meant
    std::optional<std::size_t> column;  ///< in that line
    std::optional<std::size_t> offset;  ///< where the input is one line or no text

    bool operator==(const Place&) const = default;
};

/// What failed, why, and what to do next. Every text is UTF-8 without control characters: what came from a peer or a
/// file has been escaped.
struct Error {
    ErrorKind kind = ErrorKind::kFailed;  ///< whether it is the input that is at fault
    std::string code;                     ///< stable, lower_snake_case, for scripts: "pin_wrong_length"
    std::string what;                     ///< what failed: "reading the pin sha256/AAAA"
    std::string why;                      ///< why: "a SHA-256 digest is 32 bytes, this is 3"
    std::string next;                     ///< a command to run or a fact to know; may be empty
    std::optional<Place> place;           ///< in which input; nothing where it is about none

    bool operator==(const Error&) const = default;
};

/// A value, or why there is none.
template <class T>
using Result = expected<T, Error>;

/// An Error of kind kMalformedInput, ready to return from a function giving a Result.
[[nodiscard]] inline unexpected<Error> malformed(std::string code, std::string what, std::string why,
                                                 std::string next = {}) {
    return unexpected<Error>(Error{ErrorKind::kMalformedInput, std::move(code), std::move(what), std::move(why),
                                   std::move(next), std::nullopt});
}

/// An Error of kind kFailed, ready to return from a function giving a Result.
[[nodiscard]] inline unexpected<Error> failed(std::string code, std::string what, std::string why,
                                              std::string next = {}) {
    return unexpected<Error>(
        Error{ErrorKind::kFailed, std::move(code), std::move(what), std::move(why), std::move(next), std::nullopt});
}

}  // namespace cotter
