// Updater: the client's workflow of The Update Framework (specification 1.0, section 5): from what was trusted to what
// is trusted now, step by step, over a Repository that may be anybody's. Pure but for that: the time is a parameter,
// and what it gives is kept by trusted_state.h.
#pragma once

#include "bundle/metadata.h"
#include "bundle/repository.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::bundle {

/// Files that belong together and were all verified: what is used.
struct Accepted {
    std::string timestamp;
    std::string snapshot;
    std::string targets;
    std::map<std::string, std::string> files;  ///< targets by their names

    bool operator==(const Accepted&) const = default;
};

/// What a client must not forget. Texts as received; empty: none yet. The newest metadata is what nothing older is
/// taken after (INVARIANT A134), also where the rest of its version never came; `accepted` is what is used meanwhile.
struct Trusted {
    std::string root;
    std::string timestamp;
    std::string snapshot;
    std::string targets;
    Accepted accepted;

    bool operator==(const Trusted&) const = default;
};

/// The most octets of each kind, where nothing signed says less (A138).
inline constexpr std::size_t kMostRoot = std::size_t{512} << 10U;
inline constexpr std::size_t kMostTimestamp = std::size_t{16} << 10U;
inline constexpr std::size_t kMostSnapshot = std::size_t{1} << 20U;
inline constexpr std::size_t kMostTargets = std::size_t{2} << 20U;
inline constexpr std::size_t kMostTargetFile = std::size_t{4} << 20U;
/// New roots that are followed at once; a chain that is longer is followed further the next time.
inline constexpr unsigned kMostRoots = 256;

/// What a caller makes of a target's content, before it takes the place of the one that is used.
using CheckTarget = std::function<Result<void>(const std::string& name, const std::string& content)>;

struct Update {
    Trusted trusted;               ///< to be kept, whatever else happened
    std::optional<Error> failure;  ///< why it didn't come to its end; `accepted` is then as it was
};

/// The first trust: a root file that somebody has handed over, not fetched. It must be signed by its own keys.
[[nodiscard]] Result<Trusted> begin_with(std::string root);

/// `name`: the target that must be there; empty: none. Others that were used before are brought along.
[[nodiscard]] Update update(Trusted before, Repository& repository, const std::string& name, const CheckTarget& check,
                            x509::Time now);

struct Versions {
    std::uint64_t root = 0;
    std::uint64_t timestamp = 0;
    std::uint64_t snapshot = 0;
    std::uint64_t targets = 0;

    bool operator==(const Versions&) const = default;
};

/// What is used, checked anew as a whole.
struct InUse {
    Versions versions;
    x509::Time until;  ///< the first of its ends: from then on it refuses
    std::map<std::string, std::string> files;
    bool has_delegations = false;
};

/// What of it may be used now: signed by the keys of the newest root, of one version, and not past its end. Refused
/// otherwise, also where a rotation of keys has taken its ground away.
[[nodiscard]] Result<InUse> in_use(const Trusted& trusted, x509::Time now);

}  // namespace cotter::bundle
