// PendingClients: strangers that servers with --pending have refused, waiting for the owner to say who they are. A
// short list, bounded in all and for each network, which gives way to newer ones. It keeps pin, source, times and count
// of each, and nothing else that a stranger sent. Whether a stranger has the key of its pin is not proven until it is
// admitted and comes again.
#pragma once

#include "registry/registry.h"

#include <cotter/pin.h>

namespace cotter::registry {

struct PendingClient {
    Pin pin;  ///< spki sha256
    std::string source;
    Time first_seen{};
    Time last_seen{};
    std::uint64_t count = 1;
};

inline constexpr std::size_t kMostPending = 64;
inline constexpr std::size_t kMostPendingOfNetwork = 4;
inline constexpr std::chrono::hours kPendingKept = std::chrono::days(7);

class PendingClients {
  public:
    explicit PendingClients(Store& store) : store_(store) {}

    /// For a server: one more refusal of the key behind that spki sha256 pin. Where the list is full, or the network
    /// has its share, who was seen last longest ago gives way. A pin that a client has is left out.
    [[nodiscard]] Result<void> note(const Pin& pin, std::string_view source, std::string_view network, Time now);

    [[nodiscard]] Result<std::vector<PendingClient>> list(Time now);  ///< newest first

    /// Admits that key under that name, and takes it from the list, in one transaction. Error codes: "not_pending", and
    /// those of Registry::add.
    [[nodiscard]] static Result<std::uint64_t> approve(Registry& registry, const Pin& pin, const ClientName& name,
                                                       std::optional<Time> expires, std::string_view note,
                                                       const Change& change);

  private:
    Store& store_;
};

}  // namespace cotter::registry
