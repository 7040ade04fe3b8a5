// The work whose instructions bench/check counts: a server's side of handshakes and of bytes in either direction, one
// look-up, and a client's side of a handshake, on one thread. Without callgrind it does the same and counts nothing.
#include "counted_end.h"
#include "crowd.h"
#include "service/admission.h"
#include "service/dialer.h"
#include "service/wall_clock.h"

#include <gnu/libc-version.h>
#include <openssl/crypto.h>

#include <functional>
#include <iostream>
#include <memory>
#include <string_view>

namespace cotter::bench {
namespace {

using tls::Application;

constexpr std::size_t kMebibyte = 1U << 20U;
constexpr std::uint64_t kClients = 1'000;

/// What a process has for itself.
struct Party {
    identity::Identity identity = must(identity::make_identity(identity::KeyChoice::kP256, service::wall_clock_now()));
    tls::LibraryContext library = must(tls::LibraryContext::make());
    tls::Wire wire;

    /// As a thread of the server makes it.
    [[nodiscard]] tls::Context serving(bool resumption) const {
        return must(tls::Context::server(
            library, identity, {trust::Protocol::kTls13, resumption, {Application::kStream, Application::kJoin}}));
    }
    /// As a dialer makes it.
    [[nodiscard]] tls::Context dialling(bool resumption) const {
        return must(
            tls::Context::client(library, &identity, {trust::Protocol::kTls13, resumption, {Application::kStream}}));
    }
};

/// A server with a thousand clients on its list. The last of them comes to it and knows it by its pin; so does a
/// stranger.
class World {
  public:
    World() { judge_of_server_.replace(configuration_of_client()); }

    /// One connection: the handshake is over, or refused.
    struct Connection {
        Connection(World& world, Counted counted, const tls::Context& serving, const tls::Context& dialling,
                   tls::ClientSession* session = nullptr)
            : server(world.server_.wire, counted == Counted::kServer,
                     [&] { return tls::Handshake(serving, world.server_.wire, world.judge_of_clients_); }),
              client(world.client_.wire, counted == Counted::kClient, [&] {
                  return tls::Handshake(dialling, world.client_.wire, world.judge_of_server_, world.host_.host,
                                        session);
              }) {
            ByteVector flight;
            do {
                client.advance(flight);
                server.advance(flight);
            } while (!flight.empty());
        }
        void open() {
            server.open();
            client.open();
        }

        End server;
        End client;
    };

    void admit(Counted counted) { Connection(*this, counted, serving_, dialling_).open(); }

    void refuse() {
        const Connection connection(*this, Counted::kServer, serving_, dialling_stranger_);
        must(connection.server.has_refused(), "the stranger was not refused");
    }

    /// The first time, there is nothing to resume yet.
    void resume() {
        Connection connection(*this, Counted::kServer, resuming_serving_, resuming_dialling_, &session_);
        connection.open();
        must(connection.server.is_resumed() == std::exchange(has_session_, true), "nothing was resumed");
    }

    void decrypt() {
        ByteVector ciphertext;
        for (std::size_t sent = 0; sent < kMebibyte; sent += kLot) open_connection().client.send(lot_, ciphertext);
        must(open_connection().server.receive(ciphertext) == kMebibyte, "something of the client's was lost");
    }

    void encrypt() {
        ByteVector ciphertext;
        for (std::size_t sent = 0; sent < kMebibyte; sent += kLot) open_connection().server.send(lot_, ciphertext);
        must(open_connection().client.receive(ciphertext) == kMebibyte, "something of the server's was lost");
    }

    void look_up() const {
        const x509::Certificate& leaf = client_.identity.certificate();
        const Counting counting;
        const trust::Standing standing = judge_of_clients_.snapshot().standing_of(leaf, now_);
        must(standing.state == trust::StandingState::kActive, "the client is not on the list");
    }

  private:
    [[nodiscard]] std::shared_ptr<const service::AdmissionRules> rules() const {
        auto made = std::make_shared<service::AdmissionRules>();
        made->policy.own_key = server_.identity.certificate().public_key().canonical();
        return made;
    }
    [[nodiscard]] std::shared_ptr<const registry::Snapshot> snapshot() const {
        return std::make_shared<const registry::Snapshot>(crowd_of(kClients, {&client_.identity.certificate(), 1}));
    }
    [[nodiscard]] service::ClientConfiguration configuration_of_client() const {
        service::ClientConfiguration configuration;
        configuration.policy.emplace().pins.push_back({server_.identity.pin(), trust::PinRole::kPrimary, {}, {}, {}});
        return configuration;
    }
    Connection& open_connection() {
        if (!open_) open_.emplace(*this, Counted::kServer, serving_, dialling_).open();
        return *open_;
    }

    const x509::Time now_ = service::wall_clock_now();
    Party server_;
    Party client_;
    Party other_;
    const tls::Context serving_ = server_.serving(false);
    const tls::Context dialling_ = client_.dialling(false);
    const tls::Context dialling_stranger_ = other_.dialling(false);
    const tls::Context resuming_serving_ = server_.serving(true);
    const tls::Context resuming_dialling_ = client_.dialling(true);

    // Counting is slow; the list must not grow old meanwhile.
    const service::SnapshotFreshness freshness_{std::chrono::steady_clock::now()};
    const service::AdmissionJudge judge_of_clients_{rules(), snapshot(), freshness_, std::chrono::hours(24)};
    const HostPort host_ = must(HostPort::parse("server.example:7443"));
    service::ServerJudge judge_of_server_{
        host_, evidence::KnownPeers("/dev/null"), {}, service::ServerJudge::Intent::kStream};

    tls::ClientSession session_;
    bool has_session_ = false;
    std::optional<Connection> open_;
    const ByteVector lot_ = ByteVector(kLot, std::byte{'x'});
};

/// One row of what bench/check compares: the dump's description is the name, a slash and the times that it was done.
void count(const char* name, int times, const std::function<void()>& work) {
    // What is only done at first: algorithms fetched, tables filled, buffers grown.
    for (int i = 0; i < 3; ++i) work();
    CALLGRIND_ZERO_STATS;
    for (int i = 0; i < times; ++i) work();
    const std::string description = std::string(name) + '/' + std::to_string(times);
    CALLGRIND_DUMP_STATS_AT(description.c_str());
}

void count_all() {
    const auto world = std::make_unique<World>();
    // A signature takes a little more or less as its random number wants it: the mean of many doesn't.
    count("handshake_admitted", 10, [&] { world->admit(Counted::kServer); });
    count("handshake_resumed", 10, [&] { world->resume(); });
    count("handshake_of_client", 10, [&] { world->admit(Counted::kClient); });
    count("stranger_refused", 10, [&] { world->refuse(); });
    count("decrypt_1_mib", 2, [&] { world->decrypt(); });
    count("encrypt_1_mib", 2, [&] { world->encrypt(); });
    count("look_up_of_1000", 1000, [&] { world->look_up(); });
}

/// What the counts depend on besides this program.
void tell_versions() {
    std::cout << "openssl: " << OpenSSL_version(OPENSSL_VERSION) << "\nglibc: " << gnu_get_libc_version()
              << "\ncompiler: " << COTTER_COMPILER << '\n';
}

}  // namespace
}  // namespace cotter::bench

int main(int count, char** arguments) {
    try {
        if (count == 2 && std::string_view(arguments[1]) == "versions") {
            cotter::bench::tell_versions();
        } else {
            cotter::bench::count_all();
        }
        return 0;
    } catch (const std::exception& fault) {
        std::cerr << "fixed_work: " << fault.what() << '\n';
        return 1;
    }
}
