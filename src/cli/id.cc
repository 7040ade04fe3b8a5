// cotter id: this side's own pins, and the line that a server's owner needs.
#include "cli/certificate_json.h"
#include "cli/invocation.h"
#include "cli/report.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

int run(const Invocation& invocation) {
    auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto identity = invocation.own_identity(*state);
    if (!identity) return report(invocation, identity.error());
    const std::string pin = identity->pin().to_string();
    const std::string line = "cotter client add NAME " + pin;
    if (invocation.json) {
        nlohmann::ordered_json document{{"pin", pin}, {"key", identity->certificate().public_key().description()}};
        document["pins"] = pins_json(identity->certificate());
        document["add"] = line;
        document["state"] = state->path().string();
        std::cout << document.dump() << std::endl;
        return kDone;
    }
    std::cout << pin << "\n";
    std::cerr << "as a client, send the server's owner this line:\n  " << line
              << "\nas a server, clients pin it with:\n  --pin " << pin << "\n";
    return kDone;
}

}  // namespace

void add_id(CLI::App& app, Invocation& invocation) {
    CLI::App* const command = app.add_subcommand("id", "Print this side's own pin");
    command->footer("Examples:\n  cotter id\n  cotter id --json");
    command->callback([&invocation] { invocation.run = [&invocation] { return run(invocation); }; });
}

Result<identity::KeyChoice> Invocation::key_choice() const {
    if (const auto choice = identity::key_choice_from(key_type)) return *choice;
    return malformed("bad_key_type", "reading --key-type", "there is no such type", "write p256, ed25519 or rsa3072");
}

Result<identity::Identity> Invocation::own_identity(const identity::StateFolder& folder) const {
    const auto choice = key_choice();
    if (!choice) return unexpected(choice.error());
    auto own = folder.own_identity(*choice, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    if (!own) return unexpected(own.error());
    if (own->made_now) std::cerr << "made a key for this side in " << folder.key_file().string() << "\n";
    return std::move(own->identity);
}

}  // namespace cotter::cli
