// Reading a log, here or beside the reactor.
#include "service/key_log_lookup.h"

#include "keylog/finding.h"
#include "stream/await.h"
#include "stream/socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

namespace cotter::service {
namespace {

// As long as the handshake that it is read for may take.
constexpr std::chrono::seconds kReadingCounts{15};

}  // namespace

trust::KeyLogFinding KeyLogReading::finding(const HostPort& server, const x509::Certificate& leaf,
                                            const std::vector<Pin>& remembered, stream::SteadyTime now) const {
    if (now - read_at_ >= kReadingCounts) return {.state = trust::KeyLogState::kNotRead};
    if (!outcome_) return keylog::finding_of(outcome_.error());
    return keylog::look_up(outcome_->entries, server, leaf, remembered);
}

KeyLogPtr read_key_log(const KeyLogSettings& settings, const std::stop_token& stop) {
    auto outcome = keylog::follow(*keylog::Source::at(settings.location, stop), settings.memory);
    return std::make_shared<const KeyLogReading>(std::move(outcome), std::chrono::steady_clock::now());
}

boost::asio::awaitable<KeyLogPtr> read_key_log_beside(stream::Reactor& reactor, const KeyLogSettings& settings) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) co_return read_key_log(settings);
    stream::Socket ended(reactor.io());
    stream::ErrorCode fault;
    ended.assign(boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[0], fault);
    if (fault) {
        ::close(ends[0]);
        ::close(ends[1]);
        co_return read_key_log(settings);
    }
    KeyLogPtr outcome;
    // Touches nothing of the reactor's, which may end before it: that its end of the pair closes is all that is seen.
    const auto read = [&outcome, &settings, end = ends[1]](const std::stop_token& stop) {
        outcome = read_key_log(settings, stop);
        ::close(end);
    };
    std::jthread thread(read);
    static_cast<void>(co_await stream::until_readable(ended));
    thread.join();
    co_return outcome;
}

}  // namespace cotter::service
