// Sightings: what each server has shown over time, at which address, since when and until when; and how it changed.
#pragma once

#include "observatory/archive.h"
#include "observatory/grade.h"

#include <optional>
#include <string>
#include <vector>

namespace cotter::observatory {

struct Sighting {
    std::string address;  ///< "192.0.2.1"
    std::vector<x509::Certificate> chain;
    x509::Time first_seen{};
    x509::Time last_seen{};
    std::int64_t last_round = 0;  ///< in which it was seen last: rounds follow each other within a second, too
    std::int64_t times = 0;
};

struct PastChange {
    std::string server;
    x509::Time at{};
    Grade grade = Grade::kRenewed;
    std::string why;
    std::string addresses;  ///< separated by spaces
    std::vector<x509::Certificate> before;
    std::vector<x509::Certificate> after;
};

class Sightings {
  public:
    explicit Sightings(Archive& archive) : archive_(archive) {}

    /// Of a server at any address, the one seen last first.
    [[nodiscard]] Result<std::vector<Sighting>> of(const Target& target);

    /// The number of a round that begins now: larger than that of any before.
    [[nodiscard]] Result<std::int64_t> begin_round();

    /// A chain, leaf first and not empty, was seen there then.
    [[nodiscard]] Result<void> note(const Target& target, const std::string& address,
                                    const std::vector<x509::Certificate>& chain, x509::Time now, std::int64_t round);

    [[nodiscard]] Result<void> note_change(const Target& target, const Graded& graded, const std::string& addresses,
                                           const std::vector<x509::Certificate>& before,
                                           const std::vector<x509::Certificate>& after, x509::Time now);

    /// Of one server, or of all; the latest first.
    [[nodiscard]] Result<std::vector<PastChange>> changes(const std::optional<Target>& only);

    /// Whether any chain that was ever seen of any server has a certificate with this pin.
    [[nodiscard]] Result<bool> has_ever_shown(const Pin& pin);

  private:
    Archive& archive_;
};

}  // namespace cotter::observatory
