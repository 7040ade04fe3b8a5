// Opening listeners: who may share a port, what a UNIX socket may replace; dialling; and deadlines on both.
#include "stream/listener.h"

#include "files/testing/scratch_folder.h"
#include "stream/deadline.h"
#include "stream/dial.h"
#include "stream/passed_sockets.h"
#include "stream/testing/sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

namespace cotter::stream {
namespace {

using files::testing::content_of;
using files::testing::mode_of;
using files::testing::ScratchFolder;
using testing::Descriptor;
using testing::run_until;

Result<ListenSocket> listen(const std::string& text, bool everywhere = false) {
    PassedSockets none({});
    return open_listener(*ListenAddress::parse(text), everywhere, none);
}

/// A bound UNIX socket; where nobody listens on it any more it is stale.
void leave_unix_socket(const std::filesystem::path& path) {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), 0);
}

/// What a socket has of an option that is on or off.
int option_of(int descriptor, int level, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(descriptor, level, option, &value, &size), 0);
    return value;
}

TEST(Listener, WhatItAcceptsSendsAtOnceAndNoticesADeadPeer) {
    auto opened = listen("127.0.0.1:0");
    ASSERT_TRUE(opened);
    const auto target = Target::parse(opened->address());
    ASSERT_TRUE(target);
    const Descriptor listening(opened->hand_over());
    Reactor reactor;
    std::optional<Result<Socket>> dialled;
    boost::asio::co_spawn(
        reactor.io(),
        [&]() -> boost::asio::awaitable<void> {
            dialled.emplace(co_await dial(reactor, *target, Reach::kAnywhere, std::chrono::seconds(10)));
            reactor.io().stop();
        },
        boost::asio::detached);
    reactor.run();
    ASSERT_TRUE(dialled && *dialled);
    const Descriptor accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_GE(accepted.get(), 0);
    for (const int descriptor : {accepted.get(), (*dialled)->native_handle()}) {
        EXPECT_EQ(option_of(descriptor, IPPROTO_TCP, TCP_NODELAY), 1);
        EXPECT_EQ(option_of(descriptor, SOL_SOCKET, SO_KEEPALIVE), 1);
        EXPECT_EQ(option_of(descriptor, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    }
}

TEST(Listener, A218_AUnixSocketIsPrivateFromItsFirstMoment) {
    const ScratchFolder folder;
    const auto path = folder / "x.sock";
    const mode_t before = ::umask(0);
    {
        const auto opened = listen("unix:" + path.string());
        ASSERT_TRUE(opened);
        EXPECT_EQ(mode_of(path), 0600U);
        EXPECT_EQ(opened->address(), "unix:" + path.string());
        EXPECT_TRUE(opened->is_local());
    }
    EXPECT_EQ(::umask(before), 0U) << "the process's umask was changed";
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Listener, A218_AStaleSocketOfOursIsReplaced) {
    const ScratchFolder folder;
    leave_unix_socket(folder / "x.sock");
    EXPECT_TRUE(listen("unix:" + (folder / "x.sock").string()));
}

TEST(Listener, A218_NothingElseIsReplaced) {
    const ScratchFolder folder;
    const auto file = folder.write("file", "content");
    EXPECT_FALSE(listen("unix:" + file.string()));
    EXPECT_EQ(content_of(file), "content");

    const auto live = folder / "live";
    const auto first = listen("unix:" + live.string());
    ASSERT_TRUE(first);
    const auto second = listen("unix:" + live.string());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "cannot_listen");
    EXPECT_TRUE(std::filesystem::exists(live));

    leave_unix_socket(folder / "stale");
    std::filesystem::create_symlink(folder / "stale", folder / "link");
    EXPECT_FALSE(listen("unix:" + (folder / "link").string()));
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));

    if (::geteuid() == 0) {
        ASSERT_EQ(::lchown((folder / "stale").c_str(), 65534, 65534), 0);
        EXPECT_FALSE(listen("unix:" + (folder / "stale").string())) << "another user's socket was replaced";
    }
}

TEST(Listener, A222_ASecondListenerOnTheSamePortIsRefused) {
    for (const bool everywhere : {false, true}) {
        const auto first = listen("0", everywhere);
        ASSERT_TRUE(first);
        const std::string port = first->address().substr(first->address().rfind(':') + 1);
        for (const std::string& text : {port, "127.0.0.1:" + port}) {
            const auto second = listen(text, everywhere);
            ASSERT_FALSE(second) << text;
            EXPECT_EQ(second.error().code, "cannot_listen");
            EXPECT_THAT(second.error().next, ::testing::HasSubstr("listens there already"));
        }
        EXPECT_TRUE(first->another()) << "the threads of one server share it";
    }
}

TEST(Listener, A221_WhereNoHostIsGivenTheCallerSaysHowFarItReaches) {
    const auto near = listen("0");
    ASSERT_TRUE(near);
    EXPECT_THAT(near->address(), ::testing::StartsWith("127.0.0.1:"));
    EXPECT_TRUE(near->is_local());
    const auto far = listen("0", true);
    ASSERT_TRUE(far);
    EXPECT_FALSE(far->is_local());
    const auto localhost = listen("localhost:0", true);
    ASSERT_TRUE(localhost);
    EXPECT_TRUE(localhost->is_local());
}

boost::asio::awaitable<void> dial_into(Reactor& reactor, Target target, Reach reach, std::chrono::milliseconds timeout,
                                       std::optional<Result<Socket>>& into) {
    into.emplace(co_await dial(reactor, target, reach, timeout));
}

