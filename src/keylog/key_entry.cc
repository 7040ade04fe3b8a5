// Writing and reading entries.
#include "keylog/key_entry.h"

#include "text/time.h"

#include <array>

namespace cotter::keylog {
namespace {

constexpr std::string_view kEntryLine = "cotter-key/1";
constexpr std::array kWords{Word::kAdded, Word::kRetired};

std::optional<Word> word_from(std::string_view text) {
    for (const Word word : kWords) {
        if (text_of(word) == text) return word;
    }
    return std::nullopt;
}

unexpected<Error> bad_entry(std::string why) {
    return malformed("key_entry", "reading an entry of a key log", std::move(why),
                     "if the log is right, use the version of cotter that wrote it");
}

}  // namespace

Result<KeyName> KeyName::parse(std::string_view text) {
    if (auto with_port = HostPort::parse(text)) return KeyName{std::move(with_port->host), with_port->port};
    auto host = HostName::parse(text);
    if (!host) return unexpected(host.error());
    return KeyName{std::move(*host), std::nullopt};
}

std::string KeyName::to_string() const {
    return port ? HostPort{host, *port}.to_string() : host.to_string();
}

bool KeyName::covers(const HostPort& server) const {
    return host == server.host && (!port || *port == server.port);
}

std::string_view text_of(Word word) {
    switch (word) {
        case Word::kAdded: return "added";
        case Word::kRetired: return "retired";
    }
    return "";
}

bool is_loggable(const Pin& pin) {
    return pin.target() == PinTarget::kSubjectPublicKeyInfo && pin.form() == PinForm::kSha256;
}

std::string KeyEntry::text() const {
    std::string text(kEntryLine);
    text += "\n";
    text += text_of(word);
    return text + "\n" + name.to_string() + "\n" + pin.to_string() + "\n" + text::rfc3339(at) + "\n";
}

Result<KeyEntry> KeyEntry::parse(std::string_view text) {
    if (text.size() > kMostEntryOctets) return bad_entry("it is longer than any entry");
    std::array<std::string_view, 5> lines;
    std::string_view rest = text;
    for (std::string_view& line : lines) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) return bad_entry("it has not five lines");
        line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
    if (!rest.empty()) return bad_entry("it has more than five lines");
    if (lines[0] != kEntryLine) return bad_entry("its first line is not \"" + std::string(kEntryLine) + "\"");
    const auto word = word_from(lines[1]);
    if (!word) return bad_entry("what it says is neither \"added\" nor \"retired\"");
    auto name = KeyName::parse(lines[2]);
    if (!name) return bad_entry("its third line is no name of a server");
    auto pin = Pin::parse(lines[3]);
    if (!pin || !is_loggable(*pin)) return bad_entry("its fourth line is no SHA-256 pin of a key");
    const auto at = text::parse_rfc3339(lines[4]);
    if (!at) return bad_entry("its fifth line is no time");
    KeyEntry entry{*word, std::move(*name), std::move(*pin), *at};
    // One entry, one text: nobody finds two hashes for one word.
    if (entry.text() != text) return bad_entry("it is not written in the one way that entries are");
    return entry;
}

}  // namespace cotter::keylog
