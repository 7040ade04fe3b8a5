// Reading what others remember: another known_peers.
#pragma once

#include "evidence/peer_list.h"

#include <cotter/error.h>

#include <filesystem>
#include <vector>

namespace cotter::evidence {

/// Every entry of a known_peers file, or of standard input for "-". The whole of it or an Error: a mark that isn't
/// known might take back what another line says. It need not be private: what it says is added only where somebody
/// asks.
[[nodiscard]] Result<std::vector<PeerEntry>> read_peers_to_import(const std::filesystem::path& path, trust::Time now);

}  // namespace cotter::evidence
