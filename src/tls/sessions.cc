// Bounded stores of sessions.
#include "tls/sessions.h"

namespace cotter::tls {
namespace {

bool is_young(const Peer& peer, std::chrono::steady_clock::time_point now) {
    return now - peer.authenticated_at < kMostSessionAge;
}

}  // namespace

void ServerSessions::remember(std::string_view id, RememberedSession session) {
    forget(id);
    if (by_id_.size() == kMost) {
        by_id_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    const auto age = oldest_first_.emplace(oldest_first_.end(), id);
    by_id_.emplace(*age, Entry{std::move(session), age});
}

const RememberedSession* ServerSessions::find(std::string_view id, std::chrono::steady_clock::time_point now) {
    const auto found = by_id_.find(std::string(id));
    if (found == by_id_.end()) return nullptr;
    if (is_young(found->second.session.peer, now)) return &found->second.session;
    forget(id);
    return nullptr;
}

void ServerSessions::forget(std::string_view id) {
    const auto found = by_id_.find(std::string(id));
    if (found == by_id_.end()) return;
    oldest_first_.erase(found->second.age);
    by_id_.erase(found);
}

const RememberedSession* ClientSession::find(std::chrono::steady_clock::time_point now) const {
    return last_ && is_young(last_->peer, now) ? &*last_ : nullptr;
}

}  // namespace cotter::tls
