// System calls about this process.
#include "service/process.h"

#include "text/escape.h"

#include <openssl/crypto.h>

#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>

namespace cotter::service {

void ignore_ambient_openssl_configuration() {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

void protect_memory() {
    static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    const rlimit none{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
}

std::string login_and_host() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> buffer{};
    const bool is_named =
        ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
    const std::string login = is_named ? std::string(entry.pw_name) : std::to_string(::getuid());
    return text::escape(login + "@" + host.data(), 200);
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : 1024;
}

}  // namespace cotter::service
