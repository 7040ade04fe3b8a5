// Looking for others.
#include "observatory/notary_scene.h"

#include "evidence/fetch.h"
#include "observatory/addresses.h"
#include "service/wall_clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <iterator>

namespace cotter::observatory {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostLooks = 4;
constexpr std::size_t kMostKept = 10'000;
constexpr std::size_t kMostPast = 16;

Bytes octets_of_address(const sockaddr& address) {
    if (address.sa_family == AF_INET)
        return std::as_bytes(std::span(&reinterpret_cast<const sockaddr_in&>(address).sin_addr, 1));
    if (address.sa_family == AF_INET6)
        return std::as_bytes(std::span(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 1));
    return {};
}

}  // namespace

bool is_own_address(const IpAddress& address) {
    ifaddrs* list = nullptr;
    // Who can't tell refuses.
    if (::getifaddrs(&list) != 0) return true;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr) continue;
        const Bytes octets = octets_of_address(*one->ifa_addr);
        if (!octets.empty() && std::ranges::equal(octets, address.octets())) return true;
    }
    return false;
}

Result<std::unique_ptr<NotaryScene>> NotaryScene::open(const DeskSettings& settings, stream::Reactor& reactor) {
    auto looker = Looker::make(reactor, settings.look);
    if (!looker) return unexpected(looker.error());
    auto archive = Archive::open(settings.archive);
    if (!archive) return unexpected(archive.error());
    return std::unique_ptr<NotaryScene>(new NotaryScene(settings, std::move(*looker), std::move(*archive)));
}

void NotaryScene::settle() {
    resolvers_.stop();
    resolvers_.join();
}

bool NotaryScene::take_turn() {
    const auto now = Clock::now();
    turns_ = std::min(std::max(settings_.rate, 1.0),
                      turns_ + settings_.rate * std::chrono::duration<double>(now - turns_at_).count());
    turns_at_ = now;
    if (turns_ < 1) return false;
    turns_ -= 1;
    return true;
}

asio::awaitable<NotaryAnswer> NotaryScene::answer(NotaryQuestion question) {
    const std::string name = question.target.to_string();
    NotaryAnswer answer{.nonce = question.nonce, .at = {}, .server = name, .keys = {}, .failure = {}};
    const auto known = kept_.find(name);
    if (known != kept_.end() && Clock::now() - known->second.at < settings_.keep) {
        answer.keys = known->second.keys;
        answer.failure = known->second.failure;
    } else if (!take_turn()) {
        answer.failure = "busy: this notary looks at no more servers now";
    } else {
        const Kept kept = co_await look_at(question.target);
        answer.keys = kept.keys;
        answer.failure = kept.failure;
        if (kept_.size() >= kMostKept) kept_.clear();
        kept_[name] = kept;
    }
    answer.at = service::wall_clock_now();
    co_return answer;
}

asio::awaitable<NotaryScene::Kept> NotaryScene::look_at(Target target) {
    Kept kept{Clock::now(), {}, {}};
    const auto resolve = [target]() -> asio::awaitable<std::vector<Target>> { co_return at_each_address({target}); };
    std::vector<Target> places = co_await asio::co_spawn(resolvers_, resolve, asio::use_awaitable);
    std::erase_if(places, [](const Target& place) { return !place.address; });
    if (places.empty()) kept.failure = "its name leads nowhere";
    std::erase_if(places, [this](const Target& place) {
        if (settings_.may_reach_private) return false;
        return !evidence::is_public_address(place.address->to_string()) || is_own_address(*place.address);
    });
    if (places.empty() && kept.failure.empty())
        kept.failure = "its addresses are private, or this notary's own, which are not looked at";
    const auto round = sightings_.begin_round();
    if (!round) kept.failure = round.error().why;
    for (std::size_t i = 0; round && i < std::min(places.size(), kMostLooks); ++i) {
        const Look look = co_await looker_->look(places[i]);
        const bool is_proven = look.appearance && look.appearance->peer.possession == trust::Possession::kProven &&
                               !look.appearance->peer.presented.empty();
        if (!is_proven) {
            if (look.failure) kept.failure = look.failure->code + ": " + look.failure->why;
            continue;
        }
        const auto noted =
            sightings_.note(target, places[i].address->to_string(), look.appearance->peer.presented, look.at, *round);
        if (!noted) kept.failure = noted.error().why;
    }
    if (!round) co_return kept;
    auto keys = keys_of(target, *round);
    if (!keys) {
        kept.failure = keys.error().why;
        co_return kept;
    }
    kept.keys = std::move(*keys);
    const bool sees_one = std::ranges::any_of(kept.keys, &NotarizedKey::is_now);
    if (sees_one) kept.failure.clear();
    if (!sees_one && kept.failure.empty()) kept.failure = "it did not show a key that it proved to have";
    co_return kept;
}

Result<std::vector<NotarizedKey>> NotaryScene::keys_of(const Target& target, std::int64_t round) {
    const auto sightings = sightings_.of(target);
    if (!sightings) return unexpected(sightings.error());
    std::vector<NotarizedKey> keys;
    for (const Sighting& sighting : *sightings) {
        const auto pin = sighting.chain.front().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
        const auto known = std::ranges::find(keys, *pin, &NotarizedKey::key);
        if (known == keys.end()) {
            keys.push_back({*pin, sighting.last_round == round, sighting.first_seen, sighting.last_seen});
            continue;
        }
        known->since = std::min(known->since, sighting.first_seen);
        known->last = std::max(known->last, sighting.last_seen);
    }
    std::vector<NotarizedKey> sorted;
    std::ranges::copy_if(keys, std::back_inserter(sorted), &NotarizedKey::is_now);
    const std::size_t most = sorted.size() + kMostPast;
    std::ranges::copy_if(keys, std::back_inserter(sorted), [](const NotarizedKey& key) { return !key.is_now; });
    if (sorted.size() > most) sorted.resize(most, sorted.front());
    return sorted;
}

}  // namespace cotter::observatory
