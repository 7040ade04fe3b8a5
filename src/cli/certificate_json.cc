// Building the documents.
#include "cli/certificate_json.h"

#include "text/time.h"

#include <nlohmann/json.hpp>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Kind {
    const char* name;
    PinTarget target;
    PinForm form;
};
constexpr Kind kKinds[] = {{"spki-sha256", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256},
                           {"spki-sha512", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512},
                           {"cert-sha256", PinTarget::kCertificate, PinForm::kSha256},
                           {"key-sha256", PinTarget::kKey, PinForm::kSha256}};

}  // namespace

Json pins_json(const x509::Certificate& certificate) {
    Json pins = Json::object();
    for (const Kind& kind : kKinds) {
        if (const auto pin = certificate.pin(kind.target, kind.form)) pins[kind.name] = pin->to_string();
    }
    return pins;
}

Json pins_json(const x509::PublicKey& key) {
    Json pins = Json::object();
    for (const Kind& kind : kKinds) {
        if (const auto pin = x509::pin_of(key, kind.target, kind.form)) pins[kind.name] = pin->to_string();
    }
    return pins;
}

Json certificate_json(const x509::Certificate& certificate, std::size_t position) {
    Json names = Json::array();
    for (const x509::SubjectAltName& name : certificate.subject_alternative_names()) names.push_back(name.to_string());
    return {{"position", position},
            {"subject", certificate.subject_text()},
            {"issuer", certificate.issuer_text()},
            {"serial", certificate.serial_text()},
            {"not_before", text::rfc3339(certificate.not_before())},
            {"not_after", text::rfc3339(certificate.not_after())},
            {"is_ca", certificate.is_ca()},
            {"san", std::move(names)},
            {"key", certificate.public_key().description()},
            {"pins", pins_json(certificate)}};
}

Json chain_json(const std::vector<x509::Certificate>& chain) {
    Json result = Json::array();
    for (std::size_t i = 0; i < chain.size(); ++i) result.push_back(certificate_json(chain[i], i));
    return result;
}

Json object_json(const x509::PinnableObject& object, std::size_t position) {
    if (const auto* certificate = std::get_if<x509::Certificate>(&object))
        return certificate_json(*certificate, position);
    const auto& key = std::get<x509::PublicKey>(object);
    return {{"position", position}, {"key", key.description()}, {"pins", pins_json(key)}};
}

Json reasons_json(const std::vector<trust::Reason>& reasons) {
    Json result = Json::array();
    for (const trust::Reason& reason : reasons)
        result.push_back({{"code", trust::text_of(reason.code)}, {"message", reason.message}});
    return result;
}

Json change_json(const trust::Change& change) {
    const auto time_or_null = [](const std::optional<x509::Time>& time) {
        return time ? Json(text::rfc3339(*time)) : Json();
    };
    Json remembered = Json::array();
    for (const Pin& pin : change.remembered) remembered.push_back(pin.to_string());
    return {{"kind", trust::text_of(change.kind)},         {"looks_like_renewal", change.looks_like_renewal()},
            {"remembered", std::move(remembered)},         {"first_seen", time_or_null(change.first_seen)},
            {"last_seen", time_or_null(change.last_seen)}, {"old_not_after", time_or_null(change.old_not_after)}};
}

}  // namespace cotter::cli
