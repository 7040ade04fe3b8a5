// Connections that carry no stream: the join exchange of strangers and the control exchange of clients.
#include "authority/renewal.h"
#include "registry/renewals.h"
#include "service/exchange.h"
#include "service/join_exchange.h"
#include "service/server_connection.h"
#include "service/server_thread.h"
#include "service/wall_clock.h"
#include "stream/frame.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

/// Counts one exchange while it lives.
class ExchangeInProgress {
  public:
    explicit ExchangeInProgress(ServerThread& thread) : thread_(thread) { thread_.join_begins(); }
    ~ExchangeInProgress() { thread_.join_ends(); }
    ExchangeInProgress(const ExchangeInProgress&) = delete;
    ExchangeInProgress& operator=(const ExchangeInProgress&) = delete;

  private:
    ServerThread& thread_;
};

/// What the registry's thread leaves for the connection that waits, if it still does.
template <class Value>
struct RegistryWord {
    explicit RegistryWord(asio::io_context& io) : answered(io) {}
    asio::steady_timer answered;
    std::optional<Result<Value>> value;
};

/// What the registry's thread calls, to leave its word.
template <class Value>
auto leave_word(asio::io_context& io, std::shared_ptr<RegistryWord<Value>> word) {
    return [&io, word = std::move(word)](Result<Value> value) {
        asio::post(io, [word, value = std::move(value)]() mutable {
            word->value.emplace(std::move(value));
            word->answered.cancel();
        });
    };
}

RequestState look_for_join(Bytes request) {
    return request.size() < kJoinRequestSize ? RequestState::kIncomplete : RequestState::kWhole;
}

RequestState look_for_control(Bytes request) {
    if (request.size() < stream::kFrameHeader) return RequestState::kIncomplete;
    const std::size_t size = stream::frame_size(request);
    if (size > kMostControlRequest) return RequestState::kTooMuch;
    return request.size() < size ? RequestState::kIncomplete : RequestState::kWhole;
}

/// Of an Error of the registry, for the client; the log has the whole.
ControlRefusal refusal_of(const Error& error) {
    if (error.code == "too_many_keys") return ControlRefusal::kTooManyKeys;
    if (error.code == "not_ours") return ControlRefusal::kNotOurs;
    if (error.code == "too_early" || error.code == "too_many_certificates") return ControlRefusal::kTooEarly;
    if (error.code == "not_later") return ControlRefusal::kNotLater;
    const bool is_about_key = error.code == "key_taken" || error.code == "key_revoked" || error.code == "no_such_key";
    return is_about_key ? ControlRefusal::kKeyRefused : ControlRefusal::kUnavailable;
}

std::string_view name_of(const ControlRequest& request) {
    struct Name {
        std::string_view operator()(const AskName&) const { return "name"; }
        std::string_view operator()(const TellOfNextKey&) const { return "next_key"; }
        std::string_view operator()(const RegisterKey&) const { return "register"; }
        std::string_view operator()(const FinishRenewal&) const { return "finish"; }
        std::string_view operator()(const RenewCertificate&) const { return "certificate"; }
    };
    return std::visit(Name{}, request);
}

}  // namespace

void ServerConnection::record_refused_join(const std::string& connection_id, const x509::Certificate* leaf,
                                           const std::string& reason) {
    thread_.shared().watch.refusals().add(source_network_, thread_.reactor().now(), [&] {
        const auto pin = leaf ? leaf->pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256) : std::nullopt;
        return audit::Event{.action = audit::Action::kRefuseJoin,
                            .pin = pin ? pin->to_string() : std::string(),
                            .peer = source_,
                            .connection = connection_id,
                            .detail = reason};
    });
}

