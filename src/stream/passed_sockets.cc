// Finding a passed socket by its name.
#include "stream/passed_sockets.h"

#include "text/escape.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

namespace cotter::stream {

Result<PassedSockets> PassedSockets::receive() {
    char** names = nullptr;
    const int count = ::sd_listen_fds_with_names(0, &names);
    if (count < 0) {
        return failed("passed_socket", "taking the sockets that systemd passes",
                      std::generic_category().message(-count),
                      "LISTEN_FDS and LISTEN_FDNAMES contradict each other: let systemd set them");
    }
    std::vector<Passed> passed;
    for (int i = 0; i < count; ++i) {
        passed.push_back({names[i], SD_LISTEN_FDS_START + i});
        std::free(names[i]);
    }
    std::free(static_cast<void*>(names));
    return PassedSockets(std::move(passed));
}

PassedSockets::PassedSockets(PassedSockets&& other) noexcept : passed_(std::exchange(other.passed_, {})) {}

PassedSockets::~PassedSockets() {
    for (const Passed& passed : passed_) ::close(passed.descriptor);
}

std::string PassedSockets::names() const {
    std::string names;
    for (const Passed& passed : passed_) names += (names.empty() ? "" : ", ") + text::escape(passed.name, 64);
    return names;
}

Result<ListenSocket> PassedSockets::take(const SystemdSocket& wanted) {
    const auto matches = [&](const Passed& passed) { return wanted.name.empty() || passed.name == wanted.name; };
    const auto count = std::ranges::count_if(passed_, matches);
    const std::string what = "listening on systemd:" + wanted.name;
    if (passed_.empty()) {
        return failed("passed_socket", what, "systemd passes no socket to this process, or no other one",
                      "start it by a .socket unit (systemctl start cotter.socket), or listen on [HOST:]PORT");
    }
    if (count == 0) {
        return failed("passed_socket", what, "passed are: " + names(), "say FileDescriptorName= in the .socket unit");
    }
    if (count > 1) {
        return failed("passed_socket", what,
                      wanted.name.empty() ? "more than one is passed: " + names()
                                          : std::to_string(count) + " of that name are passed",
                      "give each a .socket unit with a FileDescriptorName= of its own, and say systemd:NAME");
    }
    const auto found = std::ranges::find_if(passed_, matches);
    const Passed passed = *found;
    passed_.erase(found);
    return ListenSocket::adopt(passed.descriptor, passed.name);
}

Result<void> PassedSockets::all_are_taken() const {
    if (passed_.empty()) return {};
    return failed("passed_socket", "listening on every socket that systemd passes", "nothing listens on " + names(),
                  "say --listen systemd:NAME, or listen = \"systemd:NAME\" of a service, or stop its .socket unit");
}

Result<ListenSocket> open_listener(const ListenAddress& address, bool everywhere, PassedSockets& passed) {
    struct Open {
        bool everywhere;
        PassedSockets& passed;
        Result<ListenSocket> operator()(const TcpListen& listen) const {
            return ListenSocket::open(listen, everywhere);
        }
        Result<ListenSocket> operator()(const UnixPath& path) const { return ListenSocket::open(path); }
        Result<ListenSocket> operator()(const SystemdSocket& socket) const { return passed.take(socket); }
    };
    return std::visit(Open{everywhere, passed}, address.value);
}

}  // namespace cotter::stream
