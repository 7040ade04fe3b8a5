// The known_peers file: one line a pin, read and rewritten whole.
#include "evidence/known_peers.h"

#include "files/files.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace cotter::evidence {
namespace {

constexpr std::string_view kRevokedMark = "@revoked";

struct Line {
    std::string text;  ///< as it stands, without the newline
    /// Absent for comments and empty lines.
    struct Entry {
        bool is_revoked = false;
        x509::HostPort peer;
        Pin pin;
        trust::Time first_seen;
        trust::Time last_seen;
        std::string comment;
    };
    std::optional<Entry> entry;
};

std::string printed(const Line::Entry& entry) {
    return (entry.is_revoked ? std::string(kRevokedMark) + " " : std::string()) + entry.peer.to_string() + " " +
           entry.pin.to_string() + " " + text::rfc3339(entry.first_seen) + " " + text::rfc3339(entry.last_seen) +
           (entry.comment.empty() ? "" : " " + entry.comment);
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

std::optional<Line::Entry> parse_entry(std::string_view text) {
    if (std::ranges::any_of(text, is_control)) return std::nullopt;
    std::istringstream words{std::string(text)};
    std::string word;
    words >> word;
    const bool is_revoked = word == kRevokedMark;
    if (is_revoked) words >> word;
    auto peer = x509::HostPort::parse(word);
    std::string pin_text;
    std::string first_text;
    std::string last_text;
    if (!peer || !(words >> pin_text >> first_text >> last_text)) return std::nullopt;
    auto pin = Pin::parse(pin_text);
    const auto first = text::parse_rfc3339(first_text);
    const auto last = text::parse_rfc3339(last_text);
    if (!pin || !first || !last) return std::nullopt;
    std::string comment;
    std::getline(words >> std::ws, comment);
    if (!comment.empty() && comment.front() != '#') return std::nullopt;
    return Line::Entry{is_revoked, std::move(*peer), std::move(*pin), *first, *last, std::move(comment)};
}

/// Every line, or an Error: a line that can't be read might have been the one that counts (INVARIANT A132).
Result<std::vector<Line>> read_lines(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return std::vector<Line>();
    auto content = files::read_private(path);
    if (!content) return unexpected(content.error());
    std::string text;
    std::ranges::transform(*content, std::back_inserter(text),
                           [](std::byte octet) { return static_cast<char>(octet); });
    const auto bad = [&](std::size_t line, std::string why) {
        auto error = failed("known_peers_line", "reading " + text::escape(path.string()), std::move(why),
                            "mend or remove line " + std::to_string(line) + "; nothing of the file counts until then");
        return error;
    };
    if (!text.empty() && text.back() != '\n') {
        return bad(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1, "its last line is torn");
    }
    std::vector<Line> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        Line read{line, std::nullopt};
        if (!line.empty() && line.front() != '#') {
            read.entry = parse_entry(line);
            if (!read.entry)
                return bad(lines.size() + 1, "line " + std::to_string(lines.size() + 1) + " can't be understood");
        }
        lines.push_back(std::move(read));
    }
    return lines;
}

Result<void> write_lines(const std::filesystem::path& path, const std::vector<Line>& lines) {
    std::string text;
    for (const Line& line : lines) text += line.text + "\n";
    return files::write_private(path, x509::as_bytes(text), files::Replace::kExisting);
}

}  // namespace

trust::Continuity KnownPeers::ask(const x509::HostPort& peer, const x509::Certificate& leaf) const {
    trust::Continuity continuity;
    const auto lines = read_lines(path_);
    if (!lines) {
        continuity.state = trust::ContinuityState::kError;
        continuity.detail = lines.error().what + ": " + lines.error().why;
        return continuity;
    }
    continuity.state = trust::ContinuityState::kUnknown;
    for (const Line& line : *lines) {
        if (!line.entry) continue;
        const bool is_its_key = leaf.matches(line.entry->pin);
        if (line.entry->is_revoked) {
            // A key that somebody else holds is no better at another host.
            if (!is_its_key) continue;
            continuity.state = trust::ContinuityState::kRevoked;
            continuity.remembered = {line.entry->pin};
            continuity.first_seen.reset();
            return continuity;
        }
        if (line.entry->peer != peer || continuity.state == trust::ContinuityState::kMatch) continue;
        if (is_its_key) {
            continuity.state = trust::ContinuityState::kMatch;
            continuity.remembered = {line.entry->pin};
            continuity.first_seen = line.entry->first_seen;
            continue;
        }
        continuity.state = trust::ContinuityState::kChanged;
        continuity.remembered.push_back(line.entry->pin);
        continuity.first_seen =
            continuity.first_seen ? std::min(*continuity.first_seen, line.entry->first_seen) : line.entry->first_seen;
    }
    return continuity;
}

Result<std::vector<Pin>> KnownPeers::pins_of(const x509::HostPort& peer) const {
    const auto lines = read_lines(path_);
    if (!lines) return unexpected(lines.error());
    std::vector<Pin> pins;
    for (const Line& line : *lines) {
        if (line.entry && !line.entry->is_revoked && line.entry->peer == peer) pins.push_back(line.entry->pin);
    }
    return pins;
}

Result<void> KnownPeers::remember(const x509::HostPort& peer, const Pin& pin, trust::Time now, bool additional) const {
    const auto lock = files::Lock::take(path_.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    auto lines = read_lines(path_);
    if (!lines) return unexpected(lines.error());
    const auto is_revocation = [&](const Line& line) {
        return line.entry && line.entry->is_revoked && line.entry->pin == pin;
    };
    if (std::ranges::any_of(*lines, is_revocation)) {
        return failed("peer_revoked", "remembering the key of " + peer.to_string(),
                      "it is marked as revoked in " + text::escape(path_.string()),
                      "ask the server's owner for the new key");
    }
    bool is_known = false;
    for (Line& line : *lines) {
        if (!line.entry || line.entry->is_revoked || line.entry->peer != peer) continue;
        if (line.entry->pin == pin) {
            line.entry->last_seen = std::max(line.entry->last_seen, now);
            line.text = printed(*line.entry);
            return write_lines(path_, *lines);
        }
        is_known = true;
    }
    if (is_known && !additional) {
        return failed("peer_changed", "remembering the key of " + peer.to_string(), "another key is remembered for it",
                      "if the owner confirms the change, remove the old line from " + text::escape(path_.string()));
    }
    const Line::Entry entry{false, peer, pin, now, now, {}};
    lines->push_back({printed(entry), entry});
    return write_lines(path_, *lines);
}

}  // namespace cotter::evidence
