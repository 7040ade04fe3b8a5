// Looking for what a failed pin really is.
#include "trust/pin_mistake.h"

#include <algorithm>
#include <array>

namespace cotter::trust {
namespace {

std::string_view name_of(PinTarget target) {
    switch (target) {
        case PinTarget::kSubjectPublicKeyInfo: return "spki";
        case PinTarget::kCertificate: return "cert";
        case PinTarget::kKey: return "key";
    }
    return "";
}

}  // namespace

std::string explain_mismatch(const std::vector<Pin>& expected, const std::vector<x509::Certificate>& presented) {
    for (const Pin& pin : expected) {
        for (std::size_t position = 0; position < presented.size(); ++position) {
            for (const PinTarget target :
                 {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey}) {
                const auto other = presented[position].pin(target, pin.form());
                if (!other || !std::ranges::equal(other->octets(), pin.octets())) continue;
                const std::string whose =
                    position == 0 ? "the leaf" : "certificate " + std::to_string(position) + " as presented";
                if (target != pin.target()) {
                    return pin.abbreviated() + " is the " + std::string(name_of(target)) + " digest of " + whose +
                           ", given as " + std::string(name_of(pin.target()));
                }
                return pin.abbreviated() + " is of " + whose + ", which does not count here";
            }
        }
    }
    return {};
}

}  // namespace cotter::trust