Result<Socket> dialled(Reactor& reactor, const std::string& target, Reach reach = Reach::kAnywhere,
                       std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    std::optional<Result<Socket>> result;
    boost::asio::co_spawn(reactor.io(), dial_into(reactor, *Target::parse(target), reach, timeout, result),
                          boost::asio::detached);
    if (!run_until(reactor, [&] { return result.has_value(); })) throw std::runtime_error("the dialling does not end");
    return std::move(*result);
}

TEST(Dial, ReachesTcpAndUnixListeners) {
    Reactor reactor;
    const ScratchFolder folder;
    const auto tcp = listen("0");
    const auto unix_socket = listen("unix:" + (folder / "x").string());
    ASSERT_TRUE(tcp && unix_socket);
    EXPECT_TRUE(dialled(reactor, tcp->address()));
    EXPECT_TRUE(dialled(reactor, unix_socket->address(), Reach::kLoopbackOrPrivate));
    // A name is tried address by address; the listener has but one of them.
    const std::string port = tcp->address().substr(tcp->address().rfind(':'));
    EXPECT_TRUE(dialled(reactor, "localhost" + port, Reach::kLoopbackOrPrivate));
}

TEST(Dial, SaysWhatEachAddressAnswered) {
    Reactor reactor;
    std::string address;
    {
        const auto closed = listen("0");
        ASSERT_TRUE(closed);
        address = closed->address();
    }
    const auto refused = dialled(reactor, address);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "cannot_connect");
    EXPECT_EQ(refused.error().why, "127.0.0.1: Connection refused");
    const auto missing = dialled(reactor, "unix:/nonexistent/x.sock");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().why, "/nonexistent/x.sock: No such file or directory");
    const auto unknown = dialled(reactor, "no-such-host.invalid:1");
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().why, ::testing::StartsWith("the name can't be resolved"));
}

TEST(Dial, APlaintextBackendIsNearUnlessSaidOtherwise) {
    Reactor reactor;
    for (const char* target : {"198.51.100.1:9", "[2001:db8::1]:9"}) {
        const auto refused = dialled(reactor, target, Reach::kLoopbackOrPrivate);
        ASSERT_FALSE(refused) << target;
        EXPECT_EQ(refused.error().code, "target_exposed");
    }
}

TEST(Dial, A170_GivesUpAtItsTimeout) {
    Reactor reactor;
    const auto [listener, port] = testing::tcp_listener(0);
    const std::string target = "127.0.0.1:" + std::to_string(port);
    // Nobody accepts: once the queue is full the next one hears nothing.
    std::vector<Result<Socket>> waiting;
    for (int i = 0; i < 8; ++i) {
        waiting.push_back(dialled(reactor, target, Reach::kAnywhere, std::chrono::milliseconds(300)));
        if (!waiting.back()) break;
    }
    ASSERT_FALSE(waiting.back()) << "the queue never fills";
    EXPECT_EQ(waiting.back().error().why, "127.0.0.1: Connection timed out");
}

TEST(Deadline, A125_ALaterTimeDoesNotOverflow) {
    using std::chrono::milliseconds;
    const SteadyTime now = std::chrono::steady_clock::now();
    EXPECT_EQ(later(now, milliseconds(5)), now + milliseconds(5));
    EXPECT_EQ(later(now, milliseconds(0)), now);
    EXPECT_EQ(later(now, milliseconds::max()), SteadyTime::max());
    EXPECT_EQ(later(now, milliseconds::max() - milliseconds(1)), SteadyTime::max());
    EXPECT_EQ(later(SteadyTime::max(), milliseconds(1)), SteadyTime::max());
    EXPECT_EQ(later(SteadyTime::max() - milliseconds(3), milliseconds(10)), SteadyTime::max());
    EXPECT_GT(later(now, std::chrono::hours(24 * 365 * 200)), now);
}

TEST(Deadline, CancelsTheSocketThatItGuards) {
    Reactor reactor;
    auto [ours, theirs] = testing::tcp_pair();
    Socket socket = adopt(reactor.io(), ours.release(), AF_INET);
    Deadline deadline(reactor, later(reactor.now(), std::chrono::milliseconds(50)));
    deadline.guard(&socket);
    std::optional<ErrorCode> ended;
    socket.async_wait(Socket::wait_read, [&](const ErrorCode& fault) { ended = fault; });
    ASSERT_TRUE(run_until(reactor, [&] { return ended.has_value(); }));
    EXPECT_EQ(*ended, boost::asio::error::operation_aborted);
    EXPECT_TRUE(deadline.is_expired());
}

TEST(Deadline, OneThatIsGoneCancelsNothing) {
    Reactor reactor;
    auto [ours, theirs] = testing::tcp_pair();
    Socket socket = adopt(reactor.io(), ours.release(), AF_INET);
    {
        Deadline gone(reactor, reactor.now());
        gone.guard(&socket);
    }
    Deadline other(reactor, later(reactor.now(), std::chrono::milliseconds(250)));
    std::optional<ErrorCode> ended;
    socket.async_wait(Socket::wait_read, [&](const ErrorCode& fault) { ended = fault; });
    ASSERT_TRUE(run_until(reactor, [&] { return other.is_expired(); }));
    EXPECT_FALSE(ended);
    ErrorCode ignored;
    socket.close(ignored);
    ASSERT_TRUE(run_until(reactor, [&] { return ended.has_value(); }));
}

}  // namespace
}  // namespace cotter::stream
