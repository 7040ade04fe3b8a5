// Reading targets.
#include "observatory/target.h"

#include "files/files.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>
#include <unordered_set>

namespace cotter::observatory {
namespace {

constexpr std::string_view kWhite = " \t\r";
constexpr std::size_t kMostListBytes = 64U << 20U;

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kWhite);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kWhite) - begin + 1);
}

std::string protocol_list() {
    std::string list;
    for (const std::string& name : stream::start_tls_names()) list += (list.empty() ? "" : ", ") + name;
    return list;
}

}  // namespace

Result<Target> Target::parse(std::string_view text) {
    const std::string_view line = trimmed(text);
    const std::string what = "reading the server " + text::escape(line, 64);
    const std::size_t gap = line.find_first_of(kWhite);
    const std::string_view address = line.substr(0, gap);
    if (address.find('/') != std::string_view::npos) {
        return malformed("target_range", what, "it is a network or a URL",
                         "write each server on a line of its own: HOST:PORT");
    }
    std::optional<stream::StartTls> start_tls;
    if (gap != std::string_view::npos) {
        const std::string_view protocol = trimmed(line.substr(gap));
        start_tls = stream::start_tls_from(protocol);
        if (!start_tls) {
            return malformed("target_protocol", what,
                             "there is no protocol called " + text::escape(protocol, 32) + " to begin TLS from",
                             "write one of " + protocol_list() + ", or nothing where TLS begins at once");
        }
    }
    auto server = HostPort::parse(address, start_tls ? stream::usual_port(*start_tls) : kUsualPort);
    if (!server) return unexpected(server.error());
    return Target{.server = std::move(*server), .start_tls = start_tls};
}

std::string Target::to_string() const {
    return server.to_string() + (start_tls ? " " + start_tls_text() : "");
}

std::string Target::start_tls_text() const {
    return start_tls ? stream::start_tls_names().at(static_cast<std::size_t>(*start_tls)) : std::string();
}

std::array<std::byte, 32> TargetList::digest() const {
    std::string all;
    for (const Target& target : targets) all += target.to_string() + "\n";
    return sha256(x509::as_bytes(std::string_view(all)));
}

Result<TargetList> parse_targets(std::string_view text, const std::string& source) {
    TargetList list;
    std::unordered_set<std::string> seen;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, std::min(text.find('#'), end)));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        auto target = Target::parse(line);
        if (!target) {
            Error error = target.error();
            error.place = Place{.source = source, .line = number, .column = {}, .offset = {}};
            return unexpected(std::move(error));
        }
        if (!seen.insert(target->to_string()).second) {
            ++list.repeated;
            continue;
        }
        if (list.targets.size() == kMostTargets) {
            return malformed("too_many_targets", "reading the servers of " + text::escape(source),
                             "there are more than " + std::to_string(kMostTargets), "divide the list");
        }
        list.targets.push_back(std::move(*target));
    }
    if (list.targets.empty()) {
        return malformed("no_targets", "reading the servers of " + text::escape(source), "it names none",
                         "write one HOST:PORT a line");
    }
    return list;
}

Result<TargetList> read_targets(const std::filesystem::path& path) {
    const auto content = files::read(path, kMostListBytes);
    if (!content) return unexpected(content.error());
    return parse_targets(text::of_octets(*content), path == "-" ? "standard input" : path.string());
}

}  // namespace cotter::observatory
