// Memory: the last checkpoint of a key log that a state folder has seen, so that a log which shrinks or has two
// histories is noticed (docs/key-log.md).
#pragma once

#include "identity/state_folder.h"
#include "keylog/reading.h"

#include <filesystem>
#include <optional>

namespace cotter::keylog {

class Memory {
  public:
    /// One for each log and key: in the folder, as key-log-….seen, 0600.
    Memory(const identity::StateFolder& state, audit::Verifier key);

    [[nodiscard]] const audit::Verifier& key() const { return key_; }
    /// Nothing if none was ever seen. A file that this key has not signed is an Error.
    [[nodiscard]] Result<std::optional<audit::SignedCheckpoint>> seen() const;
    /// Remembers `newest`, which was held against `before`; false where another has been remembered since.
    [[nodiscard]] Result<bool> keep(const std::optional<audit::SignedCheckpoint>& before,
                                    const audit::SignedCheckpoint& newest) const;
    /// Keeps what contradicts what is remembered, beside it: the two together prove that the key signs two histories.
    /// Gives where.
    [[nodiscard]] Result<std::filesystem::path> keep_contradiction(std::string_view checkpoint) const;

  private:
    audit::Verifier key_;
    std::filesystem::path file_;
};

/// Reads the log, holds it against what is remembered, and remembers its checkpoint.
[[nodiscard]] Reading<LogView> follow(Source& source, const Memory& memory);

}  // namespace cotter::keylog
