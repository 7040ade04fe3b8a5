// Reading those options, and asking.
#include "cli/notary_options.h"

#include "cli/help_topics.h"

#include <CLI/Option.hpp>

namespace cotter::cli {

void NotaryOptions::add_to(CLI::App& command) {
    command
        .add_option("--notary", notaries, "HOST:PORT,PIN of a notary that is asked at first contact; may be repeated")
        ->allow_extra_args(false)
        ->type_name("NOTARY")
        ->group(std::string(kEvidenceGroup));
    command.add_option("--quorum", quorum, "How many notaries must see the server's key; else all")
        ->option_text("N")
        ->group(std::string(kEvidenceGroup));
    command.add_option("--notary-relay", relay, "The notary that questions to the others go through, sealed")
        ->type_name("NOTARY")
        ->group(std::string(kEvidenceGroup));
}

Result<observatory::InquirySettings> NotaryOptions::inquiry(const Invocation& invocation,
                                                            const identity::StateFolder& state) const {
    observatory::InquirySettings settings;
    auto parsed = observatory::parse_notaries(notaries);
    if (!parsed) return unexpected(parsed.error());
    settings.notaries = std::move(*parsed);
    if (settings.notaries.empty()) {
        return malformed("no_notary", "reading --quorum and --notary-relay", "they count only with --notary",
                         "name notaries: --notary HOST:PORT,PIN");
    }
    settings.quorum = quorum == 0 ? settings.notaries.size() : quorum;
    if (settings.quorum > settings.notaries.size()) {
        return malformed("quorum", "reading --quorum " + std::to_string(quorum),
                         "there are only " + std::to_string(settings.notaries.size()),
                         "name more notaries, or ask less");
    }
    if (!relay.empty()) {
        auto through = observatory::NotaryAddress::parse(relay);
        if (!through) return unexpected(through.error());
        for (const observatory::NotaryAddress& notary : settings.notaries) {
            if (notary.pin == through->pin)
                return malformed("notary_relay", "reading --notary-relay",
                                 "it is one of those that are asked, and would learn both who asks and what",
                                 "leave it out there, or here");
        }
        settings.relay = std::move(*through);
    }
    if (auto own = invocation.own_identity(state); !own) return unexpected(own.error());
    settings.identity = state.key_files();
    return settings;
}

Result<void> NotaryOptions::hear(const Invocation& invocation, const identity::StateFolder& state,
                                 const trust::ServerPolicy& policy, When when,
                                 service::ClientSettings& settings) const {
    if (!is_given()) return {};
    const auto asked = inquiry(invocation, state);
    if (!asked) return unexpected(asked.error());
    if (settings.server_name) {
        return malformed("notary_name", "reading --notary", "a notary asks a server by the name that it dials",
                         "leave --server-name out");
    }
    const bool is_by_contact = policy.trust == trust::TrustMode::kAcceptNew || policy.trust == trust::TrustMode::kAsk;
    if (when == When::kFirstContact && !is_by_contact) {
        return malformed(
            "notary_unused", "reading --notary",
            "this server is judged by " + std::string(trust::text_of(policy.trust)) + ", which has no first contact",
            "leave --notary out, or say --trust accept-new");
    }
    // Also where they are not asked now: if what is remembered goes, there is a first contact that nobody vouches for.
    settings.notaries.quorum = asked->quorum;
    if (when == When::kFirstContact) {
        const auto remembered = settings.trust.memory().pins_of(settings.judged_host());
        if (!remembered) return unexpected(remembered.error());
        if (!remembered->empty()) return {};
    }
    settings.notaries = observatory::inquire(*asked, {.server = settings.server, .start_tls = settings.start_tls});
    return {};
}

}  // namespace cotter::cli
