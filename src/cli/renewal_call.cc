// One question to a server, and what its refusals mean to a client's owner.
#include "cli/renewal_call.h"

#include "cli/client_options.h"
#include "cli/report.h"
#include "identity/key_proof.h"

namespace cotter::cli {

using service::ControlRefusal;

OrExit<service::Controlled> RenewalCall::ask(const HostPort& server, service::IdentityFiles identity,
                                             const Pin& own_pin, const service::MakeRequest& make_request) const {
    service::ClientSettings settings = usual_;
    settings.server = server;
    settings.identity = std::move(identity);
    const auto policy = service::choose_policy(settings.trust, server);
    if (!policy) return unexpected(report(invocation_, policy.error()));
    if (!*policy) return unexpected(report_no_policy(invocation_, server.to_string()));
    auto answered = service::control(settings, make_request);
    if (!answered) return unexpected(report(invocation_, {server.to_string(), own_pin.to_string()}, answered.error()));
    return std::move(*answered);
}

OrExit<service::ControlAnswer> RenewalCall::must(const HostPort& server, service::IdentityFiles identity,
                                                 const Pin& own_pin, const service::MakeRequest& make_request) const {
    auto answered = ask(server, std::move(identity), own_pin, make_request);
    if (!answered) return unexpected(answered.error());
    if (answered->answer.refused) return unexpected(report(invocation_, renewal_refusal(server, *answered)));
    return std::move(answered->answer);
}

Error renewal_refusal(const HostPort& server, const service::Controlled& answered) {
    Error error{ErrorKind::kFailed,
                "renewal_" + std::string(text_of(*answered.answer.refused)),
                "renewing at " + server.to_string() + " (connection " + answered.connection_id + ")",
                {},
                "ask the server's owner, with the connection id",
                {}};
    switch (*answered.answer.refused) {
        case ControlRefusal::kUnknown: error.why = "the server does not know how"; break;
        case ControlRefusal::kForbidden:
            error.why = "the server's owner wants no key changed without him (--no-renewal)";
            error.next = "make a key in another state folder, and send him its line (cotter --state DIR id)";
            break;
        case ControlRefusal::kNotListed:
            error.why = "the server admits this key by its certificate, not by its list of clients";
            error.next = "have whoever issued the certificate issue another (cotter ca sign)";
            break;
        case ControlRefusal::kKeyRefused:
            error.why = "the server does not take the next key: it belongs to somebody else or was revoked";
            break;
        case ControlRefusal::kTooManyKeys:
            error.why = "too many keys are registered under this client's name";
            error.next = "have the server's owner drop those that are not used (cotter client drop-key)";
            break;
        case ControlRefusal::kUnavailable:
            error.why = "the server's registry did not answer";
            error.next = "run cotter renew again later: it goes on where it stopped";
            break;
        case ControlRefusal::kNotOurs:
            error.why = "the server's authority does not renew this certificate: it is not its own, revoked, or past";
            error.next = "have the server's owner issue another (cotter ca issue, cotter ca sign)";
            break;
        case ControlRefusal::kTooEarly:
            error.why = "half of the certificate's life has not passed";
            error.next = "run it again later, or by cron with --if-due";
            break;
        case ControlRefusal::kNotLater:
            error.why = "the authority, or this client's admission, ends no later than the certificate does";
            error.next = "the server's owner prolongs it (cotter ca renew)";
            break;
    }
    return error;
}

Result<service::ControlRequest> ask_name(const tls::ControlChannel& /*channel*/) {
    return service::AskName{};
}

Result<service::ControlRequest> finish_renewal(const tls::ControlChannel& /*channel*/) {
    return service::FinishRenewal{};
}

Result<ByteVector> prove_next_key(const identity::Identity& next, const x509::PublicKey& present,
                                  const tls::ControlChannel& channel) {
    const auto session = channel.session_binding();
    if (!session) return failed("key_proof", "proving the next key", "the connection has nothing to bind it to");
    return identity::prove_key(next, {identity::KeyRole::kClient, present, *session});
}

}  // namespace cotter::cli
