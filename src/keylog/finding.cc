// Looking a key up.
#include "keylog/finding.h"

#include <algorithm>

namespace cotter::keylog {

using trust::KeyLogFinding;
using trust::KeyLogState;

KeyLogFinding look_up(const std::vector<KeyEntry>& entries, const HostPort& server, const x509::Certificate& leaf,
                      const std::vector<Pin>& remembered) {
    const auto pin = leaf.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    const auto last = pin ? last_word(entries, server, *pin) : std::nullopt;
    if (!last) return {.state = KeyLogState::kAbsent};
    KeyLogFinding finding{.state = last->entry->word == Word::kAdded ? KeyLogState::kListed : KeyLogState::kRetired,
                          .key = pin,
                          .entry = last->number,
                          .recorded = last->entry->at};
    const bool is_superseded = std::ranges::any_of(remembered, [&](const Pin& known) {
        const auto of_known = last_word(entries, server, known);
        return of_known && of_known->entry->word == Word::kAdded && of_known->number > last->number;
    });
    if (finding.state == KeyLogState::kListed && is_superseded) finding.state = KeyLogState::kSuperseded;
    return finding;
}

KeyLogFinding finding_of(const LogFault& fault) {
    return {.state = fault.kind == LogFault::Kind::kFalse ? KeyLogState::kFalse : KeyLogState::kUnreadable,
            .detail = fault.message};
}

}  // namespace cotter::keylog
