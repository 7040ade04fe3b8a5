// Grade: what a change of a server's certificate looks like, from the least suspicious to the most. Pure: whoever calls
// brings both chains.
#pragma once

#include "x509/certificate.h"

#include <cotter/host_name.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::observatory {

enum class Grade : std::uint8_t {
    kRenewed,      ///< another certificate of the same key
    kAnnounced,    ///< another key, which the policy or the memory of servers has already
    kRotated,      ///< another key, by the same issuer, near the old certificate's end
    kNewKey,       ///< another key, and nothing speaks for it or against it
    kOtherIssuer,  ///< another key, by another issuer
    kWeaker,       ///< a weaker key or signature than before, or a certificate older than the one before
    kSplit,        ///< addresses of one name show different keys
};
inline constexpr std::array kGrades{Grade::kRenewed,     Grade::kAnnounced, Grade::kRotated, Grade::kNewKey,
                                    Grade::kOtherIssuer, Grade::kWeaker,    Grade::kSplit};
/// "renewed", "announced", "rotated", "new-key", "other-issuer", "weaker", "split".
[[nodiscard]] std::string_view text_of(Grade grade);
[[nodiscard]] std::optional<Grade> grade_from(std::string_view text);

/// Two looks at one server. Both chains as presented, leaf first, not empty.
struct Compared {
    const std::vector<x509::Certificate>& before;
    x509::Time before_last_seen{};
    const std::vector<x509::Certificate>& after;
    bool is_announced = false;  ///< the new key is a pin of the policy, or is remembered beside the old one
    const HostPort& host;
};

struct Graded {
    Grade grade = Grade::kRenewed;
    std::string why;  ///< a sentence without a full stop, escaped
    bool operator==(const Graded&) const = default;
};

/// Nothing where the leaf is the same certificate.
[[nodiscard]] std::optional<Graded> grade_of(const Compared& compared, x509::Time now);

/// The strength of a key in bits of a symmetric one (NIST SP 800-57 part 1, table 2); 0 for what must not be relied on.
[[nodiscard]] unsigned strength_of(const x509::PublicKey& key);

}  // namespace cotter::observatory
