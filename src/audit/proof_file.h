// Proofs as files: lines of hashes, an empty line, and the checkpoint that they lead to. Which one a file holds, its
// first line says.
#pragma once

#include "audit/checkpoint.h"
#include "audit/entry.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cotter::audit {

/// That an entry is in the log: C2SP tlog-proof, with the entry's own octets as its extra data.
struct InclusionProof {
    std::string entry;  ///< canonical_text()
    std::uint64_t index = 0;
    std::vector<Hash> hashes;
    SignedCheckpoint checkpoint;

    [[nodiscard]] std::string text() const;
};

/// That the log of the checkpoint begins with the log of `old_size` entries: as C2SP tlog-witness sends it.
struct ConsistencyProof {
    std::uint64_t old_size = 0;
    std::vector<Hash> hashes;
    SignedCheckpoint checkpoint;

    [[nodiscard]] std::string text() const;
};

/// What a state folder has last seen of a log: a checkpoint, and the frontier that its root is made of, which tells
/// where a history differs that was written anew.
struct SeenHead {
    Frontier frontier;
    SignedCheckpoint checkpoint;

    [[nodiscard]] std::string text() const;
};

using ProofFile = std::variant<SignedCheckpoint, InclusionProof, ConsistencyProof, SeenHead>;

/// The checkpoint that it is, or leads to.
[[nodiscard]] const SignedCheckpoint& checkpoint_of(const ProofFile& file);

/// Reads one whole; nothing in it is believed yet but a SeenHead's frontier, which must give its root.
[[nodiscard]] Result<ProofFile> parse_proof_file(std::string_view text);

}  // namespace cotter::audit
