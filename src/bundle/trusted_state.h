// TrustedState: what a client keeps of one bundle, in one file: the newest metadata, and what is used. It is replaced
// whole, by renaming, so that a crash at any moment leaves the old state or the new one (INVARIANTS A130, A134).
#pragma once

#include "bundle/repository.h"
#include "bundle/updater.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cotter::bundle {

struct Kept {
    std::string location;  ///< where the bundle is fetched from
    std::string anchor;    ///< SHA-256, in hex, of the root file that the trust began with
    Trusted trusted;
    std::optional<x509::Time> checked;  ///< when the bundle last said that this is the newest

    bool operator==(const Kept&) const = default;
};

class TrustedState {
  public:
    /// That of the bundle at `location`: a file of its own in `folder`, a private one.
    TrustedState(const std::filesystem::path& folder, const Location& location);

    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

    /// Nothing where there is none. A file that can't be read, or that isn't whole, is an Error and never a first time:
    /// else whoever breaks it could roll everything back.
    [[nodiscard]] Result<std::optional<Kept>> load() const;

    /// Puts `after` in the place of `before`, which load() gave, and gives true. Where another process has been
    /// quicker, and trusts something else by now, nothing is written, and false is given: load and update again. Where
    /// nothing but the time has changed, it is written once a minute.
    [[nodiscard]] Result<bool> replace(const std::optional<Kept>& before, const Kept& after) const;

    /// All that are in the folder, by location.
    [[nodiscard]] static Result<std::vector<Kept>> all_in(const std::filesystem::path& folder);

  private:
    std::filesystem::path folder_;
    std::filesystem::path file_;
};

}  // namespace cotter::bundle
