// Build, start, processor time and memory.
#include "metrics/process_metrics.h"

#include "metrics/exposition.h"

#include <cotter/version.h>

#include <openssl/crypto.h>

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

namespace cotter::metrics {
namespace {

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void add_process(Exposition& exposition, std::string_view role, x509::Time since) {
    exposition.gauge("cotter_build_info", "1; the labels say which cotter this is and what it does.", 1,
                     {{"version", version()}, {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)}, {"role", role}});
    exposition.gauge("process_start_time_seconds", "When this process started, Unix time.",
                     std::chrono::duration<double>(since.time_since_epoch()).count());
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        exposition.counter("process_cpu_seconds_total", "Processor time that this process has used.",
                           seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    }
    std::ifstream statm("/proc/self/statm");
    std::uint64_t pages = 0;
    std::uint64_t resident = 0;
    if (statm >> pages >> resident) {
        exposition.gauge("process_resident_memory_bytes", "Memory of this process that is really there.",
                         static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    }
}

}  // namespace cotter::metrics
