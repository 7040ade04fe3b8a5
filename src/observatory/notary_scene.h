// NotaryScene: what a notary sees of servers and remembers: a look where one is due, the look before it where that is
// young enough.
#pragma once

#include "observatory/look.h"
#include "observatory/notary_desk.h"
#include "observatory/notary_message.h"
#include "observatory/sightings.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

namespace cotter::observatory {

class NotaryScene {
  public:
    /// `reactor` must outlive what is asked.
    [[nodiscard]] static Result<std::unique_ptr<NotaryScene>> open(const DeskSettings& settings,
                                                                   stream::Reactor& reactor);

    /// Everything but the signature.
    [[nodiscard]] boost::asio::awaitable<NotaryAnswer> answer(NotaryQuestion question);

    /// Before the reactor goes: waits for the look-ups of names, whose answers would go there.
    void settle();

  private:
    /// What the last look at a server came to.
    struct Kept {
        std::chrono::steady_clock::time_point at;
        std::vector<NotarizedKey> keys;
        std::string failure;
    };

    NotaryScene(const DeskSettings& settings, std::unique_ptr<Looker> looker, std::unique_ptr<Archive> archive)
        : settings_(settings),
          looker_(std::move(looker)),
          archive_(std::move(archive)),
          sightings_(*archive_),
          turns_(std::max(settings.rate, 1.0)) {}
    [[nodiscard]] boost::asio::awaitable<Kept> look_at(Target target);
    [[nodiscard]] Result<std::vector<NotarizedKey>> keys_of(const Target& target, std::int64_t round);
    [[nodiscard]] bool take_turn();

    DeskSettings settings_;
    std::unique_ptr<Looker> looker_;
    std::unique_ptr<Archive> archive_;
    Sightings sightings_;
    boost::asio::thread_pool resolvers_{4};
    std::map<std::string, Kept> kept_;
    double turns_;  ///< looks that may be made now: a second's worth at most
    std::chrono::steady_clock::time_point turns_at_ = std::chrono::steady_clock::now();
};

/// Whether that address is one of this machine's.
[[nodiscard]] bool is_own_address(const IpAddress& address);

}  // namespace cotter::observatory
