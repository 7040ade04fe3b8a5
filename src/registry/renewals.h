// Renewals: a client's key gives way to its next one, at the client's own wish. Both are admitted for a while; then the
// new one, and no other key, has the former dropped.
#pragma once

#include "registry/registry.h"

namespace cotter::registry {

class Renewals {
  public:
    /// A name has no more keys than this by renewing.
    static constexpr std::size_t kMostKeys = 8;

    /// `registry` must outlive it.
    explicit Renewals(Registry& registry) : registry_(registry) {}

    /// Admits the next key under the name that `former`, a registered key, has. What the holder of the former key has
    /// said of a rotation holds for the next one, too. A next key that the former one had registered before and that
    /// was never used to finish goes. Doing it again changes nothing. Errors as of Registry::add_key, and
    /// "too_many_keys".
    [[nodiscard]] Result<void> begin(const ClientName& name, const Pin& former, const NewKey& next,
                                     const Change& change);

    /// Drops the key that this one was registered in the place of; where there is none, nothing is left to do.
    [[nodiscard]] Result<void> finish(const ClientName& name, const x509::CanonicalKey& present, const Change& change);

  private:
    // Within a transaction; may throw StoreFault.
    void take_over_answers(const Pin& former, const NewKey& next, const ClientName& name);
    Result<void> drop(const ClientName& name, const std::string& pin, const Change& change);

    Registry& registry_;
};

}  // namespace cotter::registry
