// Sockets that systemd passes: taken by name, by nobody else, and never half.
#include "stream/passed_sockets.h"

#include "stream/testing/sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cotter::stream {
namespace {

using testing::Descriptor;
using ::testing::HasSubstr;

/// A TCP socket of this machine's, listening or only bound, that blocks as systemd's do.
int tcp_socket(bool is_listening = true, int type = SOCK_STREAM) {
    const int descriptor = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(descriptor, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), 0);
    if (is_listening) {
        EXPECT_EQ(::listen(descriptor, 8), 0);
    }
    return descriptor;
}

bool is_open(int descriptor) {
    return ::fcntl(descriptor, F_GETFD) >= 0;
}

TEST(PassedSockets, GivesTheOneOfThatName) {
    const int db = tcp_socket();
    PassedSockets passed({{"web", tcp_socket()}, {"db", db}});
    auto taken = passed.take({"db"});
    ASSERT_TRUE(taken);
    EXPECT_THAT(taken->address(), HasSubstr("127.0.0.1:"));
    EXPECT_TRUE(taken->is_local());
    const Descriptor handed(taken->hand_over());
    EXPECT_EQ(handed.get(), db);
    EXPECT_NE(::fcntl(db, F_GETFL) & O_NONBLOCK, 0) << "accepting must not wait";
}

TEST(PassedSockets, EveryReactorSharesItsOneQueue) {
    PassedSockets passed({{"db", tcp_socket()}});
    auto first = passed.take({""});
    ASSERT_TRUE(first);
    auto second = first->another();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->address(), first->address());
    const Descriptor one(first->hand_over());
    const Descriptor other(second->hand_over());
    int on = 0;
    socklen_t size = sizeof on;
    ASSERT_EQ(::getsockopt(other.get(), SOL_SOCKET, SO_REUSEPORT, &on, &size), 0);
    EXPECT_EQ(on, 0) << "not a second socket on the port, but the same";
}

TEST(PassedSockets, A220_RefusesADoubtAboutWhichIsMeant) {
    PassedSockets none({});
    EXPECT_THAT(none.take({"db"}).error().why, HasSubstr("passes no socket"));
    PassedSockets other({{"web\n", tcp_socket()}});
    EXPECT_EQ(other.take({"db"}).error().why, "passed are: web\\x0a");
    PassedSockets two({{"db", tcp_socket()}, {"db", tcp_socket()}});
    EXPECT_EQ(two.take({"db"}).error().why, "2 of that name are passed");
    EXPECT_EQ(two.take({""}).error().why, "more than one is passed: db, db");
}

TEST(PassedSockets, A220_IsTakenOnce) {
    PassedSockets passed({{"db", tcp_socket()}, {"web", tcp_socket()}});
    auto taken = passed.take({"db"});
    ASSERT_TRUE(taken);
    EXPECT_FALSE(passed.take({"db"}));
    EXPECT_THAT(passed.all_are_taken().error().why, HasSubstr("nothing listens on web"));
    EXPECT_TRUE(passed.take({"web"}));
    EXPECT_TRUE(passed.all_are_taken());
}

TEST(PassedSockets, A220_RefusesWhatListensForNoStreams) {
    for (const int descriptor :
         {tcp_socket(false), tcp_socket(false, SOCK_DGRAM), ::open("/dev/null", O_RDONLY | O_CLOEXEC)}) {
        PassedSockets passed({{"db", descriptor}});
        auto taken = passed.take({"db"});
        ASSERT_FALSE(taken);
        EXPECT_THAT(taken.error().why, HasSubstr("listens for streams"));
        EXPECT_FALSE(is_open(descriptor));
    }
}

TEST(PassedSockets, ClosesWhatNobodyTook) {
    const int left = tcp_socket();
    {
        PassedSockets passed({{"db", left}});
        PassedSockets moved = std::move(passed);
        EXPECT_TRUE(is_open(left));
    }
    EXPECT_FALSE(is_open(left));
}

}  // namespace
}  // namespace cotter::stream
