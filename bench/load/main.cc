// load: the work that the benchmarks give to proxies, and the backend behind them. bench/run.py calls it.
#include "backend.h"
#include "drive.h"
#include "service/process.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <iostream>
#include <optional>

namespace cotter::load {
namespace {

struct Options {
    Drive drive;
    std::string certificate;
    std::string key;
    std::uint64_t size = 64;
    bool resume = false;
    bool up = false;
    bool down = false;
};

int complain(const Error& error) {
    std::cerr << "load: " << error.what << ": " << error.why << "\n";
    return 1;
}

int run(int argc, char** argv) {
    Options options;
    CLI::App app("The load of cotter's benchmarks");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--port", options.drive.port, "Of the proxy, or the backend's own")->required();
    app.add_option("--certificate", options.certificate, "PEM; none: plain TCP");
    app.add_option("--key", options.key, "PEM");
    app.add_option("--connections", options.drive.connections, "Open at once");
    app.add_option("--count", options.drive.count, "Connections, echoes, or octets of bulk");
    const CLI::App* const backend = app.add_subcommand("backend", "Serve what the others ask");
    CLI::App* const handshakes = app.add_subcommand("handshakes", "Connect, one octet, end");
    handshakes->add_flag("--resume", options.resume, "Resume sessions");
    const CLI::App* const strangers = app.add_subcommand("strangers", "Be refused");
    CLI::App* const bulk = app.add_subcommand("bulk", "Move octets");
    bulk->add_flag("--up", options.up, "To the backend");
    bulk->add_flag("--down", options.down, "From the backend");
    CLI::App* const echo = app.add_subcommand("echo", "Have lots echoed");
    echo->add_option("--size", options.size, "Octets of a lot");
    const CLI::App* const idle = app.add_subcommand("idle", "Hold connections till standard input ends");
    const CLI::App* const flood = app.add_subcommand("flood", "Attack till standard input ends");
    CLI11_PARSE(app, argc, argv);

    static_cast<void>(service::raise_descriptor_limit());
    std::optional<Tls> tls;
    if (!options.certificate.empty()) {
        auto made = Tls::make(*backend ? Tls::Side::kServer : Tls::Side::kClient, options.certificate, options.key);
        if (!made) return complain(made.error());
        tls.emplace(std::move(*made));
        options.drive.tls = &*tls;
    }
    if (*backend) {
        const auto served = run_backend(options.drive.port, options.drive.tls);
        return served ? 0 : complain(served.error());
    }
    Tally tally;
    if (*handshakes) tally = drive_handshakes(options.drive, options.resume);
    if (*strangers) tally = drive_strangers(options.drive);
    if (*bulk) tally = drive_bulk(options.drive, options.up, options.down);
    if (*echo) tally = drive_echo(options.drive, options.size);
    if (*idle) tally = drive_idle(options.drive);
    if (*flood) tally = drive_flood(options.drive);
    std::cout << tally.to_json() << std::endl;
    return 0;
}

}  // namespace
}  // namespace cotter::load

int main(int argc, char** argv) {
    return cotter::load::run(argc, argv);
}
