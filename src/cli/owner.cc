// Opening the registry as its owner.
#include "cli/owner.h"

#include "service/wall_clock.h"
#include "text/escape.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

namespace cotter::cli {

Result<std::unique_ptr<registry::Registry>> open_owners_registry(const Invocation& invocation, const std::string& url) {
    if (!url.empty()) return registry::open_registry(url);
    auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    return registry::open_registry(state->registry_url());
}

Result<registry::Enforcement> await_enforcement(registry::Registry& registry, const std::string& name,
                                                std::uint64_t version) {
    constexpr std::chrono::seconds kMostWait{2};
    constexpr std::chrono::milliseconds kLookEvery{20};
    const auto until = std::chrono::steady_clock::now() + kMostWait;
    for (;;) {
        auto enforcement = registry.enforcement(name, version, service::wall_clock_now());
        if (!enforcement || enforcement->servers_applied >= enforcement->servers ||
            std::chrono::steady_clock::now() >= until)
            return enforcement;
        std::this_thread::sleep_for(kLookEvery);
    }
}

registry::Change change_by_owner() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> buffer{};
    const bool is_named =
        ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
    const std::string login = is_named ? std::string(entry.pw_name) : std::to_string(::getuid());
    return {text::escape(login + "@" + host.data(), 200), service::wall_clock_now()};
}

}  // namespace cotter::cli
