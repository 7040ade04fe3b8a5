// ServerKeys: how a running server follows the rotation of its own key. The registry says what is to be; the state
// folder has the keys; this says what to announce, and switches when the time has come. On one thread.
#pragma once

#include "identity/state_folder.h"
#include "registry/rotations.h"
#include "service/key_announcer.h"
#include "service/log.h"

#include <memory>
#include <optional>

namespace cotter::service {

class ServerKeys {
  public:
    /// `folder`: whose identity the server has; none where it was given files of its own, which nobody switches here.
    ServerKeys(std::optional<identity::StateFolder> folder, Log& log);

    enum class Outcome : std::uint8_t {
        kNothing,
        kAnnouncement,  ///< another announcer() from now on
        kSwitched,      ///< the identity's files are of the next key now: read them
    };

    /// The identity that the server has from now on. Nothing is announced until hear() is called.
    void present(const identity::Identity& identity);
    [[nodiscard]] const std::optional<Pin>& present_pin() const { return present_; }

    /// What the registry says of a rotation from the present key; nothing: there is none.
    Outcome hear(std::optional<registry::Rotation> rotation);
    /// Once more with what was heard last, since files may have come meanwhile.
    Outcome look();
    /// Whether looking again may help.
    [[nodiscard]] bool is_waiting() const { return is_waiting_; }

    /// Null: nothing is said of a next key, neither that there is one nor that there is none.
    [[nodiscard]] const std::shared_ptr<KeyAnnouncer>& announcer() const { return announcer_; }
    /// The next key that is held and announced.
    [[nodiscard]] std::optional<Pin> next_pin() const;

  private:
    Outcome without_rotation();
    Outcome prepared(const registry::Rotation& rotation);
    Outcome committed(const registry::Rotation& rotation);
    Outcome announce(std::shared_ptr<KeyAnnouncer> announcer);
    void warn_once(LogLevel level, const registry::Rotation& rotation, const Error& error);

    std::optional<identity::StateFolder> folder_;
    Log& log_;
    std::optional<x509::PublicKey> key_;
    std::optional<Pin> present_;
    std::optional<registry::Rotation> rotation_;
    std::shared_ptr<KeyAnnouncer> announcer_;
    bool is_waiting_ = false;
    std::string warned_;
};

}  // namespace cotter::service
