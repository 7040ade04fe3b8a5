// Announcing a next key.
#include "service/key_announcer.h"

#include "identity/key_proof.h"

#include <utility>

namespace cotter::service {

KeyAnnouncer::KeyAnnouncer(x509::PublicKey present, std::optional<identity::Identity> next)
    : present_(std::move(present)), next_(std::move(next)) {}

std::optional<stream::KeyNews> KeyAnnouncer::news_for(const tls::Stream& stream) const {
    if (stream.is_resumed()) return std::nullopt;
    if (!next_) return stream::KeyNews{};
    const auto session = stream.session_binding();
    if (!session) return std::nullopt;
    auto proof = identity::prove_key(*next_, {identity::KeyRole::kServer, present_, *session});
    if (!proof) return std::nullopt;
    stream::KeyNews news{std::move(*proof), 0};
    const std::scoped_lock lock(mutex_);
    const auto held = answers_.find(stream.peer().presented.front().public_key().canonical());
    if (held != answers_.end()) news.answer_held = std::to_underlying(held->second);
    return news;
}

void KeyAnnouncer::note(const x509::CanonicalKey& client_key, registry::KeyAnswer answer) {
    const std::scoped_lock lock(mutex_);
    answers_[client_key] = answer;
}

}  // namespace cotter::service