asio::awaitable<void> ServerConnection::carry_join(tls::Handshake handshake, ByteVector unread,
                                                   stream::Deadline& deadline) {
    const std::string connection_id = handshake.connection_id();
    auto opened = thread_.may_begin_join() ? tls::open_join(std::move(handshake))
                                           : expected<tls::JoinChannel, trust::Verdict>(unexpected(trust::Verdict{}));
    if (!opened) {
        const bool is_crowded = opened.error().reasons.empty();
        handshake_came_to(is_crowded ? metrics::HandshakeOutcome(metrics::HandshakeFault::kCrowded)
                                     : opened.error().first_reason().code);
        const std::string reason = is_crowded ? "too many join at once" : opened.error().first_reason().message;
        thread_.log_refusal(LogLevel::kWarning, source_, source_network_, [&] {
            return Event("join_refused", LogLevel::kWarning)
                .with("conn", connection_id)
                .with("peer", source_)
                .with("reason", reason);
        });
        record_refused_join(connection_id, nullptr, reason);
        co_await stream::linger(thread_.reactor(), socket_);
        co_return;
    }
    handshake_came_to(metrics::Exchanged{});
    const ExchangeInProgress joining(thread_);
    const auto request =
        co_await await_request(thread_.reactor(), socket_, *opened, std::move(unread), deadline, look_for_join);
    if (!request) co_return;

    const auto word = std::make_shared<RegistryWord<registry::Client>>(thread_.reactor().io());
    word->answered.expires_at(deadline.at());
    const auto secret = secret_of_request(*request);
    if (secret && thread_.shared().watch.join(*secret, registry::new_key_of(opened->peer().presented.front()), source_,
                                              leave_word(thread_.reactor().io(), word))) {
        co_await word->answered.async_wait(asio::as_tuple(asio::use_awaitable));
    }

    const bool is_joined = word->value && word->value->has_value();
    JoinAnswer reply;
    Event line(is_joined ? "joined" : "join_refused", is_joined ? LogLevel::kInfo : LogLevel::kWarning);
    line.with("conn", connection_id).with("peer", source_);
    if (is_joined) {
        const registry::Client& client = **word->value;
        reply = {client.name, client.expires};
        line.with("client", client.name.text()).with("pin", client.keys.front().pin.to_string());
        thread_.shared().log.write(line);
    } else {
        const std::string reason = !secret       ? "not a join request"
                                   : word->value ? word->value->error().why
                                                 : "the registry did not answer in time";
        line.with("reason", reason);
        thread_.log_refusal(LogLevel::kWarning, source_, source_network_, [&] { return line; });
        record_refused_join(connection_id, &opened->peer().presented.front(), reason);
    }
    co_await send_answer(thread_.reactor(), socket_, *opened, to_bytes(reply));
}

asio::awaitable<void> ServerConnection::carry_control(tls::Handshake handshake, ByteVector unread,
                                                      stream::Deadline& deadline) {
    const std::string connection_id = handshake.connection_id();
    if (!thread_.may_begin_join()) {
        handshake_came_to(metrics::HandshakeFault::kCrowded);
        thread_.log_refusal(LogLevel::kWarning, source_, source_network_, [&] {
            return Event("control_refused", LogLevel::kWarning)
                .with("conn", connection_id)
                .with("peer", source_)
                .with("reason", "too many ask at once");
        });
        co_await stream::linger(thread_.reactor(), socket_);
        co_return;
    }
    auto channel = tls::open_control(std::move(handshake));
    if (!channel) {
        co_await refuse(channel.error(), connection_id);
        co_return;
    }
    handshake_came_to(metrics::Exchanged{});
    const ExchangeInProgress asking(thread_);
    const auto bytes =
        co_await await_request(thread_.reactor(), socket_, *channel, std::move(unread), deadline, look_for_control);
    if (!bytes) co_return;
    const auto request = parse_control_request(*bytes);
    const ControlAnswer answer = co_await answer_control(*channel, request, deadline);
    if (stopped_) co_return;
    if (answer.refused) {
        thread_.log_refusal(LogLevel::kWarning, source_, source_network_, [&] {
            return Event("control_refused", LogLevel::kWarning)
                .with("conn", connection_id)
                .with("peer", source_)
                .with("client", channel->verdict().client_name)
                .with("request", request ? name_of(*request) : "unknown")
                .with("reason", text_of(*answer.refused));
        });
    }
    co_await send_answer(thread_.reactor(), socket_, *channel, to_bytes(answer));
}

