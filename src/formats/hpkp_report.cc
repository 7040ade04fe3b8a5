// Reports as JSON, and back.
#include "formats/hpkp_report.h"

#include "formats/hpkp.h"
#include "formats/losses.h"
#include "text/time.h"
#include "trust/words.h"
#include "x509/pem.h"

#include <nlohmann/json.hpp>

namespace cotter::formats {
namespace {

using Json = nlohmann::ordered_json;

std::string known_pin(const Pin& pin) {
    if (pin.target() == PinTarget::kSubjectPublicKeyInfo) {
        if (const auto hashed = in_form(pin, PinForm::kSha256)) return hpkp_directive(*hashed);
    }
    return pin.to_string();
}

std::vector<std::string> pem_of(const std::vector<x509::Certificate>& chain) {
    std::vector<std::string> result;
    for (const x509::Certificate& certificate : chain) result.push_back(x509::to_pem(certificate));
    return result;
}

/// One key of the object after the other, each with its type.
class ReportReader {
  public:
    explicit ReportReader(const Json& object) : object_(object) {}

    Result<HpkpReport> read() {
        HpkpReport report;
        take_time("date-time", report.at);
        take("hostname", report.hostname);
        take_port(report.port);
        take_end(report.expires);
        if (const Json* value = needed("include-subdomains")) {
            if (!value->is_boolean()) fail("include-subdomains");
            if (value->is_boolean()) report.include_subdomains = value->get<bool>();
        }
        take("noted-hostname", report.noted_hostname);
        take_list("served-certificate-chain", report.served);
        take_list("validated-certificate-chain", report.validated);
        take_list("known-pins", report.known_pins);
        for (auto [key, into] : {std::pair{"verdict", &report.verdict}, std::pair{"trust", &report.trust},
                                 std::pair{"connection", &report.connection}}) {
            if (object_.contains(key)) take(key, *into);
        }
        take_reasons(report.reasons);
        if (failure_) return unexpected(*failure_);
        return report;
    }

  private:
    void fail(std::string_view key) {
        if (failure_) return;
        failure_ =
            malformed("bad_report", "reading the report", std::string(key) + " is missing, or of another type").value();
    }
    const Json* needed(std::string_view key) {
        const auto found = object_.find(key);
        if (found != object_.end()) return &*found;
        fail(key);
        return nullptr;
    }
    void take(std::string_view key, std::string& into) {
        const Json* const value = needed(key);
        if (value == nullptr) return;
        if (!value->is_string()) return fail(key);
        into = value->get<std::string>();
    }
    void take_time(std::string_view key, trust::Time& into) {
        std::string text;
        take(key, text);
        const auto time = text::parse_rfc3339(text);
        if (!time) return fail(key);
        into = *time;
    }
    void take_end(std::optional<trust::Time>& into) {
        constexpr std::string_view kKey = "effective-expiration-date";
        const Json* const value = needed(kKey);
        if (value == nullptr || value->is_null()) return;
        trust::Time time;
        take_time(kKey, time);
        into = time;
    }
    void take_port(std::uint16_t& into) {
        const Json* const value = needed("port");
        if (value == nullptr) return;
        if (!value->is_number_unsigned() || value->get<std::uint64_t>() > 65535) return fail("port");
        into = static_cast<std::uint16_t>(value->get<std::uint64_t>());
    }
    void take_list(std::string_view key, std::vector<std::string>& into) {
        const Json* const value = needed(key);
        if (value == nullptr) return;
        if (!value->is_array()) return fail(key);
        for (const Json& element : *value) {
            if (!element.is_string()) return fail(key);
            into.push_back(element.get<std::string>());
        }
    }
    void take_reasons(std::vector<std::pair<std::string, std::string>>& into) {
        constexpr std::string_view kKey = "reasons";
        if (!object_.contains(kKey)) return;
        const Json& value = object_.at(std::string(kKey));
        if (!value.is_array()) return fail(kKey);
        for (const Json& element : value) {
            if (!element.is_object() || !element.contains("code") || !element.contains("message") ||
                !element["code"].is_string() || !element["message"].is_string()) {
                return fail(kKey);
            }
            into.emplace_back(element["code"].get<std::string>(), element["message"].get<std::string>());
        }
    }

    const Json& object_;
    std::optional<Error> failure_;
};

}  // namespace

HpkpReport report_of(const trust::Verdict& verdict, const HostPort& host, const trust::HostPattern* noted,
                     const trust::ServerPolicy& policy, trust::Time at, std::string connection) {
    HpkpReport report{.at = at,
                      .hostname = host.host.to_string(),
                      .port = host.port,
                      .expires = policy.expires,
                      .include_subdomains = noted != nullptr && noted->includes_subdomains(),
                      .noted_hostname = noted == nullptr ? host.host.to_string() : noted->to_string(),
                      .served = pem_of(verdict.presented),
                      .validated = pem_of(verdict.chain),
                      .known_pins = {},
                      .verdict = std::string(text_of(verdict.outcome)),
                      .trust = std::string(trust::text_of(policy.trust)),
                      .reasons = {},
                      .connection = std::move(connection)};
    for (const trust::PolicyPin& pin : policy.pins) report.known_pins.push_back(known_pin(pin.pin));
    for (const trust::Reason& reason : verdict.reasons) {
        report.reasons.emplace_back(trust::text_of(reason.code), reason.message);
    }
    return report;
}

std::string to_json(const HpkpReport& report) {
    Json reasons = Json::array();
    for (const auto& [code, message] : report.reasons) reasons.push_back({{"code", code}, {"message", message}});
    const Json document{{"date-time", text::rfc3339(report.at)},
                        {"hostname", report.hostname},
                        {"port", report.port},
                        {"effective-expiration-date", report.expires ? Json(text::rfc3339(*report.expires)) : Json()},
                        {"include-subdomains", report.include_subdomains},
                        {"noted-hostname", report.noted_hostname},
                        {"served-certificate-chain", report.served},
                        {"validated-certificate-chain", report.validated},
                        {"known-pins", report.known_pins},
                        {"verdict", report.verdict},
                        {"trust", report.trust},
                        {"reasons", std::move(reasons)},
                        {"connection", report.connection}};
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<HpkpReport> parse_hpkp_report(std::string_view text) {
    const Json document = Json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return malformed("bad_report", "reading the report", "it is not a JSON object", {});
    }
    return ReportReader(document).read();
}

}  // namespace cotter::formats
