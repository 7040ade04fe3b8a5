// Entries of a policy as JSON, in the words of policy.toml.
#pragma once

#include "trust/policy_set.h"

#include <nlohmann/json_fwd.hpp>

namespace cotter::cli {

/// {"name":"db.example.com","port":5432,"trust":"pins",…,"pins":[{"pin":"sha256/…","role":"primary",…}],"deny":[…]}
[[nodiscard]] nlohmann::ordered_json entry_json(const trust::PolicyEntry& entry);

}  // namespace cotter::cli
