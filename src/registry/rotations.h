// Rotations: server keys that give way to a next one, and what clients and servers have said of it. Every server on the
// registry that has the present key takes part; of others' keys nothing is said.
#pragma once

#include "registry/registry.h"

#include <cotter/pin.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::registry {

/// What a client has said about a server's next key; the numbers are the protocol's (docs/protocol.md).
enum class KeyAnswer : std::uint8_t {
    kNone = 0,
    kReady = 1,         ///< it would take the next key today
    kPinnedByHand = 2,  ///< its pins were given by a person, and the next key is not among them
    kOtherTrust = 3,    ///< it goes by something else than the key: a certificate path, TLSA records
    kRefused = 4,       ///< it knows the next key as denied or revoked, or can't remember it
};
[[nodiscard]] std::string_view text_of(KeyAnswer answer);  ///< "none", "ready", "pinned-by-hand", …
[[nodiscard]] std::optional<KeyAnswer> key_answer_of(std::uint64_t number);

struct Rotation {
    enum class State : std::uint8_t { kPrepared, kCommitted };
    Pin present;  ///< spki sha256, as is the next
    Pin next;
    State state = State::kPrepared;
    Time prepared{};

    bool operator==(const Rotation&) const = default;
};

/// A live server that has the present key, or has it no longer.
struct RotatingServer {
    std::string host;  ///< escaped
    Pin present;
    std::optional<Pin> next;  ///< the next key that it holds
};

/// One key of an active client, and what was heard from its holder.
struct KeyHolder {
    std::string client;
    Pin key;
    KeyAnswer answer = KeyAnswer::kNone;
    std::optional<Time> answered;
    std::optional<Time> client_last_seen;  ///< with whichever of its keys
};

/// A client that no row of the registry admits, but a certification authority: it can't be counted, only heard.
struct UncountedHolder {
    std::string client;
    KeyAnswer answer = KeyAnswer::kNone;
    Time answered{};
};

struct RotationStatus {
    Rotation rotation;
    std::vector<KeyHolder> holders;  ///< by client
    std::vector<UncountedHolder> uncounted;
    std::vector<RotatingServer> servers;
    std::size_t invitations = 0;  ///< that wait, with the present key in their codes

    [[nodiscard]] std::size_t ready() const;
    [[nodiscard]] std::size_t servers_holding() const;  ///< the next key, or that have switched to it
    [[nodiscard]] bool is_ready() const { return ready() == holders.size() && servers_holding() == servers.size(); }
};

class Rotations {
  public:
    /// `registry` must outlive it.
    explicit Rotations(Registry& registry) : registry_(registry) {}

    /// The rotation from this key; nothing where there is none, or it was aborted.
    [[nodiscard]] Result<std::optional<Rotation>> from(const Pin& present);
    /// The rotation to this key, whatever became of it but for an abort.
    [[nodiscard]] Result<std::optional<Rotation>> to(const Pin& next);
    /// Whether it was announced once and withdrawn: it may have been withdrawn for a reason.
    [[nodiscard]] Result<bool> was_aborted(const Pin& next);
    [[nodiscard]] Result<RotationStatus> status(const Rotation& rotation, Time now);

    /// Errors: a rotation from this key is under way or done; the next key was withdrawn before.
    [[nodiscard]] Result<void> prepare(const Pin& present, const Pin& next, const Change& change);
    enum class Insist : std::uint8_t { kNo, kYes };
    /// From here on the next key is the one that counts. Error code "rotation_not_ready" where somebody isn't, unless
    /// one insists; looked at in the same transaction.
    [[nodiscard]] Result<void> commit(const Rotation& rotation, Insist insist, const Change& change);
    [[nodiscard]] Result<void> abort(const Rotation& rotation, const Change& change);

    /// What the holder of this client key said. An answer to a key that isn't announced any more is dropped.
    [[nodiscard]] Result<void> note_answer(const Pin& next, const x509::CanonicalKey& client_key,
                                           std::string_view client, KeyAnswer answer, Time now);
    /// Which keys a server has: part of its report, so that it is known of live servers only.
    [[nodiscard]] Result<void> note_server(std::string_view server_id, const RotatingServer& keys);

  private:
    // Within a transaction; may throw StoreFault.
    Result<RotationStatus> read_status(const std::string& what, const Rotation& rotation, Time now);

    Registry& registry_;
};

}  // namespace cotter::registry
