// Dialer: how a client opens a stream to one server: dial, handshake, judge, gate, and the server's word that it admits
// us.
#pragma once

#include "service/client_handshake.h"
#include "service/client_settings.h"
#include "service/control_exchange.h"
#include "service/expiry.h"
#include "service/known_status.h"
#include "stream/preface.h"
#include "stream/reactor.h"
#include "stream/relay.h"
#include "stream/socket.h"
#include "tls/context.h"
#include "tls/handshake.h"
#include "trust/coverage.h"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace cotter::service {

/// Judges one server by a client's configuration.
class ServerJudge final : public tls::PeerJudge {
  public:
    enum class Intent : std::uint8_t { kStream, kLook };
    ServerJudge(HostPort host, evidence::KnownPeers known_peers, std::filesystem::path crl_numbers, Intent intent)
        : host_(std::move(host)),
          known_peers_(std::move(known_peers)),
          intent_(intent),
          status_{.crl_numbers = std::move(crl_numbers)} {}

    void replace(const ClientConfiguration& configuration);

    /// What the DNS has just said of the server. Handshakes that are under way are judged by it, too.
    void hear(trust::DaneAnswer answer);

    /// A key that continuity does not know is to be looked up in a key log.
    void go_by_key_log() { goes_by_key_log_ = true; }
    /// What the log says counts for the handshakes of the next seconds.
    void use(KeyLogPtr key_log);
    /// What notaries have said of the server.
    void use(trust::NotaryFindings notaries) { notaries_ = std::move(notaries); }

    /// What was fetched about the server's status counts from now on, in place of what was before.
    void use(std::shared_ptr<const evidence::FetchedStatus> fetched);

    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer) const override;
    /// The verdict that it would be if nobody asked for revocation: whose chain may be asked about.
    [[nodiscard]] trust::Verdict judge_without_revocation(const tls::Peer& peer) const;
    /// Whose status is asked for; kOff where no path is judged.
    [[nodiscard]] x509::RevocationScope revocation_scope() const;
    [[nodiscard]] bool may_join(const tls::Peer&) const override { return false; }
    [[nodiscard]] std::uint64_t generation() const override { return generation_; }
    [[nodiscard]] bool only_looks() const override { return intent_ == Intent::kLook; }

    /// The dates of what it judges by.
    [[nodiscard]] std::vector<Expiry> expiries() const;

    /// What the verdict on that peer rests on; for a peer that is covered by a policy.
    [[nodiscard]] trust::Coverage coverage_of(const tls::Peer& peer, const trust::Verdict& verdict) const;
    /// What that verdict is to be reported as; for a peer that is covered by a policy.
    [[nodiscard]] Incident incident_of(const HostPort& dialled, const trust::Verdict& verdict,
                                       std::string connection_id) const;
    [[nodiscard]] bool has_policy() const { return policy_.has_value(); }
    [[nodiscard]] const std::optional<trust::ServerPolicy>& policy() const { return policy_; }

    /// Servers are judged by what is remembered of them.
    [[nodiscard]] bool goes_by_memory() const { return policy_ && trust::is_continuity(policy_->trust); }
    [[nodiscard]] const evidence::KnownPeers& known_peers() const { return known_peers_; }

  private:
    [[nodiscard]] trust::Evidence evidence_of(const trust::ServerPolicy& policy, const tls::Peer& peer,
                                              trust::Time now) const;
    [[nodiscard]] trust::Verdict judge_by(const trust::ServerPolicy& policy, const tls::Peer& peer) const;

    HostPort host_;
    evidence::KnownPeers known_peers_;
    Intent intent_;
    std::optional<trust::HostPattern> noted_;
    std::optional<trust::ServerPolicy> policy_;
    x509::TrustAnchors anchors_;
    KnownStatus status_;
    trust::DaneAnswer dane_;
    bool goes_by_key_log_ = false;
    trust::NotaryFindings notaries_;
    KeyLogPtr key_log_;  ///< null: not read yet
    std::uint64_t generation_ = 1;
};

class Dialer {
  public:
    /// `settings` must outlive it, and it the connections of `reactor`, which end with that: it holds nothing of the
    /// reactor's itself. `applications`: what to ask for by ALPN.
    [[nodiscard]] static Result<std::unique_ptr<Dialer>> make(
        const ClientSettings& settings, stream::Reactor& reactor, std::vector<tls::Application> applications,
        ServerJudge::Intent intent = ServerJudge::Intent::kStream);

