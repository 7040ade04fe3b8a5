// Asking.
#include "cli/ask.h"

#include "cli/report.h"
#include "cli/terminal.h"
#include "service/first_contact.h"
#include "service/probe.h"
#include "service/wall_clock.h"

namespace cotter::cli {
namespace {

/// Whether all that stands between this server and trust is that nobody has confirmed its key. A weak or denied key is
/// not put to anybody.
bool is_only_unknown(const trust::Verdict& verdict) {
    return verdict.reasons.size() == 1 && verdict.first_reason().code == trust::ReasonCode::kContinuityUnknown;
}

int refuse(const Invocation& invocation, const service::ClientSettings& settings, trust::ReasonCode code,
           const std::string& why) {
    print_failure(invocation, trust::text_of(code),
                  "the server " + settings.server.to_string() + " is not trusted: " + why,
                  std::string(advice_on(code)));
    return kVerdict;
}

/// Puts the question, again where an answer is neither yes or no nor a pin.
service::Answer answer_at(const Terminal& terminal, const service::FirstContact& contact) {
    constexpr int kMostAsked = 3;
    std::string question = contact.question();
    for (int asked = 0; asked < kMostAsked; ++asked) {
        const auto line = terminal.ask(question);
        if (!line) {
            terminal.print("\n");
            return service::Answer::kNo;
        }
        const service::Answer answer = contact.understand(*line);
        if (answer != service::Answer::kUnclear) return answer;
        question = "That is neither yes or no nor a pin (cotter help pins). Pin, yes or no [no]: ";
    }
    return service::Answer::kNo;
}

}  // namespace

std::optional<int> ask_at_first_contact(const Invocation& invocation, const service::ClientSettings& settings,
                                        const trust::ServerPolicy& policy) {
    using trust::ReasonCode;
    // Where the owner has a log, nobody at a terminal knows better.
    if (policy.trust != trust::TrustMode::kAsk || settings.key_log) return std::nullopt;
    const HostPort host = settings.judged_host();
    const evidence::KnownPeers memory = settings.trust.memory();
    const auto remembered = memory.pins_of(host);
    if (!remembered) return report(invocation, remembered.error());
    if (!remembered->empty()) return std::nullopt;

    service::ClientSettings looking = settings;
    looking.identity.reset();
    const auto seen = service::probe(looking);
    if (!seen) return report(invocation, {settings.server.to_string(), {}}, seen.error());
    if (!is_only_unknown(seen->verdict)) return std::nullopt;
    const x509::Certificate& leaf = seen->peer.presented.front();
    const trust::NotaryFindings& notaries = settings.notaries;
    if (!trust::is_vouched_for(notaries, leaf, service::wall_clock_now())) {
        return refuse(invocation, settings, ReasonCode::kContinuityUnknown,
                      "nothing is remembered of its key, and " +
                          trust::tally_of(notaries, leaf, service::wall_clock_now()).text(notaries.quorum));
    }
    const auto terminal = Terminal::open();
    if (!terminal) {
        return refuse(invocation, settings, ReasonCode::kContinuityUnknown,
                      "nothing is remembered of its key, and there is no terminal to ask at");
    }
    switch (answer_at(
        *terminal, service::FirstContact(host, leaf, trust::sentences_of(notaries, leaf, service::wall_clock_now())))) {
        case service::Answer::kYes:
        case service::Answer::kRightPin: break;
        case service::Answer::kNo:
        case service::Answer::kUnclear:
            return refuse(invocation, settings, ReasonCode::kContinuityUnknown, "nobody confirmed its key");
        case service::Answer::kOtherPin:
            return refuse(invocation, settings, ReasonCode::kPinMismatch, "the pin that was given is not its key's");
        case service::Answer::kEchoed:
            return refuse(invocation, settings, ReasonCode::kContinuityUnknown,
                          "the answer was what the server itself shows, which says nothing of who it is");
    }
    const trust::Time now = service::wall_clock_now();
    if (auto kept = memory.remember(host, evidence::sighting_of(seen->peer.presented, now), now); !kept)
        return report(invocation, kept.error());
    terminal->print("The key is remembered for " + host.to_string() + ".\n");
    return std::nullopt;
}

}  // namespace cotter::cli
