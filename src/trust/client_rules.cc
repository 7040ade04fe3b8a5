// Rules as texts, both ways.
#include "trust/client_rules.h"

#include "text/escape.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace cotter::trust {
namespace {

constexpr std::uint64_t kLeastRate = 1024;
constexpr std::uint64_t kMostRate = std::uint64_t{1} << 40U;
constexpr std::uint32_t kMostStreams = 1'000'000;
// A client's rules are looked at in every handshake of its.
constexpr std::size_t kMostOfAKind = 64;

struct Unit {
    char letter;
    unsigned shift;
};
constexpr std::array kUnits = {Unit{'G', 30}, Unit{'M', 20}, Unit{'k', 10}};

std::optional<std::uint64_t> read_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = fault == std::errc{} && end == text.data() + text.size() && !text.starts_with('+');
    return is_number ? std::optional(number) : std::nullopt;
}

/// As a client's name: what reaches logs and files.
bool is_service_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= 64 && is_letter(name.front()) && is_letter(name.back()) &&
           std::ranges::all_of(name, [&](char c) { return is_letter(c) || c == '.' || c == '_' || c == '-'; });
}

Result<std::string> parse_service(std::string_view text) {
    if (is_service_name(text)) return std::string(text);
    return malformed("bad_service", "reading the service \"" + text::escape(text, 100) + "\"",
                     "a service's name has small letters, digits, '.', '_' and '-'",
                     "write it as the configuration file of the server does");
}

Result<std::uint32_t> parse_max_streams(std::string_view text) {
    const auto number = read_number(text);
    if (number && *number >= 1 && *number <= kMostStreams) return static_cast<std::uint32_t>(*number);
    return malformed("bad_max_streams", "reading \"" + text::escape(text, 100) + "\" as the most streams at once",
                     "it is not a whole number from 1 to " + std::to_string(kMostStreams),
                     "to let a client have none: cotter client suspend NAME");
}

/// Each once, in the order given.
template <class T, class Parse>
Result<void> parse_each(const std::vector<std::string>& texts, std::vector<T>& into, Parse parse) {
    for (const std::string& text : texts) {
        auto parsed = parse(text);
        if (!parsed) return unexpected(parsed.error());
        if (std::ranges::find(into, *parsed) == into.end()) into.push_back(std::move(*parsed));
    }
    if (into.size() > kMostOfAKind) {
        return malformed("too_many_rules", "reading the rules", "there are more than 64 of one kind",
                         "use wider ones, or two clients");
    }
    return {};
}

}  // namespace

Result<std::uint64_t> parse_rate(std::string_view text) {
    std::string_view digits = text;
    unsigned shift = 0;
    for (const Unit& unit : kUnits) {
        if (!text.ends_with(unit.letter)) continue;
        digits.remove_suffix(1);
        shift = unit.shift;
    }
    const auto number = read_number(digits);
    if (number && *number <= (kMostRate >> shift) && (*number << shift) >= kLeastRate) return *number << shift;
    return malformed("bad_rate", "reading the rate \"" + text::escape(text, 100) + "\"",
                     "it is not a number of octets a second from 1k to 1024G", "write for instance 64k, 1M or 2G");
}

std::string rate_text(std::uint64_t octets_a_second) {
    for (const Unit& unit : kUnits) {
        const std::uint64_t whole = octets_a_second >> unit.shift;
        if (whole != 0 && whole << unit.shift == octets_a_second) return std::to_string(whole) + unit.letter;
    }
    return std::to_string(octets_a_second);
}

Result<ClientRules> ClientRules::parse(const RuleTexts& texts) {
    ClientRules rules;
    if (auto read = parse_each(texts.services, rules.services, parse_service); !read) return unexpected(read.error());
    if (auto read = parse_each(texts.from, rules.from, Network::parse); !read) return unexpected(read.error());
    if (auto read = parse_each(texts.hours, rules.hours, WeeklyHours::parse); !read) return unexpected(read.error());
    if (!texts.max_streams.empty()) {
        const auto most = parse_max_streams(texts.max_streams);
        if (!most) return unexpected(most.error());
        rules.max_streams = *most;
    }
    if (!texts.rate.empty()) {
        const auto rate = parse_rate(texts.rate);
        if (!rate) return unexpected(rate.error());
        rules.rate = *rate;
    }
    return rules;
}

std::string ClientRules::to_text() const {
    std::string text;
    const auto line = [&](std::string_view word, const std::string& value) {
        text.append(word).append(" ").append(value).append("\n");
    };
    for (const std::string& service : services) line("service", service);
    for (const Network& network : from) line("from", network.to_string());
    for (const WeeklyHours& one : hours) line("hours", one.text());
    if (max_streams) line("max-streams", std::to_string(*max_streams));
    if (rate) line("rate", rate_text(*rate));
    return text;
}

Result<ClientRules> ClientRules::parse_text(std::string_view text) {
    RuleTexts texts;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        const std::size_t blank = line.find(' ');
        const std::string_view word = line.substr(0, blank);
        std::string value(blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1));
        const bool is_again =
            (word == "max-streams" && !texts.max_streams.empty()) || (word == "rate" && !texts.rate.empty());
        if (value.empty() || is_again) {
            return malformed("bad_rule", "reading the rule \"" + text::escape(line, 200) + "\"",
                             "it has no value, or comes twice");
        }
        if (word == "service") {
            texts.services.push_back(std::move(value));
        } else if (word == "from") {
            texts.from.push_back(std::move(value));
        } else if (word == "hours") {
            texts.hours.push_back(std::move(value));
        } else if (word == "max-streams") {
            texts.max_streams = std::move(value);
        } else if (word == "rate") {
            texts.rate = std::move(value);
        } else {
            return malformed("bad_rule", "reading the rule \"" + text::escape(line, 200) + "\"",
                             "this cotter knows no such rule", "use the cotter that wrote it, or a newer one");
        }
    }
    return parse(texts);
}

}  // namespace cotter::trust
