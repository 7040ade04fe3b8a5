// Looking a host's TLSA records up: which names are asked, in which order, and until when.
#pragma once

#include "evidence/dane_resolver.h"
#include "stream/reactor.h"
#include "trust/tlsa.h"

#include <cotter/host_name.h>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace cotter::service {

/// The records at `_PORT._tcp.HOST`. Where DNSSEC shows that the host is an alias, the name that it leads to is asked
/// first, and the host's own only if there are none (RFC 7671, section 7). No reactor waits for it. An answer that is
/// not there within `timeout` is kError, and so is one for an address, which has no records.
[[nodiscard]] boost::asio::awaitable<trust::DaneAnswer> look_up_dane(stream::Reactor& reactor,
                                                                     std::shared_ptr<evidence::DaneResolver> resolver,
                                                                     HostPort host, std::chrono::milliseconds timeout);

}  // namespace cotter::service
