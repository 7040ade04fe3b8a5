// The tool: reads the call, runs the command that it names, gives its exit code.
#include "cli/command_tree.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/report.h"
#include "service/process.h"
#include "x509/library_version.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

namespace {

/// A descriptor 0, 1 or 2 that was closed by whoever started us would be given to the next socket or file, and what is
/// meant for standard output would go there. In its place: an input at its end, an output that takes nothing.
void keep_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) >= 0) continue;
        if (::open(descriptor == STDOUT_FILENO ? "/dev/full" : "/dev/null", O_RDWR) != descriptor) std::abort();
    }
}

/// What CLI11 found wrong with the call, in our words and with our exit code.
int report_bad_call(const CLI::App& app, const cotter::cli::Invocation& invocation,
                    const std::vector<std::string>& arguments, const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
    return cotter::cli::report(invocation, cotter::cli::explain_bad_call(app, arguments, error));
}

}  // namespace

int main(int argc, char** argv) {
    using namespace cotter::cli;
    keep_standard_descriptors();
    cotter::service::ignore_ambient_openssl_configuration();
    std::signal(SIGPIPE, SIG_IGN);

    Invocation invocation;
    if (const auto library = cotter::x509::check_library(OpenSSL_version_num()); !library)
        return report(invocation, library.error());
    CLI::App app("cotter: pinned mutual TLS for any TCP stream. You know who is at the other end\nby their key.",
                 "cotter");
    app.formatter(help_formatter());
    app.footer(
        "A tunnel:\n"
        "  server$ cotter serve --listen 7000 --to 127.0.0.1:6379\n"
        "  server$ cotter invite alice              (in a second terminal: prints CODE)\n"
        "  client$ cotter join CODE --listen 6379");
    app.fallthrough();
    app.require_subcommand(0, 1);
    app.set_help_flag("-h,--help", "Explain; after a command: that command");
    app.add_flag("--json", invocation.json, "One JSON document on standard output");
    app.add_option("--state", invocation.state, "Folder of identity, registry, known_peers")->type_name("DIR");
    app.add_option("--key-type", invocation.key_type, "Key made where there is none: p256, ed25519, rsa3072")
        ->check(listed_words({"p256", "ed25519", "rsa3072"}))
        ->option_text("TYPE");
    add_serve(app, invocation);
    add_check(app, invocation);
    add_status(app, invocation);
    add_explain(app, invocation);
    add_connect(app, invocation);
    add_invite(app, invocation);
    add_join(app, invocation);
    add_client(app, invocation);
    add_ca(app, invocation);
    add_id(app, invocation);
    add_rotate(app, invocation);
    add_renew(app, invocation);
    add_pin(app, invocation);
    add_inspect(app, invocation);
    add_convert(app, invocation);
    add_verify(app, invocation);
    add_survey(app, invocation);
    add_watch(app, invocation);
    add_notary(app, invocation);
    add_policy(app, invocation);
    add_bundle(app, invocation);
    add_peers(app, invocation);
    add_log(app, invocation);
    add_completion(app, invocation);
    add_version(app, invocation);
    add_help(app, invocation);
    for (const char* const seldom : {"check", "inspect", "convert", "policy", "bundle", "peers", "survey", "watch",
                                     "notary", "completion", "version"})
        app.get_subcommand(seldom)->group(std::string(kSeldomUsed));
    try {
        app.parse(argc, argv);
        if (!invocation.run) {
            std::cout << app.help();
            return kDone;
        }
        return invocation.run();
    } catch (const CLI::ParseError& error) {
        return report_bad_call(app, invocation, {argv + 1, argv + argc}, error);
    } catch (const std::exception& fault) {
        return report(invocation,
                      cotter::Error{cotter::ErrorKind::kFailed,
                                    "fault",
                                    "running the command",
                                    fault.what(),
                                    "this is a fault of cotter: please report it with the command that shows it",
                                    {}});
    }
}
