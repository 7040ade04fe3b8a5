// cotter version: which cotter, and which OpenSSL it runs on.
#include "cli/invocation.h"

#include <openssl/crypto.h>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {

void add_version(CLI::App& app, Invocation& invocation) {
    CLI::App* const command = app.add_subcommand("version", "Print the version");
    command->callback([&invocation] {
        invocation.run = [&invocation] {
            if (invocation.json) {
                std::cout << nlohmann::ordered_json{{"version", COTTER_VERSION},
                                                    {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)}}
                                 .dump()
                          << std::endl;
            } else {
                std::cout << "cotter " << COTTER_VERSION << ", OpenSSL " << OpenSSL_version(OPENSSL_VERSION_STRING)
                          << "\n";
            }
            return kDone;
        };
    });
}

}  // namespace cotter::cli
