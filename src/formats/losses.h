// What a format has room for, and what of a policy falls outside: every exporter asks here, so that all of them leave
// out the same things for the same reasons and call them by the same codes (INVARIANT A67).
#pragma once

#include "formats/format.h"

#include <cotter/pin.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

/// One kind of pin that a format can write.
struct PinKind {
    PinTarget target;
    PinForm form;
};
inline constexpr PinKind kSpkiSha256[] = {{PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256}};
inline constexpr PinKind kCertificateSha256[] = {{PinTarget::kCertificate, PinForm::kSha256}};

/// What a reader of the format asks for besides a pin.
enum class Path : std::uint8_t {
    kAlways,     ///< a chain to a trust anchor, too: chain+pins
    kNever,      ///< nothing: pins
    kElsewhere,  ///< it is said outside the text, as by curl's -k
    kSaid,       ///< the text says which, as TLSA's usage does
};

/// Which certificate a pin of the format may match.
enum class Positions : std::uint8_t { kLeaf, kIssuer, kAny, kSaid };

/// What the format makes of the end of a policy.
enum class Ending : std::uint8_t {
    kUnknown,  ///< it knows no dates: pins count for ever
    kOpen,     ///< after it the chain alone counts: on_expiry = "chain"
    kRefuses,  ///< after it the pin no longer counts: on_expiry = "refuse"
};

/// What the format's grammar has room for. The defaults are those of a bare list of pins.
struct Room {
    std::string_view format;   ///< as people call it, for messages: "HPKP"
    bool names_hosts = false;  ///< else the text is about one entry, and doesn't say which
    bool ports = false;
    bool wildcards = false;   ///< exactly one label
    bool subdomains = false;  ///< the name and any depth below it
    bool addresses = true;
    bool deny = false;
    bool proxies = false;  ///< pins of interception proxies, told from others
    bool labels = false;
    bool pin_ends = false;  ///< each pin has its own end
    bool reports = false;   ///< mode = "report"
    Ending ending = Ending::kUnknown;
    Path path = Path::kAlways;
    Positions positions = Positions::kAny;
    std::span<const PinKind> kinds = kSpkiSha256;
};

/// One entry as far as the format can say it.
struct WritableEntry {
    const trust::PolicyEntry* entry = nullptr;
    /// Those that count now, each in a kind that the format has; at least one.
    std::vector<trust::PolicyPin> pins;
    /// The end to write; none: write no end.
    std::optional<trust::Time> expires;
};

/// The entries as far as a format with that room can say them, at least one. What is left out or means something else
/// there is added to `lost`, with a code of the list below. An Error where an entry refuses everybody and its absence
/// would trust (an empty pinset, a policy past its end, pins none of which the format can write, pins of issuers where
/// only leaves match), where the format is about one entry and there are several, and where nothing is left.
///
/// host port wildcard subdomains address — where the pins count;
/// trust chain match — what must hold besides them;
/// mode_off mode_report expires expired on_expiry — when the entry counts;
/// deny proxy_pin pin_kind pin_expired pin_expires label — which pins count.
[[nodiscard]] Result<std::vector<WritableEntry>> writable(const std::vector<trust::PolicyEntry>& entries,
                                                          const Room& room, trust::Time now, std::vector<Loss>& lost);

/// The same object pinned in that form, where the pin holds enough to say so: itself, or the digest of a DER pin.
[[nodiscard]] std::optional<Pin> in_form(const Pin& pin, PinForm form);

}  // namespace cotter::formats
