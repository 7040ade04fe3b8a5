// Verdict: what was decided about a peer, and why.
#pragma once

#include <cotter/certificate.h>
#include <cotter/export.h>
#include <cotter/pin.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter {

namespace trust {
struct Verdict;
}

/// What a verdict comes to.
enum class Outcome : std::uint8_t {
    kTrusted,   ///< all that was asked of the peer holds
    kRefused,   ///< no bytes may flow
    kReported,  ///< would be refused, and is let pass: its policy's mode is "report"
};

/// One ground, as a code for programs and a sentence for people.
struct Reason {
    std::string_view code;  ///< "pin_mismatch", …: docs/verify.md has them all; of static storage
    std::string message;    ///< one sentence without full stop; what came from a peer is escaped
    bool operator==(const Reason&) const = default;
};

/// Immutable, cheap to copy.
class COTTER_EXPORT Verdict {
  public:
    [[nodiscard]] Outcome outcome() const;  ///< lets_pass() where only that matters
    /// Whether bytes may flow: trusted, or reported.
    [[nodiscard]] bool lets_pass() const;
    /// Every reason that applies, the one to mend first at the front. Empty only for kTrusted.
    [[nodiscard]] std::vector<Reason> reasons() const;
    /// What is worth knowing and decided nothing.
    [[nodiscard]] std::vector<Reason> notes() const;
    /// The pin that decided, and which certificate of chain() it is of (0: the leaf).
    struct Matched {
        Pin pin;                   ///< as policy, registry, known peers or DNS have it
        std::size_t position = 0;  ///< in chain(), whose leaf is 0
    };
    /// Nothing where no pin matched, or none was asked for.
    [[nodiscard]] std::optional<Matched> matched() const;
    /// As they came, leaf first, as far as they could be read.
    [[nodiscard]] std::vector<Certificate> presented() const;
    /// As verified, leaf first; the leaf alone where its own pin decided. Empty where no path was found.
    [[nodiscard]] std::vector<Certificate> chain() const;
    /// Of a client that a server judged: its name in the registry, or "ca:" and its subject alternative name, escaped.
    /// Empty where it has none.
    [[nodiscard]] std::string_view client_name() const;
    /// The last second that this verdict counts if nothing changes: then the peer's certificate, pin or admission ends.
    [[nodiscard]] std::optional<std::chrono::sys_seconds> valid_until() const;
    /// One line for a log: "refused: pin_mismatch: …".
    [[nodiscard]] std::string to_string() const;

    /// For the library itself.
    explicit Verdict(trust::Verdict verdict);
    /// For the library itself.
    [[nodiscard]] const trust::Verdict& content() const { return *verdict_; }

  private:
    std::shared_ptr<const trust::Verdict> verdict_;
};

}  // namespace cotter
