// Reading what others remember: another known_peers, or GnuTLS's known_hosts.
#pragma once

#include "evidence/peer_list.h"

#include <cotter/error.h>

#include <filesystem>
#include <string_view>
#include <vector>

namespace cotter::evidence {

/// Every entry of a known_peers file, or of GnuTLS's known_hosts, which is told by how its lines begin. The whole of it
/// or an Error: a mark that isn't known might take back what another line says, and a line of GnuTLS that is about
/// every port or host, or that has an end, can't be said in known_peers. What GnuTLS knows was seen `now`, since its
/// file doesn't say when.
[[nodiscard]] Result<std::vector<PeerEntry>> peers_to_import(std::string_view text, std::string_view source,
                                                             trust::Time now);

/// The same of a file, or of standard input for "-". It need not be private: what it says is added only where somebody
/// asks.
[[nodiscard]] Result<std::vector<PeerEntry>> read_peers_to_import(const std::filesystem::path& path, trust::Time now);

}  // namespace cotter::evidence
