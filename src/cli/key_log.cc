// Reading --key-log and --key-log-key, and telling what is wrong with a log.
#include "cli/key_log.h"

#include "cli/help_topics.h"
#include "cli/report.h"
#include "files/files.h"
#include "identity/succession.h"
#include "text/encoding.h"

#include <CLI/Option.hpp>

#include <algorithm>

namespace cotter::cli {

Result<audit::Verifier> log_key_from(const std::string& argument) {
    constexpr std::size_t kMostKeyOctets = 4096;
    auto key = audit::Verifier::parse(argument);
    if (key || std::ranges::count(argument, '+') >= 2) return key;
    const auto content = files::read(argument, kMostKeyOctets);
    if (!content) return unexpected(content.error());
    std::string text = text::of_octets(*content);
    return audit::Verifier::parse(text.substr(0, text.find_first_of("\r\n")));
}

void KeyLogOptions::add_to(CLI::App& command) {
    command.add_option("--key-log", log, "The log of the server's keys, for one that is not remembered")
        ->type_name("URL|DIR")
        ->group(std::string(kEvidenceGroup));
    command.add_option("--key-log-key", key, "Whose signature the log must have")
        ->type_name("KEY|FILE")
        ->group(std::string(kEvidenceGroup));
}

Result<void> KeyLogOptions::apply(const identity::StateFolder& state, service::ClientSettings& settings) const {
    if (log.empty() && key.empty()) return {};
    if (log.empty() || key.empty()) {
        return malformed("half_key_log", "reading --key-log and --key-log-key", "one of the two is missing",
                         "give both: whoever serves the log must not choose whose signature counts");
    }
    auto location = keylog::Location::parse(log);
    if (!location) return unexpected(location.error());
    auto verifier = log_key_from(key);
    if (!verifier) return unexpected(verifier.error());
    settings.key_log = service::KeyLogSettings{std::move(*location), keylog::Memory(state, std::move(*verifier))};
    settings.trust.has_key_log = true;
    return {};
}

Result<void> check_key_log(const service::ClientSettings& settings, const trust::ServerPolicy& policy) {
    if (!settings.key_log || trust::is_continuity(policy.trust)) return {};
    return malformed(
        "key_log_unused", "reading --key-log",
        "this server is judged by " + std::string(trust::text_of(policy.trust)) + ", which asks no log of its keys",
        "leave --key-log out, or say --trust strict");
}

Result<std::vector<Pin>> own_server_pins(const Invocation& invocation, const identity::StateFolder& state) {
    std::vector<Pin> pins;
    if (files::is_there(state.key_file())) {
        const auto own = invocation.own_identity(state);
        if (!own) return unexpected(own.error());
        pins.push_back(own->pin());
    }
    const auto next = identity::Succession(state, identity::KeyRole::kServer).next();
    if (!next) return unexpected(next.error());
    if (*next) pins.push_back((*next)->pin());
    return pins;
}

int report_log_fault(const Invocation& invocation, const std::string& where, const keylog::LogFault& fault) {
    const bool is_false = fault.kind == keylog::LogFault::Kind::kFalse;
    print_failure(
        invocation, fault.code,
        std::string("the key log at ") + where + (is_false ? " is FALSE: " : " can't be used: ") + fault.message,
        is_false ? "trust no key by it; ask the log's owner, by another way than this network, and keep what "
                   "was served: cotter's docs/key-log.md says what each fault means"
                 : "check the address, the folder and --key, and try again");
    return is_false ? kVerdict : kCouldNot;
}

}  // namespace cotter::cli
