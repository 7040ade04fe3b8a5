// Times and signature algorithms, read strictly.
#include "x509/strict_parts.h"

#include "x509/oids.h"

#include <algorithm>
#include <iterator>

namespace cotter::x509 {
namespace {

using der::Tag;

bool is_sha2(Bytes name) {
    return oid::is(name, oid::kSha256) || oid::is(name, oid::kSha384) || oid::is(name, oid::kSha512);
}

/// Whether RSASSA-PSS parameters (RFC 4055 3.1) name SHA-2; left out, they mean SHA-1.
bool is_strong_pss(der::Reader algorithm) {
    if (!algorithm.next_is(Tag::kSequence)) return false;
    der::Reader parameters = der::Reader::inside(need(algorithm.next()));
    if (!parameters.next_is(der::context(0, true))) return false;
    der::Reader hash = der::Reader::inside(need(parameters.next()));
    der::Reader name = der::Reader::inside(need(hash.expect(Tag::kSequence)));
    return is_sha2(need(name.expect(Tag::kObjectIdentifier)).content);
}

}  // namespace

Time time_of(const der::Element& element) {
    const bool is_utc = element.tag == Tag::kUtcTime;
    if (!is_utc && element.tag != Tag::kGeneralizedTime) throw Malformed{"a time of another type"};
    std::string digits;  // check_strict has seen that they are digits and Z
    std::ranges::transform(element.content, std::back_inserter(digits),
                           [](std::byte octet) { return static_cast<char>(octet); });
    const auto number = [&](std::size_t at, std::size_t size) { return std::stoi(digits.substr(at, size)); };
    const std::size_t rest = is_utc ? 2 : 4;
    int year = number(0, rest);
    if (is_utc) year += year < 50 ? 2000 : 1900;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(number(rest, 2))),
                                           std::chrono::day(static_cast<unsigned>(number(rest + 2, 2)))};
    const int hour = number(rest + 4, 2);
    const int minute = number(rest + 6, 2);
    const int second = number(rest + 8, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) throw Malformed{"a time that does not exist"};
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

std::optional<std::string> weakness_of_signature(const der::Element& algorithm) {
    der::Reader reader = der::Reader::inside(algorithm);
    const Bytes name = need(reader.expect(Tag::kObjectIdentifier)).content;
    const bool is_strong = oid::is(name, oid::kEcdsaWithSha256) || oid::is(name, oid::kEcdsaWithSha384) ||
                           oid::is(name, oid::kEcdsaWithSha512) || oid::is(name, oid::kSha256WithRsa) ||
                           oid::is(name, oid::kSha384WithRsa) || oid::is(name, oid::kSha512WithRsa) ||
                           oid::is(name, oid::kEd25519) || oid::is(name, oid::kEd448) ||
                           (oid::is(name, oid::kRsassaPss) && is_strong_pss(reader));
    if (is_strong) return std::nullopt;
    return "it is signed by an algorithm that is not taken (SHA-1, MD5 or unknown)";
}

}  // namespace cotter::x509
