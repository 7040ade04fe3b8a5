// Reading and signing checkpoints.
#include "audit/checkpoint.h"

#include "text/encoding.h"

#include <algorithm>
#include <charconv>

namespace cotter::audit {
namespace {

/// Everything before the next newline, which goes too; the text must have one.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    return number;
}

std::optional<Hash> parse_hash(std::string_view text) {
    const auto octets = text::octets_of_base64(text);
    Hash hash;
    if (!octets || octets->size() != hash.size()) return std::nullopt;
    std::ranges::copy(*octets, hash.begin());
    return hash;
}

std::string Checkpoint::text() const {
    return origin + "\n" + std::to_string(size) + "\n" + text::base64(root) + "\n";
}

Result<SignedCheckpoint> SignedCheckpoint::parse(std::string_view text) {
    auto note = Note::parse(text);
    if (!note) return unexpected(note.error());
    const auto refused = [](std::string why) {
        return malformed("checkpoint", "reading a checkpoint", std::move(why),
                         "give the file as \"cotter log checkpoint\" wrote it");
    };
    std::string_view rest = note->text;
    const std::string_view origin = take_line(rest);
    const auto size = parse_count(take_line(rest));
    const auto root = parse_hash(take_line(rest));
    if (origin.empty()) return refused("its first line, which log it is of, is empty");
    if (!size) return refused("its second line is no number of entries");
    if (!root) return refused("its third line is no root hash in base64");
    while (!rest.empty()) {
        if (take_line(rest).empty()) return refused("an empty line stands within it");
    }
    return SignedCheckpoint{{std::string(origin), *size, *root}, std::move(*note), std::string(text)};
}

bool SignedCheckpoint::is_by(const Verifier& key) const {
    // The signature covers neither the name on its line nor the id, so the name counts only with the origin, which it
    // does.
    return key.name() == head.origin && key.has_signed(note);
}

Result<SignedCheckpoint> sign(const Checkpoint& head, EVP_PKEY* key) {
    const auto note = sign_note(head.text(), head.origin, key);
    if (!note) return unexpected(note.error());
    return SignedCheckpoint::parse(*note);
}

}  // namespace cotter::audit
