// A tunnel's settings, and what is on the disk; through it goes the traffic of tests/test_adapter_libpq.py.
#include <cotter/tunnel.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace cotter {
namespace {

Tunnel::Settings settings() {
    return {.server = *HostPort::parse("db.example:7432"),
            .pins = "sha256/n0zTpLpZ0ljkHYYmyGPkVfKJoWSu0SnT5XVtCvFVvUo="};
}

TEST(Tunnel, RefusesSettingsThatTrustNobodyOrHalfSaySomething) {
    struct Row {
        const char* code;
        std::function<void(Tunnel::Settings&)> spoil;
    };
    const Row rows[] = {
        {"no_policy", [](auto& spoilt) { spoilt.pins.clear(); }},
        {"no_policy", [](auto& spoilt) { spoilt.policy = "policy.toml"; }},
        {"half_identity", [](auto& spoilt) { spoilt.certificate = "client.crt"; }},
        {"half_identity", [](auto& spoilt) { spoilt.key = "client.key"; }},
        {"unknown_starttls", [](auto& spoilt) { spoilt.start_tls = "gopher"; }},
        {"bad_socket_name", [](auto& spoilt) { spoilt.socket_name = "../socket"; }},
        {"bad_socket_name", [](auto& spoilt) { spoilt.socket_name.clear(); }},
    };
    for (const Row& row : rows) {
        Tunnel::Settings spoilt = settings();
        row.spoil(spoilt);
        const auto opened = Tunnel::open(spoilt);
        ASSERT_FALSE(opened) << row.code;
        EXPECT_EQ(opened.error().code, row.code);
    }
}

TEST(Tunnel, RefusesAPinThatCannotBeReadAndAFileThatIsNotThere) {
    Tunnel::Settings spoilt = settings();
    spoilt.pins = "sha256/AAAA";
    EXPECT_FALSE(Tunnel::open(spoilt));
    spoilt = settings();
    spoilt.certificate = "/nonexistent/client.crt";
    spoilt.key = "/nonexistent/client.key";
    EXPECT_FALSE(Tunnel::open(spoilt));
}

TEST(Tunnel, ListensInAFolderOfItsUserAloneWhichGoesWithIt) {
    std::optional<std::filesystem::path> folder;
    {
        Tunnel::Settings named = settings();
        named.socket_name = ".s.PGSQL.5432";
        auto opened = Tunnel::open(named);
        ASSERT_TRUE(opened) << opened.error().why;
        const Tunnel tunnel = std::move(*opened);
        folder = tunnel.folder();
        EXPECT_TRUE(folder->is_absolute());
        EXPECT_EQ(std::filesystem::status(*folder).permissions(), std::filesystem::perms::owner_all);
        EXPECT_EQ(tunnel.socket(), *folder / ".s.PGSQL.5432");
        EXPECT_TRUE(std::filesystem::is_socket(tunnel.socket()));
    }
    EXPECT_FALSE(std::filesystem::exists(*folder));
}

}  // namespace
}  // namespace cotter
