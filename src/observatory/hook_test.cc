#include "observatory/hook.h"

#include "registry/testing/store.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>

namespace cotter::observatory {
namespace {

using std::chrono::seconds;

class Hook : public ::testing::Test {
  protected:
    Hook() { std::signal(SIGPIPE, SIG_IGN); }
    [[nodiscard]] std::string written() const {
        std::ifstream file(out_);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    registry::testing::Folder folder_;
    std::string out_ = (folder_.path() / "out").string();
};

TEST_F(Hook, A154_TextOfPeersComesOnStandardInputAlone) {
    const std::string evil = "{\"why\":\"$(touch " + out_ + ".owned); `id` ' \\\"\"}\n";
    ASSERT_TRUE(run_hook("cat > " + out_, evil, seconds(10)));
    EXPECT_EQ(written(), evil);
    EXPECT_FALSE(std::filesystem::exists(out_ + ".owned"));
    const std::string large(1U << 20U, 'x');
    ASSERT_TRUE(run_hook("wc -c > " + out_, large, seconds(10)));
    EXPECT_EQ(written(), "1048576\n");
}

TEST_F(Hook, OneThatFailsIsSaidToHave) {
    EXPECT_EQ(run_hook("exit 3", "", seconds(10)).error().why, "it ended with exit code 3");
    EXPECT_EQ(run_hook("kill -9 $$", "", seconds(10)).error().why, "it was ended by signal 9");
    EXPECT_EQ(run_hook("/nonexistent/command", "", seconds(10)).error().why, "it ended with exit code 127");
}

TEST_F(Hook, OneThatReadsNothingIsNotWaitedForWithItsInput) {
    EXPECT_TRUE(run_hook("exec <&-; exit 0", std::string(1U << 20U, 'x'), seconds(10)));
}

TEST_F(Hook, OneThatDoesNotEndIsKilledWithAllThatItStarted) {
    const auto run = run_hook("(sleep 600; echo late > " + out_ + ") & wait", "", seconds(1));
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().why, "it ran longer than 1 s and was killed");
}

}  // namespace
}  // namespace cotter::observatory
