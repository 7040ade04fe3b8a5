// The grammar of client names, and nothing else.
#include "registry/client_name.h"

#include "text/escape.h"

#include <algorithm>

namespace cotter::registry {
namespace {

constexpr std::size_t kMostCharacters = 64;

// ASCII only, whatever the locale says.
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

constexpr bool is_name_character(char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
}

unexpected<Error> bad_name(std::string code, std::string_view text, std::string why) {
    return malformed(std::move(code), "reading the client name \"" + text::escape(text, 96) + "\"", std::move(why),
                     "a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins and ends with a letter or a digit");
}

}  // namespace

Result<ClientName> ClientName::parse(std::string_view text) {
    if (text.empty()) return bad_name("name_empty", text, "it is empty");
    if (text.size() > kMostCharacters) {
        return bad_name("name_too_long", text, "it has " + std::to_string(text.size()) + " octets");
    }
    std::string folded(text);
    std::ranges::transform(folded, folded.begin(), lower);
    const auto wrong = std::ranges::find_if_not(folded, is_name_character);
    if (wrong != folded.end()) {
        return bad_name("name_character", text,
                        "octet " + std::to_string(wrong - folded.begin() + 1) + " can't be in a name");
    }
    if (!is_letter_or_digit(folded.front()) || !is_letter_or_digit(folded.back())) {
        return bad_name("name_edge", text, "it begins or ends with a punctuation mark");
    }
    return ClientName(std::move(folded));
}

}  // namespace cotter::registry
