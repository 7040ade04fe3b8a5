// Releases of OpenSSL that are too old, and those that have known faults.
#include "x509/library_version.h"

#include <openssl/opensslv.h>

#include <array>

namespace cotter::x509 {
namespace {

static_assert(OPENSSL_VERSION_NUMBER >= 0x30000000L, "cotter is built with OpenSSL 3.0 or later");

struct Release {
    unsigned long major;
    unsigned long minor;
    unsigned long patch;
};

Release release_of(unsigned long version) {
    const unsigned long major = version >> 28U;
    const unsigned shift = major < 3 ? 12U : 4U;  // before 3.0 the third number stood where 3.0 has zeros
    return {major, (version >> 20U) & 0xffU, (version >> shift) & 0xffU};
}

std::string written(const Release& release) {
    return std::to_string(release.major) + "." + std::to_string(release.minor) + "." + std::to_string(release.patch);
}

/// First releases without the faults of the advisory of 7 April 2026 (CVE-2026-28387 and those told with it). The
/// branches 3.1 and 3.2 had ended: nothing mends them.
constexpr std::array<Release, 5> kMended{Release{3, 0, 20}, {3, 3, 7}, {3, 4, 5}, {3, 5, 6}, {3, 6, 2}};
constexpr unsigned long kNewestBranchJudged = 6;

}  // namespace

Result<void> check_library(unsigned long version) {
    const Release release = release_of(version);
    if (release.major >= 3) return {};
    return failed("old_library", "starting", "it runs on OpenSSL " + written(release) + ", and 3.0 is the least",
                  "let the dynamic linker find the library that cotter was installed with (unset LD_LIBRARY_PATH and "
                  "LD_PRELOAD)");
}

std::optional<std::string> known_fault_of_library(unsigned long version) {
    const Release release = release_of(version);
    if (release.major != 3 || release.minor > kNewestBranchJudged) return std::nullopt;
    for (const Release& mended : kMended) {
        if (release.minor != mended.minor) continue;
        if (release.patch >= mended.patch) return std::nullopt;
        return "OpenSSL " + written(release) + " has faults that " + written(mended) +
               " mends (CVE-2026-28387 and others); a distribution may have mended them under the old number";
    }
    return "OpenSSL " + written(release) + " is of a branch that is no longer mended";
}

}  // namespace cotter::x509
