// A server judged by its host's TLSA records (RFC 6698, RFC 7671); a part of the judge of servers.
#pragma once

#include "trust/evidence.h"
#include "trust/judgement.h"

#include <functional>

namespace cotter::trust {

/// Path to these anchors, dates, purpose and host name: true and the chain in `into`, or its reasons.
using PathToAnchors = std::function<bool(const x509::TrustAnchors& anchors, Judgement& into)>;

/// Refuses unless a validated record that can be used matches the server, and what its usage asks for besides holds.
/// Nothing else than records is ever fallen back to (INVARIANTS A143, A145, A146).
void judge_by_dane(const Evidence& evidence, Time now, const PathToAnchors& verify_path, Judgement& judgement);

}  // namespace cotter::trust
