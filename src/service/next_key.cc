// Hearing of a server's next key.
#include "service/next_key.h"

#include "identity/key_proof.h"

#include <algorithm>

namespace cotter::service {
namespace {

using registry::KeyAnswer;

Pin pin_of(const x509::PublicKey& key) {
    return *x509::pin_of(key, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

bool is_denied(const trust::ServerPolicy& policy, const x509::PublicKey& key) {
    return std::ranges::any_of(policy.deny, [&](const Pin& pin) { return x509::matches(key, pin); });
}

/// Under pins that a person gave.
KeyAnswer answer_by_pins(const trust::ServerPolicy& policy, const x509::PublicKey& next, trust::Time now) {
    const bool is_pinned = std::ranges::any_of(policy.pins, [&](const trust::PolicyPin& pin) {
        return (!pin.expires || now <= *pin.expires) && x509::matches(next, pin.pin);
    });
    return is_pinned ? KeyAnswer::kReady : KeyAnswer::kPinnedByHand;
}

/// One announcement, proved, at one client.
class Hearing {
  public:
    Hearing(x509::PublicKey next, const tls::Stream& stream, const HostPort& server, const trust::ServerPolicy& policy,
            std::uint8_t held)
        : next_(std::move(next)), stream_(stream), server_(server), policy_(policy), held_(held) {}

    Heard run(const evidence::KnownPeers& memory, trust::Time now) {
        if (is_denied(policy_, next_)) return refused("the policy denies it");
        if (trust::is_continuity(policy_.trust)) return by_memory(memory, now);
        const auto& matched = stream_.verdict().matched;
        const bool by_leaf = trust::looks_at_pins(policy_.trust) && policy_.mode != trust::Mode::kOff && matched &&
                             matched->position == 0;
        if (!by_leaf) return told(KeyAnswer::kOtherTrust, "it is not trusted by its key alone");
        const KeyAnswer answer = answer_by_pins(policy_, next_, now);
        return told(answer, answer == KeyAnswer::kReady ? "" : "its pins were given by hand");
    }

  private:
    Heard by_memory(const evidence::KnownPeers& memory, trust::Time now) {
        const auto learnt = memory.expect(server_, stream_.peer().presented.front(), pin_of(next_), now);
        if (!learnt) return refused(learnt.error().what + ": " + learnt.error().why);
        Heard heard = told(KeyAnswer::kReady, "");
        if (*learnt) heard.event = KeyEvent{KeyEvent::Kind::kLearnt, server_, pin_of(next_), {}};
        return heard;
    }

    /// What the server has on record already is neither told again nor printed again.
    Heard told(KeyAnswer answer, std::string why) {
        if (std::to_underlying(answer) == held_) return {};
        Heard heard{std::nullopt, answer, pin_of(next_)};
        if (!why.empty()) heard.event = KeyEvent{KeyEvent::Kind::kByHand, server_, pin_of(next_), std::move(why)};
        return heard;
    }

    Heard refused(std::string why) {
        Heard heard = told(KeyAnswer::kRefused, "");
        heard.event = KeyEvent{KeyEvent::Kind::kRefused, server_, pin_of(next_), std::move(why)};
        return heard;
    }

    x509::PublicKey next_;
    const tls::Stream& stream_;
    const HostPort& server_;
    const trust::ServerPolicy& policy_;
    std::uint8_t held_;
};

}  // namespace

std::string_view text_of(KeyEvent::Kind kind) {
    switch (kind) {
        case KeyEvent::Kind::kLearnt: return "key_learnt";
        case KeyEvent::Kind::kSucceeded: return "key_succeeded";
        case KeyEvent::Kind::kWithdrawn: return "key_withdrawn";
        case KeyEvent::Kind::kByHand: return "key_by_hand";
        case KeyEvent::Kind::kNotForgotten: return "key_not_forgotten";
        case KeyEvent::Kind::kLogged: return "key_logged";
        case KeyEvent::Kind::kRefused: return "key_refused";
    }
    return "";
}

Heard hear_of_next_key(const stream::KeyNews& news, const tls::Stream& stream, const HostPort& server,
                       const trust::ServerPolicy& policy, const evidence::KnownPeers& memory, trust::Time now) {
    if (stream.is_resumed() || stream.verdict().outcome != trust::Outcome::kTrusted) return {};
    const x509::Certificate& presented = stream.peer().presented.front();
    const auto could_not = [&](const Error& error) {
        Heard heard;
        heard.event = KeyEvent{KeyEvent::Kind::kRefused, server, std::nullopt, error.what + ": " + error.why};
        return heard;
    };
    if (news.proof.empty()) {
        if (!trust::is_continuity(policy.trust)) return {};
        const auto forgotten = memory.expect_none(server, presented);
        if (!forgotten) return could_not(forgotten.error());
        Heard heard;
        if (*forgotten) heard.event = KeyEvent{KeyEvent::Kind::kWithdrawn, server, std::nullopt, {}};
        return heard;
    }
    const auto session = stream.session_binding();
    if (!session) return {};
    auto next = identity::check_key_proof(news.proof, {identity::KeyRole::kServer, presented.public_key(), *session});
    if (!next) return could_not(next.error());
    return Hearing(std::move(*next), stream, server, policy, news.answer_held).run(memory, now);
}

}  // namespace cotter::service
