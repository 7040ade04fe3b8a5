// Checkpoint: the head of a log at one size, signed (C2SP tlog-checkpoint): who has it can later be shown that the log
// has only grown since.
#pragma once

#include "audit/hash_tree.h"
#include "audit/note.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace cotter::audit {

struct Checkpoint {
    std::string origin;      ///< which log: one line, the name of the keys that sign for it
    std::uint64_t size = 0;  ///< how many entries
    Hash root{};

    bool operator==(const Checkpoint&) const = default;
    [[nodiscard]] std::string text() const;  ///< origin, size and root, a line each
};

struct SignedCheckpoint {
    Checkpoint head;
    Note note;
    std::string text;  ///< all of it, as it came

    /// Says nothing of whose signature it is.
    [[nodiscard]] static Result<SignedCheckpoint> parse(std::string_view text);
    /// Whether that key has signed it, and signs for this log: a key that signs for several has a name for each.
    [[nodiscard]] bool is_by(const Verifier& key) const;
};

[[nodiscard]] Result<SignedCheckpoint> sign(const Checkpoint& head, EVP_PKEY* key);

/// A decimal number as these formats write it: no sign, no leading zero.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);
/// A hash in base64.
[[nodiscard]] std::optional<Hash> parse_hash(std::string_view text);

}  // namespace cotter::audit
