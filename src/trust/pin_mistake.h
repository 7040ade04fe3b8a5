// When a pin fails: whether it is the pin of another thing, which is what people mostly get wrong.
#pragma once

#include "trust/evidence.h"
#include "trust/policy.h"

#include <string>
#include <vector>

namespace cotter::trust {

/// "sha256/Xk3aBc9Q… is the cert digest of the leaf, given as spki", or nothing. Looked for: another part of what was
/// presented or of a trust anchor; a pin that has ended; the key that is remembered of this host; and digests of text
/// where octets were meant (PEM, base64, hex, another digest's text, the host's name, a file's name). Never a pin that
/// could be pasted, and never a reason to trust.
[[nodiscard]] std::string explain_mismatch(const std::vector<PolicyPin>& expected, const Evidence& evidence, Time now);

}  // namespace cotter::trust
