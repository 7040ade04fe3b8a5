// Publisher: how a server's owner adds to the public log of the server's keys. Nothing that was published is ever
// written anew: what lies in the folder is checked first, whole, and the checkpoint is written last.
#pragma once

#include "files/files.h"
#include "identity/state_folder.h"
#include "keylog/memory.h"

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <span>

namespace cotter::keylog {

/// The name of the log that this key signs, and the key as clients need it. The name follows from the key, so that one
/// key never signs two logs.
[[nodiscard]] Result<audit::Verifier> verifier_of(EVP_PKEY* key);

class Publisher {
  public:
    /// The log of that state folder's key_log.key, made if there is none, in that folder, which may be new. Others who
    /// publish wait. Refuses (kFalse) where the folder's log is not what its checkpoint says, or not the one that was
    /// last published from here.
    [[nodiscard]] static Reading<Publisher> open(const identity::StateFolder& state, std::filesystem::path folder);

    [[nodiscard]] const std::vector<KeyEntry>& entries() const { return entries_; }
    [[nodiscard]] const audit::Verifier& key() const { return memory_.key(); }

    /// Adds them at the end; at least one. Where it fails, the log that was there before is still whole.
    [[nodiscard]] Reading<audit::SignedCheckpoint> append(std::span<const KeyEntry> added);

  private:
    Publisher(files::Lock lock, std::shared_ptr<EVP_PKEY> key, Memory memory, std::filesystem::path folder)
        : lock_(std::move(lock)), key_(std::move(key)), memory_(std::move(memory)), folder_(std::move(folder)) {}
    [[nodiscard]] Reading<void> check_tiles() const;
    [[nodiscard]] Result<void> write_files(std::span<const std::string> texts) const;
    void remove_parts(std::uint64_t old_size, std::uint64_t size) const;

    files::Lock lock_;
    std::shared_ptr<EVP_PKEY> key_;
    Memory memory_;
    std::filesystem::path folder_;
    std::optional<audit::SignedCheckpoint> before_;
    std::vector<KeyEntry> entries_;
};

/// Whether there is anything to say: `kMissing` says a key once, `kNewest` again where another has come since.
enum class Insist : std::uint8_t { kMissing, kNewest };

/// The entry that says `word` of that pin under that name; nothing where the log says so already.
[[nodiscard]] std::optional<KeyEntry> due_entry(const std::vector<KeyEntry>& entries, Word word, const KeyName& name,
                                                const Pin& pin, Insist insist, x509::Time now);

}  // namespace cotter::keylog
