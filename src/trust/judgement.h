// The pieces that both judges are made of; private to the judge's files.
#pragma once

#include "trust/evidence.h"
#include "trust/verdict.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cotter::trust {

/// A verdict in the making: it refuses unless it is concluded without a reason not to.
class Judgement {
  public:
    explicit Judgement(const Evidence& evidence) { verdict_.presented = evidence.presented; }

    void refuse(ReasonCode code, std::string message) { verdict_.reasons.push_back({code, std::move(message)}); }
    void refuse(const std::vector<x509::PathFailure>& failures);
    void note(ReasonCode code, std::string message) { verdict_.notes.push_back({code, std::move(message)}); }
    [[nodiscard]] bool is_refused() const { return !verdict_.reasons.empty(); }
    [[nodiscard]] const std::vector<Reason>& reasons() const { return verdict_.reasons; }
    [[nodiscard]] Verdict& verdict() { return verdict_; }

    /// What ends at `time` takes the verdict with it.
    void ends_at(std::optional<Time> time);
    void ends_with(const std::vector<x509::Certificate>& chain);

    /// Trusted if no reason was given, else `otherwise`.
    [[nodiscard]] Verdict conclude(Outcome otherwise = Outcome::kRefused);

  private:
    Verdict verdict_;
};

/// What no trust mode forgives: bytes that can't be read, no certificate, no proof of the key, a weak key, a protocol
/// under the floor. Gives false if the leaf can't be judged further.
[[nodiscard]] bool check_peer(const Evidence& evidence, Protocol minimum, Judgement& judgement);

/// "sha256/AbCd…": the leaf's own pin, for messages.
[[nodiscard]] std::string own_pin(const x509::Certificate& certificate);

}  // namespace cotter::trust
