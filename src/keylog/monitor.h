// What an owner is told of a log: every word under his server's name since he was last told, and which of them are
// about keys that are not his.
#pragma once

#include "identity/state_folder.h"
#include "keylog/reading.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace cotter::keylog {

struct News {
    std::uint64_t number = 0;
    KeyEntry entry;
    bool is_foreign = false;  ///< it adds a key that is not known
};

struct Watched {
    std::vector<News> news;
    std::uint64_t told = 0;  ///< so many entries need not be told again: up to the first foreign one
};

/// From entry `told` on, what is about that host and, where both say one, that port.
[[nodiscard]] Watched watch(const std::vector<KeyEntry>& entries, std::uint64_t told, const KeyName& name,
                            const std::vector<Pin>& known);

/// How many entries of a log have been told under a name, as a file of the state folder, 0600.
class Told {
  public:
    Told(const identity::StateFolder& state, const audit::Verifier& key, const KeyName& name);
    /// 0 where nothing was told yet; an Error where the file is none of ours.
    [[nodiscard]] Result<std::uint64_t> read() const;
    [[nodiscard]] Result<void> write(std::uint64_t told) const;

  private:
    std::filesystem::path file_;
};

}  // namespace cotter::keylog
