// System calls about this process.
#include "service/process.h"

#include <openssl/crypto.h>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace cotter::service {

void ignore_ambient_openssl_configuration() {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

void protect_memory() {
    static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    const rlimit none{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : 1024;
}

}  // namespace cotter::service
