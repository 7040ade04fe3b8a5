// How what is remembered of servers, and changes to it, are printed.
#pragma once

#include "cli/invocation.h"
#include "evidence/peer_list.h"

#include <cstddef>
#include <string>

namespace cotter::cli {

/// Every line that says something; with `only`, those about that host and port.
void print_peers(const Invocation& invocation, const evidence::PeerList& peers, const HostPort* only, x509::Time now);

/// Whether a change was made or only tried.
enum class Trial : std::uint8_t { kNo, kDryRun };

void print_peer_added(const Invocation& invocation, const HostPort& peer, const Pin& pin, bool is_new, Trial trial);
void print_peer_forgotten(const Invocation& invocation, const HostPort& peer,
                          const evidence::PeerList::Forgotten& forgotten, Trial trial);
/// `hosts`: for how many hosts the key was remembered.
void print_key_revoked(const Invocation& invocation, const Pin& pin, std::size_t hosts, bool is_new, Trial trial);
void print_peers_imported(const Invocation& invocation, const std::string& source,
                          const evidence::PeerList::Imported& imported, Trial trial);

}  // namespace cotter::cli
