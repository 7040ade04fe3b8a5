// A postgresql:// URL: what is refused of it before a connection is made, and of a connection before it says
// anything.
#pragma once

#include <cotter/error.h>

#include <libpq-fe.h>

#include <string>

namespace cotter::registry {

[[nodiscard]] bool names_postgresql(std::string_view url);  ///< "postgresql://…", "postgres://…"

/// Refused: what libpq can't read; a password in it, which every user of the machine could read in the list of
/// processes (INVARIANT A157); a server on another machine that nothing would prove. No Error quotes the URL: a
/// password may be in it.
[[nodiscard]] Result<void> check_postgresql_url(const std::string& url);

/// Whether the server's end is proven: a connection over TCP to another machine has to verify the server's certificate
/// and name (sslmode=verify-full), whatever said otherwise, a service file among them (INVARIANT A195). Asked of a
/// connection that was begun and has sent nothing yet.
[[nodiscard]] Result<void> check_server_is_proven(PGconn& connection, const std::string& what);

}  // namespace cotter::registry