    /// Reads the files again; an Error leaves everything as it was. Sessions from before are forgotten (INVARIANT A39).
    [[nodiscard]] Result<void> reload();

    [[nodiscard]] boost::asio::awaitable<expected<Shaken, ConnectFailure>> shake_hands();

    /// A stream that both sides have agreed to.
    struct Opened {
        stream::Socket socket;
        tls::Stream stream;
        stream::EarlyBytes early;
    };
    [[nodiscard]] boost::asio::awaitable<expected<Opened, ConnectFailure>> open();

    /// Calls it once no answer about a next key is under way to the server any more: at once, mostly. A process whose
    /// stream has ended waits so, for some seconds at most; else the server asks again at the next connection.
    void when_answered(std::function<void()> done);

    /// What bounds that stream: the settings, and the end of what its server was trusted by (INVARIANT A123).
    [[nodiscard]] stream::RelayLimits limits_of(const tls::Stream& stream) const;

    /// What this client's judge says of a peer that was looked at.
    [[nodiscard]] const ServerJudge& judge() const { return judge_; }

    [[nodiscard]] x509::RevocationScope revocation_scope() const { return judge_.revocation_scope(); }
    /// What the server had shown of itself in the last handshake, where that did not finish.
    [[nodiscard]] const std::optional<tls::Peer>& seen() const { return seen_; }
    /// Fetches what that peer's path names, if it is one but for revocation; waits until it has come, or `stop` is
    /// asked for.
    [[nodiscard]] std::shared_ptr<const evidence::FetchedStatus> fetch_status(const tls::Peer& peer,
                                                                              const std::stop_token& stop = {}) const;
    /// What was fetched counts from now on; a reload keeps it.
    void use(std::shared_ptr<const evidence::FetchedStatus> fetched) { judge_.use(std::move(fetched)); }
    void use(KeyLogPtr key_log) { judge_.use(std::move(key_log)); }

    [[nodiscard]] stream::Reactor& reactor() { return reactor_; }
    [[nodiscard]] const ClientSettings& settings() const { return settings_; }

  private:
    Dialer(const ClientSettings& settings, stream::Reactor& reactor, tls::LibraryContext library,
           std::vector<tls::Application> applications, ServerJudge::Intent intent);
    boost::asio::awaitable<expected<Shaken, ConnectFailure>> shake_hands_under(
        std::shared_ptr<const tls::Context> context, tls::ClientSession* session);
    /// With the application that was asked for, or, from a server that doesn't know it, with none.
    boost::asio::awaitable<expected<Shaken, ConnectFailure>> shake_hands_for_stream();
    boost::asio::awaitable<void> learn_key_log();
    struct Ready {
        ByteVector rest;  ///< of what came: the stream's first octets
        std::optional<stream::KeyNews> key_news;
    };
    boost::asio::awaitable<expected<Ready, ConnectFailure>> await_ready(stream::Socket& socket, tls::Stream& stream,
                                                                        ByteVector unread);
    void hear(const stream::KeyNews& news, const tls::Stream& stream);
    boost::asio::awaitable<void> answer(TellOfNextKey word);
    void tell_of(KeyEvent event) const;
    /// Where the identity's files were replaced, as `renew` does, they count from the next connection on.
    void take_renewed_identity();
    boost::asio::awaitable<void> ask_for_tlsa();
    void tell_of(const trust::Verdict& verdict, const std::string& connection_id) const;
    [[nodiscard]] Result<void> remember(const tls::Stream& stream) const;

    const ClientSettings& settings_;
    stream::Reactor& reactor_;
    tls::LibraryContext library_;
    std::vector<tls::Application> applications_;
    ServerJudge judge_;
    std::shared_ptr<const tls::Context> context_;
    std::shared_ptr<const tls::Context> bare_context_;  ///< the same, asking for no application by ALPN
    std::shared_ptr<evidence::DaneResolver> resolver_;  ///< where DANE decides and no records were given
    tls::ClientSession session_;
    std::optional<identity::Identity> identity_;
    /// Of the certificate's file, as it was read.
    struct Stamp {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        bool operator==(const Stamp&) const = default;
    };
    [[nodiscard]] std::optional<Stamp> stamp_of_identity() const;
    std::optional<Stamp> identity_stamp_;
    bool is_reading_key_log_ = false;
    bool is_answering_ = false;  ///< a next key of the server's
    std::function<void()> when_answered_;
    std::optional<tls::Peer> seen_;
};

}  // namespace cotter::service
