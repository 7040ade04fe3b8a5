// Runs one query over a pinned tunnel: libpq_client HOST:PORT PIN CONNINFO QUERY [CERTIFICATE KEY]
// With a certificate the server is `cotter serve` in front of PostgreSQL; without one it is PostgreSQL itself, asked
// for TLS in its own way.
#include <cotter/libpq.h>

#include <libpq-fe.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

int main(int argc, char** argv) {
    if (argc != 5 && argc != 7) {
        return std::cerr << "usage: libpq_client HOST:PORT PIN CONNINFO QUERY [CERTIFICATE KEY]\n", 2;
    }
    const auto server = cotter::HostPort::parse(argv[1]);
    if (!server) return std::cerr << server.error().why << "\n", 2;
    cotter::Tunnel::Settings settings{.server = *server, .pins = argv[2]};
    if (argc == 7) {
        settings.certificate = argv[5];
        settings.key = argv[6];
    } else {
        settings.start_tls = "postgres";
    }
    settings.on_failure = [](const std::string& why) { std::cerr << "no tunnel: " + why + "\n"; };
    const auto tunnel = cotter::libpq::tunnel(std::move(settings));
    if (!tunnel) return std::cerr << tunnel.error().what << ": " << tunnel.error().why << "\n", 2;

    const std::string where = cotter::libpq::address_of(*tunnel) + " " + argv[3];
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(where.c_str()), &PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) return std::cerr << PQerrorMessage(connection.get()), 3;
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), argv[4]), &PQclear);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return std::cerr << PQerrorMessage(connection.get()), 3;
    for (int row = 0; row < PQntuples(result.get()); ++row) std::cout << PQgetvalue(result.get(), row, 0) << "\n";
}
