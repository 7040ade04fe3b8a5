// Reading a key log: all of it, since only who has seen every entry knows that none takes another back. The tree is
// built from the entries and held against the signed root, which shows at once that each is in the log and that none
// is missing; and against the root that was seen before, which shows that nothing before it was changed.
#pragma once

#include "audit/checkpoint.h"
#include "keylog/key_entry.h"
#include "keylog/log_fault.h"
#include "keylog/source.h"

#include <optional>
#include <vector>

namespace cotter::keylog {

/// A log that has been checked.
struct LogView {
    audit::SignedCheckpoint checkpoint;
    std::vector<KeyEntry> entries;  ///< all of them, in their order
};

/// A longer log is not read. One owner's keys make some entries a year.
inline constexpr std::uint64_t kMostEntries = 65'536;

/// Of the log that this key signs and is named for. `seen`: the last checkpoint of it that was seen.
[[nodiscard]] Reading<LogView> read_log(Source& source, const audit::Verifier& key,
                                        const std::optional<audit::SignedCheckpoint>& seen);

/// An entry as the judge and people see it: with its number.
struct NumberedEntry {
    std::uint64_t number = 0;
    const KeyEntry* entry = nullptr;
};

/// The last word on that pin under names that cover the server, if there is one.
[[nodiscard]] std::optional<NumberedEntry> last_word(const std::vector<KeyEntry>& entries, const HostPort& server,
                                                     const Pin& pin);

}  // namespace cotter::keylog
