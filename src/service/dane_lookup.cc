// The look-up as a coroutine over the resolver's questions.
#include "service/dane_lookup.h"

#include "service/wall_clock.h"
#include "stream/await.h"
#include "stream/deadline.h"
#include "stream/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace cotter::service {
namespace {

namespace asio = boost::asio;
using trust::DaneState;

// An answer is for the handshake that it was asked for, which must be able to end, however short the TTL.
constexpr std::chrono::seconds kShortestUse{60};
constexpr std::chrono::seconds kLongestUse{86'400};

class LookUp {
  public:
    LookUp(stream::Reactor& reactor, evidence::DaneResolver& resolver, std::chrono::milliseconds timeout)
        : resolver_(resolver),
          readable_(reactor.io()),
          deadline_(reactor, stream::later(std::chrono::steady_clock::now(), timeout)) {}

    asio::awaitable<trust::DaneAnswer> run(HostPort host) {
        const std::string* const name = host.host.dns_name() == nullptr ? nullptr : &host.host.dns_name()->text();
        if (name == nullptr) {
            co_return trust::DaneAnswer{.state = DaneState::kError,
                                        .detail =
                                            "an address has no TLSA records: give the server's name "
                                            "(--server-name)"};
        }
        const std::string whole_name = *name + ".";
        const auto target = co_await ask(whole_name, evidence::RecordType::kAddress);
        if (target.state == DaneState::kBogus || target.state == DaneState::kError)
            co_return answer_of(whole_name, target);
        const std::string prefix = "_" + std::to_string(host.port) + "._tcp.";
        auto alias = DnsName::parse(target.canonical_name);
        if (alias && alias->text() != *name) {
            const std::string elsewhere = prefix + alias->text() + ".";
            const auto there = co_await ask(elsewhere, evidence::RecordType::kTlsa);
            if (there.state != DaneState::kAbsent && there.state != DaneState::kInsecure) {
                auto answer = answer_of(elsewhere, there);
                answer.alias_of.emplace(std::move(*alias));
                co_return answer;
            }
        }
        const std::string asked = prefix + whole_name;
        const auto here = co_await ask(asked, evidence::RecordType::kTlsa);
        co_return answer_of(asked, here);
    }

  private:
    asio::awaitable<evidence::DnsAnswer> ask(const std::string& name, evidence::RecordType type) {
        // Whose answer another's call of process() brings is woken by it.
        const evidence::DaneResolver::Question question(resolver_, name, type, [this] { readable_.cancel(); });
        if (!listen()) co_return evidence::DnsAnswer{.detail = "the resolver can't be listened to"};
        deadline_.guard(&readable_);
        while (!question.answer() && !deadline_.is_expired()) {
            static_cast<void>(co_await stream::until_readable(readable_));
            resolver_.process();
        }
        if (question.answer()) co_return *question.answer();
        co_return evidence::DnsAnswer{.detail = "none came in time"};
    }

    /// The resolver's descriptor may be waited for by several at once, each with a copy of its own.
    bool listen() {
        if (readable_.is_open()) return true;
        const int copy = ::fcntl(resolver_.descriptor(), F_DUPFD_CLOEXEC, 0);
        if (copy < 0) return false;
        stream::ErrorCode fault;
        readable_.assign(asio::generic::stream_protocol(AF_UNIX, 0), copy, fault);
        if (fault) ::close(copy);
        return !fault;
    }

    static trust::DaneAnswer answer_of(std::string asked, const evidence::DnsAnswer& answer) {
        trust::DaneAnswer result{.state = answer.state, .detail = answer.detail, .asked = std::move(asked)};
        if (answer.state != DaneState::kSecure) return result;
        for (const ByteVector& data : answer.data) {
            if (auto record = evidence::tlsa_from_wire(data)) result.records.push_back(std::move(*record));
        }
        result.expires = wall_clock_now() + std::clamp(answer.ttl, kShortestUse, kLongestUse);
        return result;
    }

    evidence::DaneResolver& resolver_;
    stream::Socket readable_;
    stream::Deadline deadline_;
};

}  // namespace

asio::awaitable<trust::DaneAnswer> look_up_dane(stream::Reactor& reactor,
                                                std::shared_ptr<evidence::DaneResolver> resolver, HostPort host,
                                                std::chrono::milliseconds timeout) {
    LookUp look_up(reactor, *resolver, timeout);
    co_return co_await look_up.run(std::move(host));
}

}  // namespace cotter::service
