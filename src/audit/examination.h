// Examination: what a handful of checkpoints and proofs show together, and what they don't. Needs nothing but the files
// and the keys.
#pragma once

#include "audit/proof_file.h"

#include <string>
#include <vector>

namespace cotter::audit {

struct ExaminedFile {
    std::string name;  ///< as the caller knows it, escaped
    ProofFile content;
};

/// Whose signature counts.
struct TrustedKeys {
    std::vector<Verifier> verifiers;
    /// Public keys that count for whatever log a checkpoint names: our own.
    std::vector<std::array<std::byte, 32>> own;
};

struct Finding {
    enum class Kind : std::uint8_t {
        kShown,    ///< holds
        kRefuted,  ///< does not hold: somebody has changed the log, or the file
        kMissing,  ///< nothing shows it: another file is needed
    };
    Kind kind = Kind::kRefuted;
    std::string code;  ///< for scripts, lower_snake_case
    std::string message;
};

/// In the order of the files, then what they say of each other. A file with a refuted signature counts for nothing
/// else. All checkpoints of one log are held against each other: two of one size must have one root, and of two sizes a
/// consistency proof must lead, by however many steps, from the smaller to the larger.
[[nodiscard]] std::vector<Finding> examine(const std::vector<ExaminedFile>& files, const TrustedKeys& keys);

}  // namespace cotter::audit
