// ServerConnection: one client's connection to a server from accept to end: handshake, gate, and then the stream
// (server_streams.cc), a join or control exchange (server_exchanges.cc), or no for an answer (server_refusals.cc).
#pragma once

#include "authority/renewal.h"
#include "metrics/connection_counts.h"
#include "service/admission.h"
#include "service/control_exchange.h"
#include "stream/await.h"
#include "stream/deadline.h"
#include "stream/relay.h"
#include "stream/socket.h"
#include "tls/handshake.h"

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace cotter::service {

class Event;
class ServerThread;
struct ThreadService;
struct ThreadStatus;

class ServerConnection final : public std::enable_shared_from_this<ServerConnection>,
                               public boost::intrusive::list_base_hook<>,
                               private tls::PeerJudge {
  public:
    ServerConnection(ServerThread& thread, const ThreadService& service, stream::Socket socket);
    ~ServerConnection();

    /// Runs until the end; keeps itself alive.
    void start();
    /// Ends it: a handshake is dropped, a stream is closed both ways.
    void stop(stream::EndReason reason);

    /// After the registry or the rules have changed: ends the stream unless the client is still admitted, and holds it
    /// to what its rules are now.
    void reconsider(bool rules_changed);
    /// Ends the stream if its verdict has run out; tells the ledger what has moved since the last time.
    void sweep(x509::Time now);

    /// Counts an open stream into it; the newest comes first.
    void add_to(ThreadStatus& status) const;

    [[nodiscard]] const std::string& source_network() const { return source_network_; }
    [[nodiscard]] std::list<ServerConnection*>::iterator& handshake_place() { return handshake_place_; }

  private:
    // The service's judge, told where this connection comes from.
    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer) const override;
    [[nodiscard]] bool may_join(const tls::Peer& peer) const override;
    [[nodiscard]] std::uint64_t generation() const override;

    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> carry_stream(tls::Handshake handshake, ByteVector unread);
    boost::asio::awaitable<void> carry_join(tls::Handshake handshake, ByteVector unread, stream::Deadline& deadline);
    boost::asio::awaitable<void> carry_control(tls::Handshake handshake, ByteVector unread, stream::Deadline& deadline);
    boost::asio::awaitable<ControlAnswer> answer_control(const tls::ControlChannel& channel,
                                                         const std::optional<ControlRequest>& request,
                                                         stream::Deadline& deadline);
    boost::asio::awaitable<ControlAnswer> renew_certificate(authority::RenewalWish wish, registry::Change change,
                                                            const tls::ControlChannel& channel,
                                                            const stream::Deadline& deadline);
    boost::asio::awaitable<ControlAnswer> change_registry(std::function<Result<void>(registry::Registry&)> work,
                                                          std::string event, const tls::ControlChannel& channel,
                                                          const stream::Deadline& deadline);
    boost::asio::awaitable<void> refuse(trust::Verdict verdict, std::string connection_id);
    /// Refuses it with the owner's words.
    boost::asio::awaitable<void> say_farewell(tls::Handshake handshake, trust::Verdict verdict);
    /// For the audit log, the status, and the list of those who wait.
    void note_refusal(const trust::Verdict& verdict, const std::string& connection_id);
    void record_refused_join(const std::string& connection_id, const x509::Certificate* leaf,
                             const std::string& reason);
    /// Null: it never began, since the client said nothing.
    void handshake_failed(stream::HandshakeEnd end, const tls::Handshake* handshake);
    void begin_relay(stream::Socket backend, ByteVector unread);
    void on_relay_end(stream::EndReason reason, const stream::RelayCounts& counts, std::optional<tls::Alert> alert);
    void account(const stream::RelayCounts& counts);
    /// Ends a stream that was open, because of what the owner did.
    void close(stream::EndReason reason);
    /// What bounds its rate by its terms.
    [[nodiscard]] std::vector<std::shared_ptr<stream::Throttle>> throttles() const;
    /// Once for each stream that was counted as open; without a reason: its backend could not be reached.
    void stream_ends(std::optional<stream::EndReason> reason, const stream::RelayCounts& counts,
                     std::string_view detail);
    /// Counts what came of the handshake, the first time.
    void handshake_came_to(const metrics::HandshakeOutcome& outcome);
    // Of a stream that was admitted.
    [[nodiscard]] Event about(std::string_view event) const;
    [[nodiscard]] const trust::Verdict& verdict() const;
    [[nodiscard]] const tls::Peer& peer() const;
    [[nodiscard]] const std::string& connection_id() const;

    ServerThread& thread_;
    const ThreadService& service_;
    stream::Socket socket_;
    std::string source_;
    std::optional<IpAddress> source_ip_;
    std::string source_network_;
    std::string local_;
    std::list<ServerConnection*>::iterator handshake_place_;
    std::shared_ptr<const tls::Context> context_;
    /// Admitted, and the backend not yet reached.
    std::optional<tls::Stream> opening_;
    std::shared_ptr<stream::Relay> relay_;
    Terms terms_;  ///< once it is admitted
    std::optional<stream::EndReason> stopped_;
    stream::SteadyTime accepted_at_;
    stream::RelayCounts accounted_;
    bool is_counted_ = false;   ///< the ledger has it as an open stream
    bool has_outcome_ = false;  ///< of its handshake
};

}  // namespace cotter::service
