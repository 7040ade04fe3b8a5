// The C interface: each function hands its arguments to the C++ face, and keeps every exception in.
#include <cotter.h>

#include <cotter/admission.h>
#include <cotter/certificate.h>
#include <cotter/openssl.h>
#include <cotter/policy.h>
#include <cotter/server_verifier.h>
#include <cotter/version.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

using cotter::Bytes;
using cotter::Result;

struct cotter_error {
    std::string code;
    std::string message;
};
struct cotter_policy {
    cotter::Policy policy;
};
struct cotter_verifier {
    cotter::ServerVerifier verifier;
};
struct cotter_admission {
    cotter::Admission admission;
};
struct cotter_verdict {
    explicit cotter_verdict(cotter::Verdict of)
        : verdict(std::move(of)), text(verdict.to_string()), reasons(verdict.reasons()) {
        client_name = verdict.client_name();
        if (const auto matched = verdict.matched()) matched_pin = matched->pin.to_string();
    }
    cotter::Verdict verdict;
    std::string text;
    std::vector<cotter::Reason> reasons;
    std::string client_name;
    std::string matched_pin;
};

namespace {

void put(cotter_error** where, const cotter::Error& error) {
    if (where == nullptr) return;
    std::string message = error.what + ": " + error.why;
    if (!error.next.empty()) message += " (" + error.next + ")";
    *where = new cotter_error{error.code, std::move(message)};
}

/// What `make` gives, or `otherwise` with the error put in its place.
template <class T, class Make>
T guarded(cotter_error** error, T otherwise, const Make& make) noexcept {
    if (error != nullptr) *error = nullptr;
    try {
        Result<T> made = make();
        if (made) return *made;
        put(error, made.error());
    } catch (...) {
        // Memory ran out; there is none for an error, either.
    }
    return otherwise;
}

cotter::unexpected<cotter::Error> missing(const char* what) {
    return cotter::malformed("null_argument", std::string("reading ") + what, "it is NULL", "give one");
}

Result<std::string_view> text_of(const char* text, const char* what) {
    if (text == nullptr) return missing(what);
    return std::string_view(text);
}

Bytes octets_of(const uint8_t* data, size_t size) {
    return data == nullptr ? Bytes() : Bytes(reinterpret_cast<const std::byte*>(data), size);
}

Result<char*> copy_of(const std::string& text) {
    auto* const copy = static_cast<char*>(std::malloc(text.size() + 1));
    if (copy == nullptr) throw std::bad_alloc();
    std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

Result<cotter::HostPort> server_of(const char* text) {
    const auto given = text_of(text, "the server");
    if (!given) return cotter::unexpected<cotter::Error>(given.error());
    return cotter::HostPort::parse(*given);
}

/// NULL: it has none.
Result<std::optional<cotter::IpAddress>> source_of(const char* text) {
    if (text == nullptr) return std::optional<cotter::IpAddress>();
    const auto address = cotter::IpAddress::parse(text);
    if (!address) return cotter::unexpected<cotter::Error>(address.error());
    return std::optional(*address);
}

Result<cotter::TlsVersion> version_of(cotter_tls_version version) {
    switch (version) {
        case COTTER_TLS_1_2: return cotter::TlsVersion::kTls12;
        case COTTER_TLS_1_3: return cotter::TlsVersion::kTls13;
    }
    return cotter::malformed("bad_tls_version", "reading the TLS version", "there is no such version",
                             "give COTTER_TLS_1_3 or COTTER_TLS_1_2");
}

Result<cotter::Presented> presented_of(const cotter_presented* given) {
    if (given == nullptr || (given->count > 0 && (given->certificates == nullptr || given->sizes == nullptr))) {
        return missing("what was presented");
    }
    const auto version = version_of(given->version);
    if (!version) return cotter::unexpected<cotter::Error>(version.error());
    cotter::Presented presented;
    presented.is_key_proven = given->is_key_proven != 0;
    presented.version = *version;
    for (size_t i = 0; i < given->count; ++i) {
        const Bytes der = octets_of(given->certificates[i], given->sizes[i]);
        presented.chain.emplace_back(der.begin(), der.end());
    }
    return presented;
}

/// A handle of what a function of the C++ face gives.
template <class Handle, class Value>
Result<Handle*> handle_of(Result<Value> made) {
    if (!made) return cotter::unexpected<cotter::Error>(made.error());
    return new Handle{*std::move(made)};
}

/// 0 of what has gone well.
Result<int> done(const Result<void>& outcome) {
    if (!outcome) return cotter::unexpected<cotter::Error>(outcome.error());
    return 0;
}

const char* or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

}  // namespace

const char* cotter_version(void) {
    return cotter::version();
}

void cotter_text_free(char* text) {
    std::free(text);
}

const char* cotter_error_code(const cotter_error* error) {
    return error == nullptr ? nullptr : error->code.c_str();
}
const char* cotter_error_message(const cotter_error* error) {
    return error == nullptr ? nullptr : error->message.c_str();
}
void cotter_error_free(cotter_error* error) {
    delete error;
}

char* cotter_pin_parse(const char* text, cotter_error** error) {
    return guarded<char*>(error, nullptr, [&]() -> Result<char*> {
        const auto given = text_of(text, "a pin");
        if (!given) return cotter::unexpected<cotter::Error>(given.error());
        const auto pin = cotter::Pin::parse(*given);
        if (!pin) return cotter::unexpected<cotter::Error>(pin.error());
        return copy_of(pin->to_string());
    });
}

char* cotter_pin_of_certificate(const uint8_t* der, size_t size, cotter_pin_target target, cotter_pin_form form,
                                cotter_error** error) {
    return guarded<char*>(error, nullptr, [&]() -> Result<char*> {
        const auto certificate = cotter::Certificate::parse(octets_of(der, size));
        if (!certificate) return cotter::unexpected<cotter::Error>(certificate.error());
        const bool is_known = target >= COTTER_PIN_SPKI && target <= COTTER_PIN_KEY && form >= COTTER_PIN_SHA256 &&
                              form <= COTTER_PIN_DER;
        const auto pin =
            is_known ? certificate->pin(static_cast<cotter::PinTarget>(target), static_cast<cotter::PinForm>(form))
                     : std::nullopt;
        if (!pin) {
            return cotter::malformed("no_such_pin", "making a pin of a certificate",
                                     "it has none of that target and form", "pin its SubjectPublicKeyInfo");
        }
        return copy_of(pin->to_string());
    });
}

int cotter_pin_matches(const char* pin, const uint8_t* der, size_t size, cotter_error** error) {
    return guarded<int>(error, -1, [&]() -> Result<int> {
        const auto given = text_of(pin, "a pin");
        if (!given) return cotter::unexpected<cotter::Error>(given.error());
        const auto parsed = cotter::Pin::parse(*given);
        if (!parsed) return cotter::unexpected<cotter::Error>(parsed.error());
        const auto certificate = cotter::Certificate::parse(octets_of(der, size));
        if (!certificate) return cotter::unexpected<cotter::Error>(certificate.error());
        return certificate->matches(*parsed) ? 1 : 0;
    });
}

cotter_policy* cotter_policy_of_pins(const char* pins, cotter_error** error) {
    return guarded<cotter_policy*>(error, nullptr, [&]() -> Result<cotter_policy*> {
        const auto given = text_of(pins, "pins");
        if (!given) return cotter::unexpected<cotter::Error>(given.error());
        return handle_of<cotter_policy>(cotter::Policy::of_pins(*given));
    });
}

cotter_policy* cotter_policy_read(const char* path, cotter_error** error) {
    return guarded<cotter_policy*>(error, nullptr, [&]() -> Result<cotter_policy*> {
        const auto given = text_of(path, "the policy file's path");
        if (!given) return cotter::unexpected<cotter::Error>(given.error());
        return handle_of<cotter_policy>(cotter::Policy::read(std::filesystem::path(*given)));
    });
}

cotter_policy* cotter_policy_parse(const char* text, const char* source, cotter_error** error) {
    return guarded<cotter_policy*>(error, nullptr, [&]() -> Result<cotter_policy*> {
        const auto given = text_of(text, "a policy");
        if (!given) return cotter::unexpected<cotter::Error>(given.error());
        return handle_of<cotter_policy>(cotter::Policy::parse(*given, source == nullptr ? "policy" : source));
    });
}

int cotter_policy_covers(const cotter_policy* policy, const char* server, cotter_error** error) {
    return guarded<int>(error, -1, [&]() -> Result<int> {
        if (policy == nullptr) return missing("the policy");
        const auto host = server_of(server);
        if (!host) return cotter::unexpected<cotter::Error>(host.error());
        return policy->policy.covers(*host) ? 1 : 0;
    });
}

void cotter_policy_free(cotter_policy* policy) {
    delete policy;
}

cotter_verifier* cotter_verifier_new(const cotter_policy* policy, const char* roots, const char* known_peers,
                                     cotter_tls_version minimum, cotter_error** error) {
    return guarded<cotter_verifier*>(error, nullptr, [&]() -> Result<cotter_verifier*> {
        if (policy == nullptr) return missing("the policy");
        const auto version = version_of(minimum);
        if (!version) return cotter::unexpected<cotter::Error>(version.error());
        cotter::ServerVerifier::Settings settings{.policy = policy->policy, .minimum_version = *version};
        if (roots != nullptr) settings.roots = roots;
        if (known_peers != nullptr) settings.known_peers = known_peers;
        return handle_of<cotter_verifier>(cotter::ServerVerifier::make(settings));
    });
}

cotter_verdict* cotter_verifier_verify(const cotter_verifier* verifier, const char* server,
                                       const cotter_presented* presented, int64_t now, cotter_error** error) {
    return guarded<cotter_verdict*>(error, nullptr, [&]() -> Result<cotter_verdict*> {
        if (verifier == nullptr) return missing("the verifier");
        const auto host = server_of(server);
        if (!host) return cotter::unexpected<cotter::Error>(host.error());
        const auto shown = presented_of(presented);
        if (!shown) return cotter::unexpected<cotter::Error>(shown.error());
        const std::chrono::sys_seconds time{std::chrono::seconds(now)};
        return new cotter_verdict(verifier->verifier.verify(*host, *shown, time));
    });
}

void cotter_verifier_free(cotter_verifier* verifier) {
    delete verifier;
}

cotter_admission* cotter_admission_open(const char* registry, const char* client_ca, const char* service,
                                        void (*on_change)(void* argument), void* argument, cotter_error** error) {
    return guarded<cotter_admission*>(error, nullptr, [&]() -> Result<cotter_admission*> {
        const auto url = text_of(registry, "the registry");
        if (!url) return cotter::unexpected<cotter::Error>(url.error());
        cotter::Admission::Settings settings;
        settings.registry = *url;
        if (client_ca != nullptr) settings.client_ca = client_ca;
        if (service != nullptr) settings.service = service;
        if (on_change != nullptr) settings.on_change = [on_change, argument] { on_change(argument); };
        return handle_of<cotter_admission>(cotter::Admission::open(settings));
    });
}

cotter_verdict* cotter_admission_judge(const cotter_admission* admission, const cotter_presented* presented,
                                       const char* source, cotter_error** error) {
    return guarded<cotter_verdict*>(error, nullptr, [&]() -> Result<cotter_verdict*> {
        if (admission == nullptr) return missing("the admission");
        const auto shown = presented_of(presented);
        if (!shown) return cotter::unexpected<cotter::Error>(shown.error());
        const auto from = source_of(source);
        if (!from) return cotter::unexpected<cotter::Error>(from.error());
        return new cotter_verdict(admission->admission.judge(*shown, *from));
    });
}

int cotter_admission_still_admits(const cotter_admission* admission, const cotter_verdict* verdict,
                                  const char* source) {
    return guarded<int>(nullptr, 0, [&]() -> Result<int> {
        if (admission == nullptr || verdict == nullptr) return 0;
        const auto from = source_of(source);
        return from && admission->admission.still_admits(verdict->verdict, *from) ? 1 : 0;
    });
}

void cotter_admission_free(cotter_admission* admission) {
    delete admission;
}

int cotter_openssl_attach_verifier(struct ssl_ctx_st* context, const cotter_verifier* verifier, cotter_error** error) {
    return guarded<int>(error, -1, [&]() -> Result<int> {
        if (verifier == nullptr) return missing("the verifier");
        return done(cotter::openssl::attach(context, verifier->verifier));
    });
}

int cotter_openssl_attach_admission(struct ssl_ctx_st* context, const cotter_admission* admission,
                                    cotter_error** error) {
    return guarded<int>(error, -1, [&]() -> Result<int> {
        if (admission == nullptr) return missing("the admission");
        return done(cotter::openssl::attach(context, admission->admission));
    });
}

int cotter_openssl_expect(struct ssl_st* ssl, const char* server, cotter_error** error) {
    return guarded<int>(error, -1, [&]() -> Result<int> {
        if (ssl == nullptr) return missing("the connection");
        const auto host = server_of(server);
        if (!host) return cotter::unexpected<cotter::Error>(host.error());
        return done(cotter::openssl::expect(ssl, *host));
    });
}

cotter_verdict* cotter_openssl_verdict_of(struct ssl_st* ssl) {
    return guarded<cotter_verdict*>(nullptr, nullptr, [&]() -> Result<cotter_verdict*> {
        if (ssl == nullptr) return missing("the connection");
        return new cotter_verdict(cotter::openssl::verdict_of(ssl));
    });
}

cotter_outcome cotter_verdict_outcome(const cotter_verdict* verdict) {
    if (verdict == nullptr) return COTTER_REFUSED;
    switch (verdict->verdict.outcome()) {
        case cotter::Outcome::kTrusted: return COTTER_TRUSTED;
        case cotter::Outcome::kReported: return COTTER_REPORTED;
        case cotter::Outcome::kRefused: return COTTER_REFUSED;
    }
    return COTTER_REFUSED;
}

int cotter_verdict_lets_pass(const cotter_verdict* verdict) {
    return verdict != nullptr && verdict->verdict.lets_pass() ? 1 : 0;
}
const char* cotter_verdict_text(const cotter_verdict* verdict) {
    return verdict == nullptr ? nullptr : verdict->text.c_str();
}
size_t cotter_verdict_reason_count(const cotter_verdict* verdict) {
    return verdict == nullptr ? 0 : verdict->reasons.size();
}
const char* cotter_verdict_reason_code(const cotter_verdict* verdict, size_t index) {
    return index < cotter_verdict_reason_count(verdict) ? verdict->reasons[index].code.data() : nullptr;
}
const char* cotter_verdict_reason_message(const cotter_verdict* verdict, size_t index) {
    return index < cotter_verdict_reason_count(verdict) ? verdict->reasons[index].message.c_str() : nullptr;
}
const char* cotter_verdict_client_name(const cotter_verdict* verdict) {
    return verdict == nullptr ? nullptr : or_null(verdict->client_name);
}
const char* cotter_verdict_matched_pin(const cotter_verdict* verdict) {
    return verdict == nullptr ? nullptr : or_null(verdict->matched_pin);
}
int64_t cotter_verdict_valid_until(const cotter_verdict* verdict) {
    const auto until = verdict == nullptr ? std::nullopt : verdict->verdict.valid_until();
    return until ? until->time_since_epoch().count() : -1;
}
void cotter_verdict_free(cotter_verdict* verdict) {
    delete verdict;
}
