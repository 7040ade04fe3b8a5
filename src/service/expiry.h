// Expiry: a date that will refuse somebody, and when its owner is told of it: 30, 7 and 1 day before, and when it has
// come, once each.
#pragma once

#include "registry/snapshot.h"
#include "trust/policy.h"
#include "x509/certificate.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cotter::service {

class Log;
struct ServerConfiguration;
struct ServeSettings;

/// Of what it is; text_of() is its name in the metrics.
enum class ExpiryKind : std::uint8_t { kServerCertificate, kAuthority, kClientCa, kCrl, kClient, kPolicy, kPin };
[[nodiscard]] std::string_view text_of(ExpiryKind kind);

struct Expiry {
    std::string what;  ///< "the client alice"; escaped
    x509::Time at{};
    ExpiryKind kind = ExpiryKind::kClient;
    bool operator==(const Expiry&) const = default;
};

/// How near it is: the smaller, the farther.
enum class Nearness : std::uint8_t { kFar, kWithin30Days, kWithin7Days, kWithin1Day, kPast };
[[nodiscard]] Nearness nearness_of(x509::Time at, x509::Time now);

/// What has been told already; for expiries_to_tell() alone.
using ToldExpiries = std::map<std::pair<std::string, x509::Time>, Nearness>;

/// Those that have come nearer than they were told before, soonest first. What is no longer among the expiries is
/// forgotten: if it comes again, it is told again.
[[nodiscard]] std::vector<Expiry> expiries_to_tell(std::vector<Expiry> expiries, x509::Time now, ToldExpiries& told);

/// Says them in the log.
void tell_expiries(std::vector<Expiry> expiries, x509::Time now, ToldExpiries& told, Log& log);

/// Every date in this server's files, near or far: its certificate, client CAs and CRLs.
[[nodiscard]] std::vector<Expiry> dates_of(const ServeSettings& settings, const ServerConfiguration& configuration);

/// Every date of this server that is near or past, soonest first: those of its files, and of the clients whose
/// admission will end the first hundred.
[[nodiscard]] std::vector<Expiry> expiries_of(const ServeSettings& settings, const ServerConfiguration& configuration,
                                              const registry::Snapshot& snapshot, x509::Time now);

/// Every date after which a client refuses the server called `host`: the policy's, its pins' and the CRLs'.
[[nodiscard]] std::vector<Expiry> expiries_of(const std::string& host, const trust::ServerPolicy& policy,
                                              std::span<const x509::CertificateRevocationList> crls);

}  // namespace cotter::service
