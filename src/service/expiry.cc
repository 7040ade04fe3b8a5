// Which dates there are, and when they are told.
#include "service/expiry.h"

#include "service/log.h"
#include "service/server_thread.h"
#include "text/time.h"
#include "x509/name_text.h"

#include <algorithm>

namespace cotter::service {
namespace {

using std::chrono::days;

constexpr days kAhead{30};
// Of a million whose admission ends on one day a few say it.
constexpr std::size_t kMostClients = 100;

void add_crls(std::vector<Expiry>& expiries, std::span<const x509::CertificateRevocationList> crls,
              const std::string& of) {
    for (const x509::CertificateRevocationList& crl : crls) {
        if (const auto next = x509::next_update_of(crl))
            expiries.push_back(
                {"the CRL of " + x509::name_text(X509_CRL_get_issuer(crl.decoded())) + of, *next, ExpiryKind::kCrl});
    }
}

}  // namespace

std::string_view text_of(ExpiryKind kind) {
    switch (kind) {
        case ExpiryKind::kServerCertificate: return "server_certificate";
        case ExpiryKind::kAuthority: return "authority";
        case ExpiryKind::kClientCa: return "client_ca";
        case ExpiryKind::kCrl: return "crl";
        case ExpiryKind::kClient: return "client";
        case ExpiryKind::kPolicy: return "policy";
        case ExpiryKind::kPin: return "pin";
    }
    return "";
}

Nearness nearness_of(x509::Time at, x509::Time now) {
    if (at <= now) return Nearness::kPast;
    if (at - now <= days(1)) return Nearness::kWithin1Day;
    if (at - now <= days(7)) return Nearness::kWithin7Days;
    return at - now <= kAhead ? Nearness::kWithin30Days : Nearness::kFar;
}

std::vector<Expiry> expiries_to_tell(std::vector<Expiry> expiries, x509::Time now, ToldExpiries& told) {
    ToldExpiries present;
    std::vector<Expiry> fresh;
    std::ranges::sort(expiries, {}, [](const Expiry& expiry) { return std::pair(expiry.at, expiry.what); });
    for (Expiry& expiry : expiries) {
        const std::pair key(expiry.what, expiry.at);
        const auto before = told.find(key);
        const Nearness nearness = nearness_of(expiry.at, now);
        const Nearness last = before == told.end() ? Nearness::kFar : before->second;
        // A clock that is put back tells nothing twice.
        if (!present.emplace(key, std::max(nearness, last)).second) continue;
        if (nearness > last) fresh.push_back(std::move(expiry));
    }
    told = std::move(present);
    return fresh;
}

void tell_expiries(std::vector<Expiry> expiries, x509::Time now, ToldExpiries& told, Log& log) {
    for (const Expiry& expiry : expiries_to_tell(std::move(expiries), now, told)) {
        const bool is_past = nearness_of(expiry.at, now) == Nearness::kPast;
        log.write(Event(is_past ? "expired" : "expires_soon", LogLevel::kWarning)
                      .with("what", expiry.what)
                      .with("at", text::rfc3339(expiry.at))
                      .with("when", text::relative(expiry.at, now)));
    }
}

std::vector<Expiry> expiries_of(const std::string& host, const trust::ServerPolicy& policy,
                                std::span<const x509::CertificateRevocationList> crls) {
    std::vector<Expiry> expiries;
    if (policy.source_ends)
        expiries.push_back({"the bundle with the policy for " + host, *policy.source_ends, ExpiryKind::kPolicy});
    if (policy.mode == trust::Mode::kOff) return expiries;
    if (policy.expires && policy.on_expiry == trust::OnExpiry::kRefuse)
        expiries.push_back({"the policy for " + host, *policy.expires, ExpiryKind::kPolicy});
    for (const trust::PolicyPin& pin : policy.pins) {
        if (pin.expires)
            expiries.push_back(
                {"the pin " + pin.pin.abbreviated() + " of the policy for " + host, *pin.expires, ExpiryKind::kPin});
    }
    add_crls(expiries, crls, "");
    return expiries;
}

std::vector<Expiry> dates_of(const ServeSettings& settings, const ServerConfiguration& configuration) {
    std::vector<Expiry> expiries{{"this server's certificate", configuration.identity.certificate().not_after(),
                                  ExpiryKind::kServerCertificate}};
    if (configuration.authority) {
        for (const x509::Certificate& one : configuration.authority->chain())
            expiries.push_back({"the authority " + one.subject_text() + ", which renews certificates", one.not_after(),
                                ExpiryKind::kAuthority});
    }
    for (std::size_t i = 0; i < configuration.rules.size(); ++i) {
        const AdmissionRules& rules = *configuration.rules[i];
        const std::string& name = settings.services[i].name;
        const std::string of = name.empty() ? "" : " of the service " + name;
        for (const x509::Certificate& anchor : rules.anchors.certificates())
            expiries.push_back(
                {"the client CA " + anchor.subject_text() + of, anchor.not_after(), ExpiryKind::kClientCa});
        add_crls(expiries, rules.crls, of);
    }
    return expiries;
}

std::vector<Expiry> expiries_of(const ServeSettings& settings, const ServerConfiguration& configuration,
                                const registry::Snapshot& snapshot, x509::Time now) {
    std::vector<Expiry> expiries = dates_of(settings, configuration);
    for (auto& [client, at] : snapshot.ending(now, now + kAhead, kMostClients))
        expiries.push_back({"the client " + client, at, ExpiryKind::kClient});
    std::erase_if(expiries, [&](const Expiry& expiry) { return nearness_of(expiry.at, now) == Nearness::kFar; });
    std::ranges::sort(expiries, {}, [](const Expiry& expiry) { return std::pair(expiry.at, expiry.what); });
    return expiries;
}

}  // namespace cotter::service
