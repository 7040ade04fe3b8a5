// When a pin fails: whether it is the pin of another thing of the same certificates, which is what people mostly get
// wrong.
#pragma once

#include "x509/certificate.h"

#include <cotter/pin.h>

#include <string>
#include <vector>

namespace cotter::trust {

/// "the digest given is the leaf's certificate digest, not its spki digest", or nothing. Never a pin that could be
/// pasted.
[[nodiscard]] std::string explain_mismatch(const std::vector<Pin>& expected,
                                           const std::vector<x509::Certificate>& presented);

}  // namespace cotter::trust
