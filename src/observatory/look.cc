// Looking.
#include "observatory/look.h"

#include "service/wall_clock.h"
#include "trust/judge.h"

namespace cotter::observatory {
namespace {

namespace asio = boost::asio;

/// Lets handshakes run to their end, and nothing come of them.
class Onlooker final : public tls::PeerJudge {
  public:
    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer) const override {
        return trust::judge_without_policy(tls::evidence_of(peer));
    }
    [[nodiscard]] bool may_join(const tls::Peer&) const override { return false; }
    [[nodiscard]] std::uint64_t generation() const override { return 1; }
    [[nodiscard]] bool only_looks() const override { return true; }
};
const Onlooker kOnlooker;

Result<tls::Context> context_up_to(trust::Protocol newest, const tls::LibraryContext& library) {
    tls::ContextSettings settings{.minimum_protocol = trust::Protocol::kTls12, .applications = {}};
    settings.maximum_protocol = newest;
    return tls::Context::client(library, nullptr, settings);
}

LookFailure failure_of(const service::ConnectFailure& failure) {
    if (const auto* const error = std::get_if<Error>(&failure.why)) return {error->code, error->why};
    if (const auto* const refused = std::get_if<service::NotAdmitted>(&failure.why))
        return {"wants_certificate", "the server wants a client's certificate: " + std::string(refused->alert.name())};
    return {"handshake_failed", "the handshake did not finish"};
}

}  // namespace

Result<std::unique_ptr<Looker>> Looker::make(stream::Reactor& reactor, const LookSettings& settings) {
    auto library = tls::LibraryContext::make();
    if (!library) return unexpected(library.error());
    std::unique_ptr<Looker> looker(new Looker(reactor, settings, std::move(*library)));
    auto context = context_up_to(trust::Protocol::kTls13, looker->library_);
    if (!context) return unexpected(context.error());
    looker->context_ = std::move(*context);
    auto older = context_up_to(trust::Protocol::kTls12, looker->library_);
    if (!older) return unexpected(older.error());
    looker->older_context_ = std::move(*older);
    return looker;
}

asio::awaitable<Look> Looker::look(Target target) {
    const auto begin = std::chrono::steady_clock::now();
    service::HandshakeOrder order{.server = target.server,
                                  .name = target.server.host,
                                  .start_tls = target.start_tls,
                                  .connect_timeout = settings_.connect_timeout,
                                  .handshake_timeout = settings_.handshake_timeout,
                                  .reach = settings_.reach};
    if (target.address) order.server.host = HostName(*target.address);
    Look look{std::move(target), service::wall_clock_now(), {}, {}, {}, {}};
    auto shaken = co_await service::shake_hands(reactor_, *context_, kOnlooker, order);
    if (shaken) {
        look.address = stream::remote_address(shaken->socket);
        look.appearance = Appearance{shaken->handshake.peer(), shaken->handshake.suite_text(), {}};
        look.appearance->versions.push_back(look.appearance->peer.protocol);
        stream::ErrorCode ignored;
        shaken->socket.close(ignored);
        const bool may_be_older = look.appearance->peer.protocol == trust::Protocol::kTls13;
        if (settings_.tries_versions && may_be_older &&
            co_await service::shake_hands(reactor_, *older_context_, kOnlooker, order))
            look.appearance->versions.push_back(trust::Protocol::kTls12);
    } else {
        look.failure = failure_of(shaken.error().failure);
        look.address = shaken.error().address;
        if (shaken.error().shown) look.appearance = Appearance{std::move(*shaken.error().shown), {}, {}};
    }
    look.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    co_return look;
}

}  // namespace cotter::observatory
