// From records to pins.
#include "trust/dane_match.h"

#include "text/encoding.h"

#include <algorithm>

namespace cotter::trust {
namespace {

std::optional<DaneUsage> usage_of(const TlsaRecord& record) {
    switch (record.usage) {
        case 0: return DaneUsage::kPkixTrustAnchor;
        case 1: return DaneUsage::kPkixEndEntity;
        case 2: return DaneUsage::kDaneTrustAnchor;
        case 3: return DaneUsage::kDaneEndEntity;
        default: return std::nullopt;
    }
}

std::optional<PinTarget> target_of(const TlsaRecord& record) {
    switch (record.selector) {
        case 0: return PinTarget::kCertificate;
        case 1: return PinTarget::kSubjectPublicKeyInfo;
        default: return std::nullopt;
    }
}

std::optional<PinForm> form_of(const TlsaRecord& record) {
    switch (record.matching) {
        case 0: return PinForm::kDer;
        case 1: return PinForm::kSha256;
        case 2: return PinForm::kSha512;
        default: return std::nullopt;
    }
}

std::string described(const TlsaRecord& record) {
    constexpr std::size_t kShown = 4;
    const std::string data = text::hex(Bytes(record.data).first(std::min(kShown, record.data.size())));
    return std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
           std::to_string(record.matching) + (data.empty() ? "" : " ") + data +
           (record.data.size() > kShown ? "…" : "");
}

/// The record as a constraint; else why it can't be used.
expected<DaneConstraint, std::string> constraint_of(const TlsaRecord& record) {
    const std::string text = described(record);
    const auto refuse = [&](const std::string& why) { return unexpected<std::string>(text + ": " + why); };
    const auto usage = usage_of(record);
    const auto target = target_of(record);
    const auto form = form_of(record);
    if (!usage) return refuse("unknown usage");
    if (!target) return refuse("unknown selector");
    if (!form) return refuse("unknown matching type");
    auto pin = Pin::from_octets(*target, *form, record.data);
    if (!pin) return refuse(pin.error().why);
    DaneConstraint constraint{*usage, std::move(*pin), std::nullopt, text};
    if (*form != PinForm::kDer) return constraint;
    if (*target == PinTarget::kSubjectPublicKeyInfo) {
        if (const auto key = x509::PublicKey::parse(record.data); !key) return refuse(key.error().why);
        return constraint;
    }
    auto certificate = x509::Certificate::parse(record.data);
    if (!certificate) return refuse(certificate.error().why);
    constraint.certificate = std::move(*certificate);
    return constraint;
}

/// Whether the other one is a stronger digest of the same kind.
bool is_outdone_by(const DaneConstraint& weak, const DaneConstraint& strong) {
    return weak.pin.form() == PinForm::kSha256 && strong.pin.form() == PinForm::kSha512 && weak.usage == strong.usage &&
           weak.pin.target() == strong.pin.target();
}

}  // namespace

DaneConstraints constraints_of(std::span<const TlsaRecord> records) {
    DaneConstraints constraints;
    std::vector<DaneConstraint> usable;
    for (const TlsaRecord& record : records) {
        if (auto constraint = constraint_of(record)) {
            usable.push_back(std::move(*constraint));
        } else {
            constraints.unusable.push_back(constraint.error());
        }
    }
    for (const DaneUsage usage : {DaneUsage::kDaneEndEntity, DaneUsage::kDaneTrustAnchor, DaneUsage::kPkixEndEntity,
                                  DaneUsage::kPkixTrustAnchor}) {
        for (const DaneConstraint& one : usable) {
            if (one.usage != usage) continue;
            const bool is_outdone =
                std::ranges::any_of(usable, [&](const DaneConstraint& other) { return is_outdone_by(one, other); });
            if (is_outdone) {
                constraints.passed_over.push_back(one.text);
            } else {
                constraints.usable.push_back(one);
            }
        }
    }
    return constraints;
}

}  // namespace cotter::trust
