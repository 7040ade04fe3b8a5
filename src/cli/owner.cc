// Opening the registry as its owner.
#include "cli/owner.h"

#include "service/process.h"
#include "service/wall_clock.h"

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
    return {service::login_and_host(), service::wall_clock_now()};
}

}  // namespace cotter::cli
