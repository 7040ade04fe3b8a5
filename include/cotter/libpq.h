// PostgreSQL's libpq, and libpqxx on top of it, through a tunnel: the server is judged by its pins, also where libpq's
// own TLS could not do that.
//
//     auto tunnel = cotter::libpq::tunnel({.server = *cotter::HostPort::parse("db.example:7432"), .pins = "sha256/…",
//                                          .certificate = "client.crt", .key = "client.key"});
//     PGconn* connection = PQconnectdb((cotter::libpq::address_of(*tunnel) + " dbname=app user=app").c_str());
//     pqxx::connection same(cotter::libpq::address_of(*tunnel) + " dbname=app user=app");
//
// The server is `cotter serve` in front of PostgreSQL, or, with `.start_tls = "postgres"`, PostgreSQL itself, of which
// SCRAM is then not to be had (docs/adapters.md).
#pragma once

#include <cotter/error.h>
#include <cotter/tunnel.h>

#include <string>
#include <utility>

namespace cotter::libpq {

/// A tunnel whose socket has the name that libpq looks for.
[[nodiscard]] inline Result<Tunnel> tunnel(Tunnel::Settings settings) {
    settings.socket_name = ".s.PGSQL.5432";
    return Tunnel::open(settings);
}

/// What a connection string begins with: host, which is the tunnel's folder, and port. PostgreSQL sees a local
/// connection, on which libpq speaks no TLS of its own.
[[nodiscard]] inline std::string address_of(const Tunnel& tunnel) {
    std::string host;
    // libpq's connection strings have quotes and backslashes escaped (PostgreSQL's manual, 34.1.1.1).
    for (const char character : tunnel.folder().string()) {
        if (character == '\'' || character == '\\') host += '\\';
        host += character;
    }
    return "host='" + host + "' port=5432";
}

}  // namespace cotter::libpq
