// Hosts and losses of calls that write formats.
#include "cli/format_output.h"

#include "cli/command_tree.h"
#include "text/escape.h"
#include "text/nearest.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {

Result<trust::HostPattern> host_argument(const std::string& text) {
    constexpr std::string_view kStar = "*.";
    const bool is_wildcard = text.starts_with(kStar);
    const std::string rest = is_wildcard ? text.substr(kStar.size()) : text;
    // An IPv6 address alone has colons and no port.
    if (!rest.contains(':') || IpAddress::parse(rest)) return trust::HostPattern::parse(text, std::nullopt, false);
    const auto host = HostPort::parse(rest);
    if (!host) return unexpected(host.error());
    return trust::HostPattern::parse(std::string(is_wildcard ? kStar : "") + host->host.to_string(), host->port, false);
}

CLI::Validator one_of(std::vector<std::string> names) {
    const std::string listed = listed_words(names).get_description();
    const auto check = [names = std::move(names)](const std::string& word) -> std::string {
        if (std::ranges::find(names, word) != names.end()) return "";
        const auto nearest = text::nearest(word, names);
        return "there is no format " + text::escape(word, 40) + (nearest ? ", did you mean " + *nearest + "?" : "") +
               " They are listed by `cotter help formats`";
    };
    return {check, listed};
}

void warn_of(const std::vector<formats::Loss>& lost) {
    for (const formats::Loss& loss : lost) {
        std::cerr << "cotter: warning: " << (loss.host.empty() ? "" : loss.host + ": ") << loss.message << " ("
                  << loss.code << ")\n";
    }
}

nlohmann::ordered_json losses_json(const std::vector<formats::Loss>& lost) {
    auto array = nlohmann::ordered_json::array();
    for (const formats::Loss& loss : lost) {
        array.push_back({{"code", loss.code}, {"host", loss.host}, {"message", loss.message}});
    }
    return array;
}

}  // namespace cotter::cli