asio::awaitable<ControlAnswer> ServerConnection::answer_control(const tls::ControlChannel& channel,
                                                                const std::optional<ControlRequest>& request,
                                                                stream::Deadline& deadline) {
    const auto refused = [](ControlRefusal why) { return ControlAnswer{{}, why}; };
    const trust::Verdict& admitted = channel.verdict();
    const x509::PublicKey& key = channel.peer().presented.front().public_key();
    if (!request) co_return refused(ControlRefusal::kUnknown);
    if (std::holds_alternative<AskName>(*request)) co_return ControlAnswer{admitted.client_name, std::nullopt};
    if (const auto* told = std::get_if<TellOfNextKey>(&*request)) {
        const auto note = [word = *told, key = key.canonical(),
                           client = admitted.client_name](registry::Registry& registry) {
            return registry::Rotations(registry).note_answer(word.next, key, client, word.answer, wall_clock_now());
        };
        const auto announcer = thread_.announcer();
        const ControlAnswer answer = co_await change_registry(
            note, "next_key_" + std::string(registry::text_of(told->answer)), channel, deadline);
        const bool is_announced = announcer && announcer->next() && announcer->next()->pin() == told->next;
        if (!answer.refused && is_announced) announcer->note(key.canonical(), told->answer);
        co_return answer;
    }
    // A key alone is the owner's to change where he says so; a certificate is where he doesn't say that it is not.
    const auto* const certificate_wish = std::get_if<RenewCertificate>(&*request);
    const auto* const key_wish = std::get_if<RegisterKey>(&*request);
    const bool changes_key = certificate_wish == nullptr || !certificate_wish->proof.empty();
    if (changes_key && !thread_.shared().settings.lets_renew) co_return refused(ControlRefusal::kForbidden);
    const auto name = registry::ClientName::parse(admitted.client_name);
    if (admitted.by_authority || !admitted.matched || !name) co_return refused(ControlRefusal::kNotListed);
    const registry::Change change{"renewal from " + source_, wall_clock_now()};
    if (certificate_wish == nullptr && key_wish == nullptr) {
        const auto finish = [name = *name, key = key.canonical(), change](registry::Registry& registry) {
            return registry::Renewals(registry).finish(name, key, change);
        };
        co_return co_await change_registry(finish, "renewal_finished", channel, deadline);
    }
    const auto session = channel.is_resumed() ? std::nullopt : channel.session_binding();
    if (!session) co_return refused(ControlRefusal::kKeyRefused);
    std::optional<x509::PublicKey> next;
    if (changes_key) {
        auto proven = identity::check_key_proof(key_wish != nullptr ? key_wish->proof : certificate_wish->proof,
                                                {identity::KeyRole::kClient, key, *session});
        if (!proven) co_return refused(ControlRefusal::kKeyRefused);
        next = std::move(*proven);
    }
    if (certificate_wish != nullptr) {
        authority::RenewalWish wish{*name, admitted.matched->pin, channel.peer().presented.front(), std::move(next)};
        co_return co_await renew_certificate(std::move(wish), change, channel, deadline);
    }
    const auto begin = [name = *name, former = admitted.matched->pin, next = registry::new_key_of(*next),
                        change](registry::Registry& registry) {
        return registry::Renewals(registry).begin(name, former, next, change);
    };
    co_return co_await change_registry(begin, "renewal_begun", channel, deadline);
}

asio::awaitable<ControlAnswer> ServerConnection::renew_certificate(authority::RenewalWish wish, registry::Change change,
                                                                   const tls::ControlChannel& channel,
                                                                   const stream::Deadline& deadline) {
    const auto authority = thread_.authority();
    if (!authority) co_return ControlAnswer{{}, ControlRefusal::kForbidden};
    // Left by the registry's thread before it says that it is done.
    const auto renewed = std::make_shared<std::vector<x509::Certificate>>();
    const auto renew = [authority, wish = std::move(wish), change,
                        renewed](registry::Registry& registry) -> Result<void> {
        auto done = authority::renew_at_its_wish(registry, *authority, wish, change);
        if (!done) return unexpected(done.error());
        *renewed = std::move(done->chain);
        return {};
    };
    ControlAnswer answer = co_await change_registry(renew, "certificate_renewed", channel, deadline);
    if (answer.refused) co_return answer;
    answer.name.clear();
    answer.certificates = std::move(*renewed);
    co_return answer;
}

asio::awaitable<ControlAnswer> ServerConnection::change_registry(std::function<Result<void>(registry::Registry&)> work,
                                                                 std::string event, const tls::ControlChannel& channel,
                                                                 const stream::Deadline& deadline) {
    const auto word = std::make_shared<RegistryWord<void>>(thread_.reactor().io());
    word->answered.expires_at(deadline.at());
    if (thread_.shared().watch.change(std::move(work), leave_word(thread_.reactor().io(), word)))
        co_await word->answered.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!word->value) co_return ControlAnswer{{}, ControlRefusal::kUnavailable};
    const std::string& client = channel.verdict().client_name;
    if (!*word->value) {
        const Error& error = word->value->error();
        thread_.shared().log.write(Event("control_failed", LogLevel::kWarning)
                                       .with("conn", channel.connection_id())
                                       .with("client", client)
                                       .with("reason", error.what + ": " + error.why));
        co_return ControlAnswer{{}, refusal_of(error)};
    }
    thread_.shared().log.write(
        Event("control").with("conn", channel.connection_id()).with("client", client).with("request", event));
    co_return ControlAnswer{client, std::nullopt};
}

}  // namespace cotter::service
