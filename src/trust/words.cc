// Words, each in one place.
#include "trust/words.h"

namespace cotter::trust {

std::string_view text_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::kTrusted: return "trusted";
        case Outcome::kRefused: return "refused";
        case Outcome::kReported: return "reported";
    }
    return "";
}

std::string_view text_of(Mode mode) {
    switch (mode) {
        case Mode::kEnforce: return "enforce";
        case Mode::kReport: return "report";
        case Mode::kOff: return "off";
    }
    return "";
}

std::string_view text_of(PinRole role) {
    switch (role) {
        case PinRole::kPrimary: return "primary";
        case PinRole::kBackup: return "backup";
        case PinRole::kProxy: return "proxy";
    }
    return "";
}

std::string_view text_of(OnExpiry on_expiry) {
    switch (on_expiry) {
        case OnExpiry::kRefuse: return "refuse";
        case OnExpiry::kChain: return "chain";
    }
    return "";
}

}  // namespace cotter::trust
