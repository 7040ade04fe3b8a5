#include "bundle/repository.h"

#include "bundle/testing/owner.h"
#include "files/testing/scratch_folder.h"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace cotter::bundle {
namespace {

using testing::must;

/// A port of loopback where connections are taken and nothing is ever said.
class SilentServer {
  public:
    SilentServer() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        sockaddr storage{};
        std::memcpy(&storage, &address, sizeof address);
        if (descriptor_ < 0 || ::bind(descriptor_, &storage, size) != 0 || ::listen(descriptor_, 8) != 0 ||
            ::getsockname(descriptor_, &storage, &size) != 0)
            throw std::runtime_error("no port for the test");
        std::memcpy(&address, &storage, sizeof address);
        port_ = ntohs(address.sin_port);
    }
    SilentServer(const SilentServer&) = delete;
    SilentServer& operator=(const SilentServer&) = delete;
    ~SilentServer() { ::close(descriptor_); }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  private:
    int descriptor_;
    std::uint16_t port_ = 0;
};

TEST(Repository, A138_AllFetchingTogetherEndsWithItsDeadline) {
    const SilentServer server;
    const auto begun = std::chrono::steady_clock::now();
    const auto repository = must(Location::parse(server.url())).open(std::chrono::milliseconds(300));
    const auto first = repository->fetch("metadata/timestamp.json", 100);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, "fetch_failed");
    const auto second = repository->fetch("metadata/timestamp.json", 100);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "fetch_failed");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST(Repository, AFolderGivesWhatIsThereAndNoMoreThanIsAskedFor) {
    const files::testing::ScratchFolder folder;
    folder.write("timestamp.json", "12345");
    const auto repository = must(Location::parse(folder.path().string())).open(std::chrono::seconds(1));
    EXPECT_EQ(must(repository->fetch("timestamp.json", 5)), "12345");
    EXPECT_EQ(must(repository->fetch("absent.json", 5)), std::nullopt);
    EXPECT_EQ(repository->fetch("timestamp.json", 4).error().code, "bundle_too_large");
}

}  // namespace
}  // namespace cotter::bundle
