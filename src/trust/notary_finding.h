// What notaries say of a server: which keys they see it show, from where they are. Asked before it is judged
// (observatory/notary_inquiry.h); what it is worth the judge says.
#pragma once

#include "x509/certificate.h"

#include <cotter/pin.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cotter::trust {

/// A key that a notary sees the server show now.
struct NotarySight {
    Pin key;             ///< SHA-256 of the SPKI
    x509::Time since{};  ///< when the notary saw it there for the first time
};

/// One notary's word. Each has another key: whoever makes the list sees to that (INVARIANT A233).
struct NotaryWord {
    std::string notary;                 ///< "notary.example:7443"
    std::vector<NotarySight> sights{};  ///< empty: it is silent
    std::string silence{};              ///< why, escaped
};

struct NotaryFindings {
    std::vector<NotaryWord> words{};  ///< empty: no notary was named
    std::size_t quorum = 0;           ///< how many must see the key that was presented; 0 only where none was named
    x509::Time heard{};               ///< when they were asked
};

enum class NotaryOutcome : std::uint8_t {
    kAgrees,     ///< it sees this key
    kDisagrees,  ///< it sees others
    kSilent,     ///< it did not answer, did not reach the server, or its word is old; never counts as agreement
};

/// How long a word counts: a first contact follows it at once.
inline constexpr std::chrono::minutes kNotaryWordLasts{15};

[[nodiscard]] NotaryOutcome outcome_of(const NotaryFindings& findings, const NotaryWord& word,
                                       const x509::Certificate& leaf, x509::Time now);

struct NotaryTally {
    std::size_t agree = 0;
    std::size_t disagree = 0;
    std::size_t silent = 0;

    /// "1 of 3 notaries sees this key, 1 sees another, 1 is silent; 2 must see it".
    [[nodiscard]] std::string text(std::size_t quorum) const;
};
[[nodiscard]] NotaryTally tally_of(const NotaryFindings& findings, const x509::Certificate& leaf, x509::Time now);

/// Whether as many see that key as must; so, too, where no notary was named.
[[nodiscard]] bool is_vouched_for(const NotaryFindings& findings, const x509::Certificate& leaf, x509::Time now);

/// A sentence for each, without a full stop.
[[nodiscard]] std::vector<std::string> sentences_of(const NotaryFindings& findings, const x509::Certificate& leaf,
                                                    x509::Time now);

}  // namespace cotter::trust
