// Three ways out.
#include "service/report_sender.h"

#include "files/append.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <syslog.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <span>

namespace cotter::service {
namespace {

using Outcome = Delivery::Outcome;
/// Addresses as 4 or 16 octets; an IPv4 address in IPv6's clothes is the IPv4 address.
using Addresses = std::set<ByteVector>;

ByteVector plain(Bytes octets) {
    constexpr std::size_t kPrefix = 12;
    constexpr std::array<std::byte, kPrefix> kMapped{
        {{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}}};
    const bool is_mapped = octets.size() == 16 && std::ranges::equal(octets.first(kPrefix), kMapped);
    const Bytes kept = is_mapped ? octets.subspan(kPrefix) : octets;
    return {kept.begin(), kept.end()};
}

ByteVector octets_of(const sockaddr* address) {
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        return plain(std::as_bytes(std::span(&v4.sin_addr, 1)));
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        return plain(std::as_bytes(std::span(&v6.sin6_addr, 1)));
    }
    return {};
}

Addresses addresses_of(const HostName& host) {
    if (const IpAddress* address = host.address()) return {plain(address->octets())};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.to_string().c_str(), nullptr, &hints, &found) != 0) return {};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    Addresses addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) addresses.insert(octets_of(one->ai_addr));
    return addresses;
}

struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// What curl is about to connect to is looked at once more: between our look-up and its own the answer may have
/// changed.
struct Guard {
    const Addresses* forbidden;
    bool has_refused = false;
};

curl_socket_t open_allowed(void* data, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto* const guard = static_cast<Guard*>(data);
    if (guard->forbidden->contains(octets_of(&address->addr))) {
        guard->has_refused = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t ignore_answer(const char* /*data*/, std::size_t size, std::size_t count, void* /*owner*/) {
    return size * count;
}

/// curl's list of pins. It knows the SHA-256 of a key alone, which is what --report-pin takes.
std::string curl_pins(const std::vector<Pin>& pins) {
    std::string text;
    for (const Pin& pin : pins) text += (text.empty() ? "sha256//" : ";sha256//") + text::base64(pin.octets());
    return text;
}

Delivery judge_answer(long status) {
    constexpr long kFirstGood = 200;
    constexpr long kFirstRedirect = 300;
    constexpr long kFirstRefused = 400;
    constexpr long kTooManyRequests = 429;
    constexpr long kFirstFault = 500;
    const std::string said = "the collector answered " + std::to_string(status);
    if (status >= kFirstGood && status < kFirstRedirect) return {Outcome::kDelivered, {}};
    if (status >= kFirstRedirect && status < kFirstRefused)
        return {Outcome::kNever, said + ": redirects are not followed"};
    if (status >= kFirstRefused && status < kFirstFault && status != kTooManyRequests) return {Outcome::kNever, said};
    return {Outcome::kLater, said};
}

Delivery post(const ReportTarget& target, std::span<const HostPort> failed, const std::string& report,
              const std::vector<Pin>& pins, std::chrono::milliseconds most) {
    Addresses forbidden;
    for (const HostPort& server : failed) {
        if (is_same_server(target.server()->host, server.host)) {
            return {Outcome::kNever, "the collector is the server that failed"};
        }
        forbidden.merge(addresses_of(server.host));
    }
    Guard guard{&forbidden};
    const std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
    const std::unique_ptr<curl_slist, ListDeleter> headers(
        curl_slist_append(nullptr, "Content-Type: application/json"));
    if (!easy || !headers) return {Outcome::kLater, "out of memory"};
    const std::string pin_list = curl_pins(pins);
    const auto set = [&](CURLoption option, auto value) {
        return curl_easy_setopt(easy.get(), option, value) == CURLE_OK;
    };
    bool is_set = set(CURLOPT_URL, target.to_string().c_str()) && set(CURLOPT_PROTOCOLS_STR, "https") &&
                  set(CURLOPT_FOLLOWLOCATION, 0L) && set(CURLOPT_PROXY, "") && set(CURLOPT_NOSIGNAL, 1L) &&
                  set(CURLOPT_HTTPHEADER, headers.get()) && set(CURLOPT_POSTFIELDS, report.c_str()) &&
                  set(CURLOPT_POSTFIELDSIZE, static_cast<long>(report.size())) &&
                  set(CURLOPT_TIMEOUT_MS, static_cast<long>(most.count())) &&
                  set(CURLOPT_WRITEFUNCTION, ignore_answer) && set(CURLOPT_OPENSOCKETFUNCTION, open_allowed) &&
                  set(CURLOPT_OPENSOCKETDATA, &guard) &&
                  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!pins.empty()) {
        // The key decides alone, as under cotter's own `pins`; curl compares it after the handshake has proved it.
        is_set = is_set && set(CURLOPT_PINNEDPUBLICKEY, pin_list.c_str()) && set(CURLOPT_SSL_VERIFYPEER, 0L) &&
                 set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    // Not one rule may be missing.
    if (!is_set) return {Outcome::kLater, "this libcurl does not know an option that is needed"};
    const CURLcode done = curl_easy_perform(easy.get());
    if (guard.has_refused) return {Outcome::kNever, "the collector is the server that failed"};
    if (done != CURLE_OK) return {Outcome::kLater, text::escape(curl_easy_strerror(done))};
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    return judge_answer(status);
}

}  // namespace

bool is_same_server(const HostName& collector, const HostName& failed) {
    if (collector == failed) return true;
    const Addresses theirs = addresses_of(collector);
    const Addresses forbidden = addresses_of(failed);
    return std::ranges::any_of(theirs, [&](const ByteVector& address) { return forbidden.contains(address); });
}

std::string without_chains(const std::string& report) {
    using Json = nlohmann::ordered_json;
    Json document = Json::parse(report, nullptr, false);
    if (!document.is_object()) return {};
    document.erase("served-certificate-chain");
    document.erase("validated-certificate-chain");
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Delivery deliver(const ReportTarget& target, std::span<const HostPort> failed, const std::string& report,
                 const std::vector<Pin>& collector_pins, std::chrono::milliseconds most) {
    switch (target.kind()) {
        case ReportTarget::Kind::kFile: {
            const auto written = files::append_line(target.file(), report);
            if (written) return {Outcome::kDelivered, {}};
            return {Outcome::kLater, written.error().what + ": " + written.error().why};
        }
        case ReportTarget::Kind::kSyslog:
            ::syslog(LOG_DAEMON | LOG_WARNING, "%s", without_chains(report).c_str());
            return {Outcome::kDelivered, {}};
        case ReportTarget::Kind::kHttps: return post(target, failed, report, collector_pins, most);
    }
    return {Outcome::kNever, "unknown target"};
}

}  // namespace cotter::service
