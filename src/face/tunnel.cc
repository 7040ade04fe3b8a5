// A dialer and a listener on a thread of their own.
#include <cotter/tunnel.h>

#include "service/client_settings.h"
#include "service/connect_failure.h"
#include "service/dialer.h"
#include "stream/endpoint.h"
#include "stream/listener.h"
#include "stream/reactor.h"
#include "stream/relay.h"
#include "text/escape.h"
#include "x509/pem.h"

#include <cotter/verdict.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <list>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <stdlib.h>
#include <unistd.h>

namespace cotter {
namespace {

namespace asio = boost::asio;

constexpr const char* kWhat = "opening a tunnel";

/// A new folder that only this user enters; gone with this.
class PrivateFolder {
  public:
    static Result<std::unique_ptr<PrivateFolder>> make() {
        std::error_code fault;
        std::filesystem::path place = std::filesystem::temp_directory_path(fault);
        if (!fault) place = std::filesystem::absolute(place, fault);
        // mkdtemp writes over the end.
        std::string path = (place / "cotter-XXXXXX").string();
        if (!fault && ::mkdtemp(path.data()) == nullptr) fault = std::error_code(errno, std::generic_category());
        if (fault) {
            return failed("cannot_listen", kWhat, "no folder for temporary files can be made there: " + fault.message(),
                          "have TMPDIR name a folder that can be written to");
        }
        return std::unique_ptr<PrivateFolder>(new PrivateFolder(std::move(path)));
    }
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    ~PrivateFolder() { ::rmdir(path_.c_str()); }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

/// Signals are for the program's own threads: one that is made while this lives gets none.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

Result<service::ClientSettings> client_settings_of(const Tunnel::Settings& settings) {
    service::ClientSettings client{.server = settings.server};
    if (settings.pins.empty() == !settings.policy) {
        return malformed("no_policy", kWhat, "either pins or a policy file must be given", "give one of the two");
    }
    if (settings.certificate.has_value() != settings.key.has_value()) {
        return malformed("half_identity", kWhat, "of certificate and key, one is missing", "give both, or neither");
    }
    if (settings.socket_name.empty() || settings.socket_name.find('/') != std::string::npos) {
        return malformed("bad_socket_name", kWhat, "\"" + text::escape(settings.socket_name) + "\" names no file",
                         "give a name without a slash");
    }
    if (!settings.pins.empty()) {
        auto pins = x509::pins_from_argument(settings.pins);
        if (!pins) return unexpected(pins.error());
        client.trust.pins = std::move(*pins);
    }
    client.trust.policy_file = settings.policy;
    client.trust.known_peers = settings.known_peers.value_or(std::filesystem::path());
    client.roots = settings.roots;
    if (settings.certificate) client.identity = {.key = *settings.key, .certificate = *settings.certificate};
    if (!settings.start_tls.empty()) {
        client.start_tls = stream::start_tls_from(settings.start_tls);
        if (!client.start_tls) {
            return malformed("unknown_starttls", kWhat,
                             "\"" + text::escape(settings.start_tls) + "\" is no protocol of it",
                             "give smtp, imap, pop3, ftp, ldap, xmpp, postgres or mysql");
        }
    }
    return client;
}

/// One line.
std::string text_of(const service::ConnectFailure& failure) {
    struct Text {
        std::string operator()(const Error& error) const { return error.what + ": " + error.why; }
        std::string operator()(const trust::Verdict& verdict) const { return Verdict(verdict).to_string(); }
        std::string operator()(const service::NotAdmitted& refusal) const {
            return "the server does not admit this client (" + std::string(refusal.alert.name()) + ")";
        }
        std::string operator()(const service::Dismissed& dismissal) const {
            return "the server's owner has revoked this client: " + dismissal.words;
        }
    };
    return std::visit(Text{}, failure.why);
}

}  // namespace

class Tunnel::State {
  public:
    State(service::ClientSettings client, std::function<void(const std::string&)> on_failure)
        : client_(std::move(client)), on_failure_(std::move(on_failure)) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() {
        if (!thread_.joinable()) return;
        asio::post(reactor_.io(), [this] {
            for (auto next = relays_.begin(); next != relays_.end();) {
                if (const auto relay = (next++)->lock()) relay->stop(stream::EndReason::kDrained);
            }
            reactor_.io().stop();
        });
        thread_.join();
    }

