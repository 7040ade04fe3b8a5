// The words of a command line as people paste it: pins that programs take as options.
#pragma once

#include "formats/format.h"

#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

struct ShellWord {
    std::string text;
    std::size_t offset = 0;  ///< of its first octet in the text
};

/// Splits at white space, by the rules of POSIX's shell for quotes, backslashes (before a line's end: the line goes on)
/// and comments. Nothing is expanded. Quotes without an end are an Error; it doesn't show the text, which may hold
/// secrets.
[[nodiscard]] Result<std::vector<ShellWord>> shell_words(std::string_view text, const ImportContext& context);

/// The values of `--name VALUE` and `--name=VALUE`, in their order. If no word begins with a dash, every word is one.
/// An option without its value is an Error.
[[nodiscard]] Result<std::vector<ShellWord>> option_values(const std::vector<ShellWord>& words, std::string_view name,
                                                           std::string_view text, const ImportContext& context);

}  // namespace cotter::formats
