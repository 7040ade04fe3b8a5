// Holding checkpoints and proofs against each other.
#include "audit/examination.h"

#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

namespace cotter::audit {
namespace {

bool is_trusted(const SignedCheckpoint& checkpoint, const TrustedKeys& keys) {
    return std::ranges::any_of(keys.verifiers, [&](const Verifier& key) { return checkpoint.is_by(key); }) ||
           std::ranges::any_of(keys.own, [&](const auto& key) {
               return checkpoint.is_by(Verifier::from(checkpoint.head.origin, key));
           });
}

std::string size_text(std::uint64_t size) {
    return std::to_string(size) + (size == 1 ? " entry" : " entries");
}

Finding shown(std::string code, std::string message) {
    return {Finding::Kind::kShown, std::move(code), std::move(message)};
}
Finding refuted(std::string code, std::string message) {
    return {Finding::Kind::kRefuted, std::move(code), std::move(message)};
}

Finding examine_inclusion(const std::string& name, const InclusionProof& proof) {
    const Checkpoint& head = proof.checkpoint.head;
    const auto entry = parse_entry(proof.entry);
    if (!entry) return refuted("entry_malformed", name + ": its entry: " + entry.error().why);
    const Hash leaf = leaf_hash(x509::as_bytes(proof.entry));
    if (!is_included(leaf, proof.index, head.size, proof.hashes, head.root) || entry->sequence != proof.index) {
        return refuted("entry_not_included",
                       name + ": this entry is not the one of number " + std::to_string(proof.index) + " in that log");
    }
    return shown("entry_included", name + ": entry " + std::to_string(proof.index) + " of " + size_text(head.size) +
                                       " is " + text::escape_remaining(proof.entry, 4096));
}

/// Checkpoints of one log by size, each size with its root, and which grew out of which.
class Heads {
  public:
    void add(const std::string& name, const Checkpoint& head, std::vector<Finding>& findings) {
        const auto [known, is_first] = heads_.try_emplace(head.size, Head{name, head.root});
        if (!is_first && known->second.root != head.root) {
            findings.push_back(refuted("split_view", name + " and " + known->second.name + ": two different logs of " +
                                                         size_text(head.size) + " have been signed"));
        }
    }

    void add(const std::string& name, const ConsistencyProof& proof, std::vector<Finding>& findings) {
        const Checkpoint& head = proof.checkpoint.head;
        const auto old = heads_.find(proof.old_size);
        if (old == heads_.end() && proof.old_size != 0) {
            findings.push_back({Finding::Kind::kMissing, "older_checkpoint_missing",
                                name + ": it leads from a log of " + size_text(proof.old_size) +
                                    ", whose checkpoint is needed as well"});
            return;
        }
        const Hash old_root = proof.old_size == 0 ? empty_root() : old->second.root;
        if (!is_consistent(proof.old_size, old_root, head.size, head.root, proof.hashes)) {
            findings.push_back(refuted("not_consistent", name + ": the log of " + size_text(head.size) +
                                                             " did not grow out of that of " +
                                                             size_text(proof.old_size) + ": its history is another"));
            return;
        }
        steps_.emplace(head.size, proof.old_size);
        findings.push_back(shown("consistent", name + ": the log of " + size_text(head.size) + " begins with that of " +
                                                   size_text(proof.old_size)));
    }

    /// What no chain of proofs leads from to the largest. Two that a third one grew out of are shown to agree; two that
    /// grew out of a third one are not.
    void note_gaps(std::vector<Finding>& findings) const {
        if (heads_.empty()) return;
        const auto& [largest, largest_head] = *heads_.rbegin();
        std::set<std::uint64_t> reached{largest, 0};
        for (const auto& [size, old_size] : std::views::reverse(steps_)) {
            if (reached.contains(size)) reached.insert(old_size);
        }
        for (const auto& [size, head] : heads_) {
            if (reached.contains(size)) continue;
            findings.push_back({Finding::Kind::kMissing, "consistency_unproven",
                                "nothing shows that the log of " + largest_head.name + " grew out of that of " +
                                    head.name + ": \"cotter log prove --since\" with that file gives the proof"});
        }
    }

  private:
    struct Head {
        std::string name;
        Hash root;
    };
    std::map<std::uint64_t, Head> heads_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> steps_;  ///< shown: a size, and a smaller one that it grew out of
};

}  // namespace

std::vector<Finding> examine(const std::vector<ExaminedFile>& files, const TrustedKeys& keys) {
    std::vector<Finding> findings;
    std::map<std::string, Heads> logs;
    std::vector<const ExaminedFile*> counted;
    for (const ExaminedFile& file : files) {
        const SignedCheckpoint& checkpoint = checkpoint_of(file.content);
        if (!is_trusted(checkpoint, keys)) {
            findings.push_back(refuted("signature", file.name + ": none of the keys given has signed this head of " +
                                                        text::escape_remaining(checkpoint.head.origin, 256)));
            continue;
        }
        findings.push_back(shown("signature", file.name + ": a log of " + size_text(checkpoint.head.size) +
                                                  ", signed; " + text::escape_remaining(checkpoint.head.origin, 256)));
        logs[checkpoint.head.origin].add(file.name, checkpoint.head, findings);
        counted.push_back(&file);
        if (const auto* proof = std::get_if<InclusionProof>(&file.content))
            findings.push_back(examine_inclusion(file.name, *proof));
    }
    // Only now, for the older checkpoint may stand anywhere among the files.
    for (const ExaminedFile* file : counted) {
        if (const auto* proof = std::get_if<ConsistencyProof>(&file->content))
            logs[proof->checkpoint.head.origin].add(file->name, *proof, findings);
    }
    for (const auto& [origin, heads] : logs) heads.note_gaps(findings);
    return findings;
}

}  // namespace cotter::audit
