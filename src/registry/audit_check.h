// Checking an audit log from end to end: each entry against its leaf, the leaves against the tree, the tree against the
// head, and all of it against what this side has seen of the log before.
#pragma once

#include "audit/proof_file.h"
#include "registry/audit_log.h"

#include <optional>
#include <string>

namespace cotter::registry {

/// The first place where a log is not what it was.
struct LogDifference {
    std::string code;            ///< "entry_changed", "entry_missing", "history_rewritten" …
    std::uint64_t sequence = 0;  ///< of the first entry that differs
    std::uint64_t last = 0;      ///< of the last one that it may be: more than `sequence` where only a subtree tells
    std::string message;
};

struct LogCheck {
    LogHead head;
    audit::Frontier frontier;  ///< of the log as it is now
    std::optional<LogDifference> difference;
};

/// Reads the log whole. An Error only where it can't be read; what was changed in it is a difference.
[[nodiscard]] Result<LogCheck> check_log(Store& store, const std::optional<audit::SeenHead>& seen);

}  // namespace cotter::registry
