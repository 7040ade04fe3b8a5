// Certificates and verdicts as the JSON of INTERFACE 4, "Pins and verdicts".
#pragma once

#include "trust/verdict.h"
#include "x509/certificate.h"
#include "x509/pem.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace cotter::cli {

/// {"spki-sha256":"sha256/…", …}
[[nodiscard]] nlohmann::ordered_json pins_json(const x509::Certificate& certificate);
[[nodiscard]] nlohmann::ordered_json pins_json(const x509::PublicKey& key);
[[nodiscard]] nlohmann::ordered_json certificate_json(const x509::Certificate& certificate, std::size_t position);
[[nodiscard]] nlohmann::ordered_json chain_json(const std::vector<x509::Certificate>& chain);
[[nodiscard]] nlohmann::ordered_json object_json(const x509::PinnableObject& object, std::size_t position);
[[nodiscard]] nlohmann::ordered_json reasons_json(const std::vector<trust::Reason>& reasons);
/// {"kind":"renewal","looks_like_renewal":true,"remembered":["sha256/…"],"first_seen":"…","last_seen":"…","old_not_after":"…"}
[[nodiscard]] nlohmann::ordered_json change_json(const trust::Change& change);

}  // namespace cotter::cli
