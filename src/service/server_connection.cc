// The beginning of a connection: the handshake, and where it leads.
#include "service/server_connection.h"

#include "service/server_thread.h"
#include "service/wall_clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace cotter::service {
namespace {

namespace asio = boost::asio;
using stream::EndReason;

/// Of a handshake that this server stopped.
metrics::HandshakeFault fault_of(EndReason stopped) {
    return stopped == EndReason::kDrained ? metrics::HandshakeFault::kDrained : metrics::HandshakeFault::kCrowded;
}

/// Of "192.0.2.1:5000" or "[2001:db8::1]:5000".
std::optional<IpAddress> ip_of(const std::string& address) {
    const auto parsed = IpAddress::parse(address.starts_with('[') ? address.substr(1, address.find(']') - 1)
                                                                  : address.substr(0, address.rfind(':')));
    return parsed ? std::optional(*parsed) : std::nullopt;
}

/// The address without its port; of IPv6 the /64, which is what one host easily has.
std::string network_of(const std::string& address, const std::optional<IpAddress>& ip) {
    if (!address.starts_with('[')) return address.substr(0, address.rfind(':'));
    if (!ip) return address;
    std::string network;
    for (const std::byte octet : ip->octets().first(8)) network += static_cast<char>(octet);
    return network;
}

}  // namespace

ServerConnection::ServerConnection(ServerThread& thread, const ThreadService& service, stream::Socket socket)
    : thread_(thread),
      service_(service),
      socket_(std::move(socket)),
      source_(stream::remote_address(socket_)),
      source_ip_(ip_of(source_)),
      source_network_(network_of(source_, source_ip_)),
      local_(stream::local_address(socket_)),
      context_(service.context),
      accepted_at_(std::chrono::steady_clock::now()) {
    service_.counts.accepted();
}

ServerConnection::~ServerConnection() {
    handshake_came_to(metrics::HandshakeFault::kClosed);
    thread_.forget(*this);
}

void ServerConnection::start() {
    asio::co_spawn(thread_.reactor().io(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void ServerConnection::handshake_came_to(const metrics::HandshakeOutcome& outcome) {
    if (std::exchange(has_outcome_, true)) return;
    service_.counts.handshake_ended(outcome, std::chrono::steady_clock::now() - accepted_at_);
}

void ServerConnection::stop(EndReason reason) {
    handshake_came_to(fault_of(reason));
    stopped_ = reason;
    if (relay_) {
        relay_->stop(reason);
    } else {
        stream::reset(socket_);
    }
}

trust::Verdict ServerConnection::judge(const tls::Peer& peer) const {
    return service_.judge.judge(peer, {source_ip_, &thread_.shared().ledger});
}
bool ServerConnection::may_join(const tls::Peer& peer) const {
    return service_.judge.may_join(peer);
}
std::uint64_t ServerConnection::generation() const {
    return service_.judge.generation();
}

asio::awaitable<void> ServerConnection::run() {
    const ServiceSettings& settings = service_.settings;
    stream::Deadline deadline(thread_.reactor(), stream::later(accepted_at_, settings.stream.handshake_timeout));
    deadline.guard(&socket_);
    // Nothing is allocated for somebody who says nothing.
    const bool has_spoken = co_await stream::until_readable(socket_);
    if (!has_spoken || deadline.is_expired()) {
        thread_.handshake_ends(*this);
        if (stopped_) co_return;
        handshake_failed(stream::HandshakeEnd::kExpired, nullptr);
        co_return;
    }
    tls::Handshake handshake(*context_, thread_.reactor().wire(), *this);
    ByteVector unread;
    const auto end = co_await stream::complete_handshake(thread_.reactor(), socket_, handshake, deadline, unread);
    if (stopped_) co_return;
    if (end != stream::HandshakeEnd::kFinished) {
        const auto& refused = handshake.failure().verdict;
        if (end == stream::HandshakeEnd::kFailed && refused) {
            co_await refuse(*refused, handshake.connection_id());
        } else {
            handshake_failed(end, &handshake);
            if (end == stream::HandshakeEnd::kFailed) co_await stream::linger(thread_.reactor(), socket_);
        }
        co_return;
    }
    // Up to here and while it is told that it is refused, a stranger may have to make room for others.
    if (handshake.peer().application == tls::Application::kJoin) {
        thread_.handshake_ends(*this);
        co_await carry_join(std::move(handshake), std::move(unread), deadline);
    } else if (handshake.peer().application == tls::Application::kControl) {
        thread_.handshake_ends(*this);
        co_await carry_control(std::move(handshake), std::move(unread), deadline);
    } else {
        deadline.guard(nullptr);
        co_await carry_stream(std::move(handshake), std::move(unread));
    }
}

}  // namespace cotter::service
