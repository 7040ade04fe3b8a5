// Reading the extensions about a certificate's status.
#include "x509/status_extensions.h"

#include "x509/oids.h"
#include "x509/strict_parts.h"

#include <algorithm>
#include <iterator>

namespace cotter::x509 {
namespace {

using der::Reader;
using der::Tag;

constexpr std::size_t kMostUrls = 4;
constexpr std::size_t kMostUrlOctets = 2048;
constexpr der::Tag kUri = der::context(6, false);

/// The SEQUENCE that the extension's value is; nothing if the certificate hasn't the extension.
template <std::size_t N>
std::optional<Reader> opened(const Certificate& certificate, const oid::Oid<N>& name) {
    const auto value = certificate.extension(oid::content(name));
    if (!value) return std::nullopt;
    need(der::check_strict(*value));
    return Reader::inside(need(der::read_single(*value, Tag::kSequence)));
}

/// Takes it where it is a URL that could be fetched: printable ASCII of a sane length.
void take_url(const der::Element& name, std::vector<std::string>& into) {
    if (name.tag != kUri || name.content.size() > kMostUrlOctets || into.size() == kMostUrls) return;
    std::string url;
    std::ranges::transform(name.content, std::back_inserter(url), [](std::byte octet) { return static_cast<char>(octet); });
    const bool is_plain = std::ranges::all_of(url, [](char c) { return c > 0x20 && c < 0x7f; });
    std::string scheme = url.substr(0, url.find(':'));
    std::ranges::transform(scheme, scheme.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (is_plain && (scheme == "http" || scheme == "https")) into.push_back(std::move(url));
}

/// DistributionPoint ::= SEQUENCE { [0] DistributionPointName, [1] reasons, [2] cRLIssuer }
void take_point(Reader point, std::vector<std::string>& into) {
    if (!point.next_is(der::context(0, true))) return;
    Reader name = Reader::inside(need(point.next()));
    if (!point.at_end() || !name.next_is(der::context(0, true))) return;
    for (Reader full = Reader::inside(need(name.next())); !full.at_end();) take_url(need(full.next()), into);
}

}  // namespace

std::vector<std::string> ocsp_urls(const Certificate& certificate) try {
    std::vector<std::string> urls;
    auto list = opened(certificate, oid::kAuthorityInformationAccess);
    while (list && !list->at_end()) {
        Reader access = Reader::inside(need(list->expect(Tag::kSequence)));
        const Bytes method = need(access.expect(Tag::kObjectIdentifier)).content;
        const der::Element location = need(access.next());
        need(access.finish());
        if (oid::is(method, oid::kOcsp)) take_url(location, urls);
    }
    return urls;
} catch (const Malformed&) {
    return {};
}

std::vector<std::string> crl_urls(const Certificate& certificate) try {
    std::vector<std::string> urls;
    auto list = opened(certificate, oid::kCrlDistributionPoints);
    while (list && !list->at_end()) take_point(Reader::inside(need(list->expect(Tag::kSequence))), urls);
    return urls;
} catch (const Malformed&) {
    return {};
}

bool asks_for_staple(const Certificate& certificate) try {
    constexpr std::byte kStatusRequest{5};  // RFC 6066 1.1
    bool asks = false;
    auto features = opened(certificate, oid::kTlsFeature);
    while (features && !features->at_end()) {
        const Bytes number = need(der::unsigned_integer(need(features->expect(Tag::kInteger))));
        asks = asks || (number.size() == 1 && number.front() == kStatusRequest);
    }
    return asks;
} catch (const Malformed&) {
    return true;
}

std::optional<std::size_t> embedded_timestamps(const Certificate& certificate) try {
    const auto value = certificate.extension(oid::content(oid::kSctList));
    if (!value) return 0;
    // opaque SerializedSCT<1..2^16-1> in a list<1..2^16-1>, each with its length in two octets (RFC 6962 3.3).
    Bytes rest = need(der::read_single(*value, Tag::kOctetString)).content;
    const auto take_length = [&rest] {
        if (rest.size() < 2) throw Malformed{"a list that is cut short"};
        const std::size_t length = std::to_integer<std::size_t>(rest[0]) * 256 + std::to_integer<std::size_t>(rest[1]);
        rest = rest.subspan(2);
        if (length == 0 || length > rest.size()) throw Malformed{"a length that is wrong"};
        return length;
    };
    if (take_length() != rest.size()) throw Malformed{"octets after the list"};
    std::size_t count = 0;
    while (!rest.empty()) {
        rest = rest.subspan(take_length());
        ++count;
    }
    return count;
} catch (const Malformed&) {
    return std::nullopt;
}

}  // namespace cotter::x509
