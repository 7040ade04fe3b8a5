// What a log that was read says of one server's key: the evidence that the judge gets.
#pragma once

#include "keylog/reading.h"
#include "trust/key_log_finding.h"
#include "x509/certificate.h"

#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <vector>

namespace cotter::keylog {

/// `remembered`: the keys that are remembered of the server. One of them that is not retired and came into the log
/// after the one presented supersedes it: whoever has seen the new key never takes the old one again.
[[nodiscard]] trust::KeyLogFinding look_up(const std::vector<KeyEntry>& entries, const HostPort& server,
                                           const x509::Certificate& leaf, const std::vector<Pin>& remembered);
[[nodiscard]] trust::KeyLogFinding finding_of(const LogFault& fault);

}  // namespace cotter::keylog
