// Succession: how the identity of a state folder gives way to its next one. The next key is made and waits beside the
// present one; then it takes its place by renaming, so that a crash at any moment leaves one whole identity.
#pragma once

#include "identity/key_proof.h"
#include "identity/state_folder.h"

#include <cotter/error.h>
#include <cotter/pin.h>

#include <filesystem>
#include <optional>

namespace cotter::identity {

class Succession {
  public:
    /// Of a server's key: next.key and next.crt, and previous.* afterwards. Of a client's: identity.next.* and
    /// identity.previous.*.
    Succession(const StateFolder& folder, KeyRole role);
    /// Of a client's key in files that a person has named, which are no links: the next one and the former are beside
    /// them, as FILE.next and FILE.previous.
    explicit Succession(const KeyFiles& named);

    [[nodiscard]] const std::filesystem::path& key_file() const { return next_.key; }
    [[nodiscard]] const std::filesystem::path& certificate_file() const { return next_.certificate; }

    /// Completes a switch that was cut short; else nothing happens.
    [[nodiscard]] Result<void> complete() const;
    /// Whether a next key waits, or half of one.
    [[nodiscard]] bool is_begun() const;
    /// The next identity; nothing where there is none. A half made one is none yet: make() completes it.
    [[nodiscard]] Result<std::optional<Identity>> next() const;

    /// The next identity; made with the care of StateFolder::own_identity if there is none.
    [[nodiscard]] Result<StateFolder::OwnIdentity> make(KeyChoice choice, x509::Time now) const;

    /// Puts the next identity in the place of the present one, which is kept as previous.*. `expected` is the key that
    /// it must be of. Gives false where the identity is of that key already: the switch was made before, and whatever
    /// was left of it is complete now. An Error leaves the present identity as it is.
    [[nodiscard]] Result<bool> switch_over(const Pin& expected) const;

    /// Removes the next key: it will never be used.
    [[nodiscard]] Result<void> discard_next() const;
    /// Whether what switch_over() kept is still there.
    [[nodiscard]] bool has_previous() const;
    /// Removes what switch_over() kept.
    [[nodiscard]] Result<void> discard_previous() const;

  private:
    std::filesystem::path lock_;
    KeyFiles present_;
    KeyFiles next_;
    KeyFiles previous_;
};

}  // namespace cotter::identity
