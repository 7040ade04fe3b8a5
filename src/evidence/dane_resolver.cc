// Asking libunbound.
#include "evidence/dane_resolver.h"

#include "evidence/dnssec_anchors.h"
#include "text/escape.h"

#include <unbound.h>

#include <algorithm>
#include <charconv>

namespace cotter::evidence {
namespace {

using trust::DaneState;

// Debian 12's.
constexpr int kLeastMajor = 1;
constexpr int kLeastMinor = 17;
static_assert(UNBOUND_VERSION_MAJOR > kLeastMajor ||
                  (UNBOUND_VERSION_MAJOR == kLeastMajor && UNBOUND_VERSION_MINOR >= kLeastMinor),
              "libunbound 1.17 or newer is needed");

struct FreeResult {
    void operator()(ub_result* result) const { ub_resolve_free(result); }
};
using ResultPtr = std::unique_ptr<ub_result, FreeResult>;

unexpected<Error> cannot(std::string why, std::string next) {
    return failed("resolver", "preparing to ask the DNS", std::move(why), std::move(next));
}

/// RFC 1035, section 4.1.1.
std::string name_of_rcode(int rcode) {
    switch (rcode) {
        case 1: return "FORMERR";
        case 2: return "SERVFAIL";
        case 4: return "NOTIMP";
        case 5: return "REFUSED";
        default: return "error " + std::to_string(rcode);
    }
}

DnsAnswer answer_from(const ub_result& result) {
    constexpr int kNoError = 0;
    constexpr int kNoSuchName = 3;
    DnsAnswer answer;
    if (result.bogus != 0) {
        answer.state = DaneState::kBogus;
        if (result.why_bogus != nullptr) answer.detail = text::escape(result.why_bogus);
        return answer;
    }
    if (result.rcode != kNoError && result.rcode != kNoSuchName) {
        answer.detail = "the resolver answers " + name_of_rcode(result.rcode);
        return answer;
    }
    if (result.secure == 0) {
        answer.state = DaneState::kInsecure;
        return answer;
    }
    answer.state = result.havedata != 0 ? DaneState::kSecure : DaneState::kAbsent;
    answer.ttl = std::chrono::seconds(std::max(0, result.ttl));
    if (result.canonname != nullptr) answer.canonical_name = result.canonname;
    for (std::size_t i = 0; result.havedata != 0 && result.data[i] != nullptr; ++i) {
        const auto* const begin = static_cast<const std::byte*>(static_cast<const void*>(result.data[i]));
        answer.data.emplace_back(begin, begin + result.len[i]);
    }
    return answer;
}

}  // namespace

bool is_new_enough(std::string_view libunbound_version) {
    int major = 0;
    int minor = 0;
    const char* const end = libunbound_version.data() + libunbound_version.size();
    const auto first = std::from_chars(libunbound_version.data(), end, major);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
    if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return false;
    return major > kLeastMajor || (major == kLeastMajor && minor >= kLeastMinor);
}

Result<DnsServer> DnsServer::parse(std::string_view text) {
    const auto refuse = [&](const std::string& why) {
        return malformed("resolver_address", "reading the resolver " + text::escape(text), why,
                         "give its address, as in 192.0.2.1, 192.0.2.1@5353 or [2001:db8::1]:5353");
    };
    constexpr std::uint16_t kUsualPort = 53;
    if (auto address = IpAddress::parse(text)) return DnsServer{*address, kUsualPort};
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        auto address = IpAddress::parse(text.substr(0, at));
        const std::string_view digits = text.substr(at + 1);
        std::uint16_t port = 0;
        const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (!address) return refuse("it is no address");
        if (fault != std::errc() || end != digits.data() + digits.size() || port == 0)
            return refuse("the port is no number from 1 to 65535");
        return DnsServer{*address, port};
    }
    const auto host = HostPort::parse(text, kUsualPort);
    if (!host) return refuse(host.error().why);
    if (host->host.address() == nullptr) return refuse("it is a name, and names are what it would be asked for");
    return DnsServer{*host->host.address(), host->port};
}

std::string DnsServer::to_string() const {
    return address.to_string() + "@" + std::to_string(port);
}

std::optional<trust::TlsaRecord> tlsa_from_wire(Bytes data) {
    constexpr std::size_t kNumbers = 3;
    if (data.size() < kNumbers) return std::nullopt;
    const Bytes rest = data.subspan(kNumbers);
    return trust::TlsaRecord{std::to_integer<std::uint8_t>(data[0]), std::to_integer<std::uint8_t>(data[1]),
                             std::to_integer<std::uint8_t>(data[2]), ByteVector(rest.begin(), rest.end())};
}

Result<std::shared_ptr<DaneResolver>> DaneResolver::make(const DnsSettings& settings) {
    if (!is_new_enough(ub_version()))
        return cannot("libunbound " + text::escape(ub_version()) + " is too old", "install libunbound 1.17 or newer");
    const auto anchors = settings.anchors ? read_dnssec_anchors(*settings.anchors) : root_dnssec_anchors();
    if (!anchors) return unexpected(anchors.error());
    ub_ctx* const context = ub_ctx_create();
    if (context == nullptr) return cannot("libunbound can't be set up: out of memory or of descriptors", "");
    std::shared_ptr<DaneResolver> resolver(new DaneResolver(context));
    ub_ctx_debugout(context, nullptr);
    int fault = ub_ctx_async(context, 1);
    for (const std::string& anchor : *anchors) {
        if (fault == UB_NOERROR) fault = ub_ctx_add_ta(context, anchor.c_str());
    }
    if (fault != UB_NOERROR) return cannot(ub_strerror(fault), "look at the DNSSEC trust anchors (--dnssec-anchor)");
    fault = settings.server ? ub_ctx_set_fwd(context, settings.server->to_string().c_str())
                            : ub_ctx_resolvconf(context, nullptr);
    if (fault != UB_NOERROR) {
        return cannot(settings.server ? ub_strerror(fault) : "/etc/resolv.conf names no resolver that can be asked",
                      "name one with --resolver ADDRESS");
    }
    return resolver;
}

DaneResolver::~DaneResolver() {
    ub_ctx_delete(context_);
}

int DaneResolver::descriptor() const {
    return ub_fd(context_);
}

void DaneResolver::process() {
    // Should it fail, the questions stay without an answer until their deadline.
    static_cast<void>(ub_process(context_));
}

DaneResolver::Question::Question(DaneResolver& resolver, const std::string& name, RecordType type,
                                 std::function<void()> on_answer)
    : resolver_(resolver), on_answer_(std::move(on_answer)) {
    constexpr int kInternet = 1;
    const int fault = ub_resolve_async(resolver_.context_, name.c_str(), static_cast<int>(type), kInternet, this,
                                       &Question::on_result, &id_);
    if (fault != UB_NOERROR) answer_ = DnsAnswer{.detail = ub_strerror(fault)};
}

DaneResolver::Question::~Question() {
    if (!answer_) ub_cancel(resolver_.context_, id_);
}

void DaneResolver::Question::on_result(void* question, int fault, ub_result* result) {
    const ResultPtr owned(result);
    auto& asked = *static_cast<Question*>(question);
    // Nothing may be thrown through libunbound.
    try {
        asked.answer_ =
            fault == UB_NOERROR && result != nullptr ? answer_from(*result) : DnsAnswer{.detail = ub_strerror(fault)};
    } catch (...) {
        asked.answer_ = DnsAnswer{};
    }
    asked.on_answer_();
}

}  // namespace cotter::evidence
