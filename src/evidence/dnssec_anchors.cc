// Reading trust anchors of the DNS.
#include "evidence/dnssec_anchors.h"

#include "files/files.h"
#include "text/escape.h"

#include <cotter/host_name.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

namespace cotter::evidence {
namespace {

constexpr std::string_view kDebianRootKey = "/usr/share/dns/root.key";
constexpr std::size_t kMostBytes = 1U << 20U;

// https://data.iana.org/root-anchors/root-anchors.xml, as Debian's dns-root-data 2024071801 has them, too.
constexpr std::string_view kRootAnchors =
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

template <class Number>
std::optional<Number> number(std::string_view word) {
    Number value = 0;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), value);
    return fault == std::errc() && end == word.data() + word.size() ? std::optional(value) : std::nullopt;
}

bool consists_of(std::string_view text, std::string_view alphabet) {
    return !text.empty() && text.find_first_not_of(alphabet) == std::string_view::npos;
}

constexpr std::string_view kHex = "0123456789abcdefABCDEF";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/// What a line says after owner, TTL and class: the words of its data, the last of which may be split by spaces.
struct Record {
    std::string type;
    std::vector<std::string> numbers;
    std::string data;
};

/// Why a DS record is no trust anchor (RFC 4034, section 5; digest types of RFC 4509 and RFC 6605), or nothing.
std::string_view fault_of_ds(const Record& record) {
    constexpr std::size_t kSha256Digits = 64;
    constexpr std::size_t kSha384Digits = 96;
    if (!number<std::uint16_t>(record.numbers[0])) return "the key tag is no number under 65536";
    if (!number<std::uint8_t>(record.numbers[1])) return "the algorithm is no number under 256";
    const auto digest = number<std::uint8_t>(record.numbers[2]);
    if (digest == 1) return "the digest is SHA-1, which binds too little; take one of type 2 (SHA-256)";
    if (digest != 2 && digest != 4) return "the digest's type is neither 2 (SHA-256) nor 4 (SHA-384)";
    const std::size_t digits = digest == 2 ? kSha256Digits : kSha384Digits;
    if (!consists_of(record.data, kHex) || record.data.size() != digits)
        return "the digest is not hex of its type's length";
    return {};
}

/// The same of a DNSKEY record (RFC 4034, section 2).
std::string_view fault_of_key(const Record& record) {
    constexpr std::uint16_t kZoneKey = 0x0100;
    constexpr std::uint16_t kRevoked = 0x0080;
    const auto flags = number<std::uint16_t>(record.numbers[0]);
    if (!flags) return "the flags are no number under 65536";
    if ((*flags & kZoneKey) == 0) return "the key is no zone key (flags 256 or 257)";
    if ((*flags & kRevoked) != 0) return "the key is revoked";
    if (number<std::uint8_t>(record.numbers[1]) != 3) return "the protocol is not 3";
    if (!number<std::uint8_t>(record.numbers[2])) return "the algorithm is no number under 256";
    if (!consists_of(record.data, kBase64) || record.data.size() % 4 != 0) return "the key is not base64";
    return {};
}

/// The record in one form; else why it is none.
expected<std::string, std::string_view> anchor_of(const std::vector<std::string>& words) {
    std::size_t at = 1;
    if (at < words.size() && number<std::uint32_t>(words[at])) ++at;  // TTL
    if (at < words.size() && (words[at] == "IN" || words[at] == "in")) ++at;
    constexpr std::size_t kFixed = 4;  // the type and three numbers
    if (words.size() < at + kFixed + 1) return unexpected<std::string_view>("it is no whole DS or DNSKEY record");
    const std::string& owner = words.front();
    if (owner != "." && !DnsName::parse(owner)) return unexpected<std::string_view>("it does not begin with a zone");
    Record record{
        words[at], {words.begin() + static_cast<long>(at) + 1, words.begin() + static_cast<long>(at + kFixed)}, {}};
    for (std::size_t i = at + kFixed; i < words.size(); ++i) record.data += words[i];
    if (record.type != "DS" && record.type != "DNSKEY")
        return unexpected<std::string_view>("it is neither a DS nor a DNSKEY record");
    const std::string_view fault = record.type == "DS" ? fault_of_ds(record) : fault_of_key(record);
    if (!fault.empty()) return unexpected(fault);
    return owner + (owner.ends_with('.') ? "" : ".") + " IN " + record.type + " " + record.numbers[0] + " " +
           record.numbers[1] + " " + record.numbers[2] + " " + record.data;
}

}  // namespace

Result<std::vector<std::string>> parse_dnssec_anchors(std::string_view text, std::string_view source) {
    const auto refuse = [&](std::optional<std::size_t> line, std::string_view why) {
        auto error = malformed("dnssec_anchor", "reading DNSSEC trust anchors", std::string(why),
                               "give the zone's DS or DNSKEY records, one a line, as dig or ldns-keygen writes them");
        error.value().place = Place{std::string(source), line, std::nullopt, std::nullopt};
        return error;
    };
    std::vector<std::string> anchors;
    std::istringstream lines{std::string(text)};
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        std::istringstream rest(line.substr(0, line.find(';')));
        std::vector<std::string> words;
        for (std::string word; rest >> word;) words.push_back(std::move(word));
        if (words.empty()) continue;
        auto anchor = anchor_of(words);
        if (!anchor) return refuse(number, anchor.error());
        anchors.push_back(std::move(*anchor));
    }
    if (anchors.empty()) return refuse(std::nullopt, "there is no record in " + text::escape(source));
    return anchors;
}

Result<std::vector<std::string>> read_dnssec_anchors(const std::filesystem::path& path) {
    const auto content = files::read(path, kMostBytes);
    if (!content) return unexpected(content.error());
    return parse_dnssec_anchors({static_cast<const char*>(static_cast<const void*>(content->data())), content->size()},
                                path.string());
}

Result<std::vector<std::string>> root_dnssec_anchors() {
    std::error_code fault;
    if (std::filesystem::exists(kDebianRootKey, fault)) return read_dnssec_anchors(kDebianRootKey);
    return parse_dnssec_anchors(kRootAnchors, "the built-in root keys");
}

}  // namespace cotter::evidence
