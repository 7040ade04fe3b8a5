// Following a rotation.
#include "service/server_keys.h"

#include "identity/succession.h"

#include <utility>

namespace cotter::service {
namespace {

Error no_folder() {
    return {ErrorKind::kFailed,
            "foreign_identity",
            "the rotation of the server's key",
            "this server has its key from --key, and not from its state folder",
            "replace the files, and send SIGHUP, once clients know the next key",
            {}};
}

}  // namespace

ServerKeys::ServerKeys(std::optional<identity::StateFolder> folder, Log& log) : folder_(std::move(folder)), log_(log) {}

void ServerKeys::present(const identity::Identity& identity) {
    key_ = identity.certificate().public_key();
    present_ = identity.pin();
    rotation_.reset();
    announcer_.reset();
    is_waiting_ = false;
    warned_.clear();
}

std::optional<Pin> ServerKeys::next_pin() const {
    return announcer_ && announcer_->next() ? std::optional(announcer_->next()->pin()) : std::nullopt;
}

ServerKeys::Outcome ServerKeys::hear(std::optional<registry::Rotation> rotation) {
    if (!rotation) return without_rotation();
    rotation_ = std::move(rotation);
    return look();
}

ServerKeys::Outcome ServerKeys::look() {
    is_waiting_ = false;
    if (!rotation_) return Outcome::kNothing;
    switch (rotation_->state) {
        case registry::Rotation::State::kPrepared: return prepared(*rotation_);
        case registry::Rotation::State::kCommitted: return committed(*rotation_);
    }
    std::unreachable();
}

ServerKeys::Outcome ServerKeys::announce(std::shared_ptr<KeyAnnouncer> announcer) {
    announcer_ = std::move(announcer);
    return Outcome::kAnnouncement;
}

void ServerKeys::warn_once(LogLevel level, const registry::Rotation& rotation, const Error& error) {
    is_waiting_ = true;
    if (std::exchange(warned_, error.why) == error.why) return;
    log_.write(Event("rotation_held_up", level)
                   .with("next_pin", rotation.next.to_string())
                   .with("reason", error.what + ": " + error.why)
                   .with("next", error.next));
}

/// Withdrawn, or there never was one.
ServerKeys::Outcome ServerKeys::without_rotation() {
    const auto withdrawn = next_pin();
    if (withdrawn && folder_) {
        // It must not be taken for a fresh one at the next rotation: it may have been withdrawn for a reason.
        const identity::Succession succession(*folder_, identity::KeyRole::kServer);
        const auto waiting = succession.next();
        if (waiting && *waiting && (*waiting)->pin() == *withdrawn) static_cast<void>(succession.discard_next());
        log_.write(Event("rotation_aborted").with("next_pin", withdrawn->to_string()));
    }
    rotation_.reset();
    is_waiting_ = false;
    if (announcer_ && !withdrawn) return Outcome::kNothing;
    return announce(std::make_shared<KeyAnnouncer>(*key_, std::nullopt));
}

ServerKeys::Outcome ServerKeys::prepared(const registry::Rotation& rotation) {
    if (next_pin() == rotation.next) return Outcome::kNothing;
    Result<std::optional<identity::Identity>> next = unexpected(no_folder());
    if (folder_) next = identity::Succession(*folder_, identity::KeyRole::kServer).next();
    if (next && (!*next || (*next)->pin() != rotation.next)) {
        next = failed("no_next_key", "the rotation of the server's key",
                      "next.key and next.crt of " + rotation.next.to_string() + " are not in the state folder",
                      "copy both there from where cotter rotate prepare ran");
    }
    if (!next) {
        warn_once(LogLevel::kWarning, rotation, next.error());
        const bool was_said = announcer_ != nullptr;
        announcer_.reset();
        return was_said ? Outcome::kAnnouncement : Outcome::kNothing;
    }
    log_.write(Event("rotation_announced").with("next_pin", rotation.next.to_string()));
    return announce(std::make_shared<KeyAnnouncer>(*key_, std::move(**next)));
}

ServerKeys::Outcome ServerKeys::committed(const registry::Rotation& rotation) {
    Result<bool> switched = unexpected(no_folder());
    if (folder_) switched = identity::Succession(*folder_, identity::KeyRole::kServer).switch_over(rotation.next);
    if (switched) return Outcome::kSwitched;
    warn_once(LogLevel::kError, rotation, switched.error());
    announcer_.reset();
    return Outcome::kNothing;
}

}  // namespace cotter::service