    Result<void> prepare(const std::string& socket_name) {
        auto dialer = service::Dialer::make(client_, reactor_, {tls::Application::kStream});
        if (!dialer) return unexpected(dialer.error());
        dialer_ = std::move(*dialer);
        auto folder = PrivateFolder::make();
        if (!folder) return unexpected(folder.error());
        folder_ = std::move(*folder);
        socket_ = folder_->path() / socket_name;
        auto listener = stream::ListenSocket::open(stream::UnixPath{socket_.string()});
        if (!listener) return unexpected(listener.error());
        listener_.emplace(std::move(*listener));
        accepting_.assign(listener_->hand_over());
        return {};
    }

    void start() {
        asio::co_spawn(reactor_.io(),
                       stream::accept_each(
                           reactor_, accepting_, [] { return true; },
                           [this](stream::Socket socket) {
                               asio::co_spawn(reactor_.io(), carry(std::move(socket)), asio::detached);
                           },
                           [](const std::string&) {}),
                       asio::detached);
        const SignalsBlocked blocked;
        thread_ = std::thread([this] { reactor_.run(); });
    }

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_->path(); }
    [[nodiscard]] const std::filesystem::path& socket() const { return socket_; }

  private:
    asio::awaitable<void> carry(stream::Socket local) {
        auto opened = co_await dialer_->open();
        if (!opened) {
            stream::reset(local);
            if (on_failure_) on_failure_(text_of(opened.error()));
            co_return;
        }
        const stream::RelayLimits limits = dialer_->limits_of(opened->stream);
        const auto place = relays_.emplace(relays_.end());
        const auto relay = std::make_shared<stream::Relay>(
            reactor_, std::move(opened->socket), std::move(opened->stream), std::move(local), limits,
            [this, place](stream::EndReason /*reason*/, const stream::RelayCounts& /*counts*/,
                          std::optional<tls::Alert> alert) {
                relays_.erase(place);
                // Before an answer came: the server refused us after its side of the handshake.
                if (alert && alert->refuses_certificate() && on_failure_) {
                    on_failure_(text_of({service::NotAdmitted{*alert}, {}}));
                }
            });
        *place = relay;
        relay->start(std::move(opened->early));
    }

    service::ClientSettings client_;
    std::function<void(const std::string&)> on_failure_;
    std::unique_ptr<PrivateFolder> folder_;  ///< removed when the socket in it has been
    std::filesystem::path socket_;
    std::optional<stream::ListenSocket> listener_;
    std::unique_ptr<service::Dialer> dialer_;  ///< outlives the connections, which end with the reactor
    std::list<std::weak_ptr<stream::Relay>> relays_;
    stream::Reactor reactor_;
    asio::posix::stream_descriptor accepting_{reactor_.io()};
    std::thread thread_;
};

Tunnel::Tunnel(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tunnel::Tunnel(Tunnel&& other) noexcept = default;
Tunnel& Tunnel::operator=(Tunnel&& other) noexcept = default;
Tunnel::~Tunnel() = default;

Result<Tunnel> Tunnel::open(const Settings& settings) {
    auto client = client_settings_of(settings);
    if (!client) return unexpected(client.error());
    auto state = std::make_unique<State>(std::move(*client), settings.on_failure);
    if (auto prepared = state->prepare(settings.socket_name); !prepared) return unexpected(prepared.error());
    state->start();
    return Tunnel(std::move(state));
}

const std::filesystem::path& Tunnel::folder() const {
    return state_->folder();
}

std::filesystem::path Tunnel::socket() const {
    return state_->socket();
}

}  // namespace cotter
