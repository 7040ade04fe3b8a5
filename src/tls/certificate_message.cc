// Reading the Certificate message.
#include "tls/certificate_message.h"

#include <optional>

namespace cotter::tls {
namespace {

constexpr auto kCertificate = std::byte{11};

/// Takes vectors with a length in front off the rest of a message.
class VectorReader {
  public:
    explicit VectorReader(Bytes rest) : rest_(rest) {}

    std::optional<Bytes> take(std::size_t length_octets) {
        if (rest_.size() < length_octets) return std::nullopt;
        std::size_t length = 0;
        for (const std::byte octet : rest_.first(length_octets)) {
            length = (length << 8U) | std::to_integer<std::size_t>(octet);
        }
        rest_ = rest_.subspan(length_octets);
        if (rest_.size() < length) return std::nullopt;
        const Bytes content = rest_.first(length);
        rest_ = rest_.subspan(length);
        return content;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    Bytes rest_;
};

}  // namespace

expected<std::vector<Bytes>, std::string_view> certificates_of_message(Bytes message, trust::Protocol protocol) {
    constexpr std::string_view kBadLengths = "the lengths in the Certificate message don't add up";
    if (message.empty() || message.front() != kCertificate) {
        return unexpected<std::string_view>("not a Certificate message");
    }
    VectorReader outer(message.subspan(1));
    const auto body = outer.take(3);
    if (!body || !outer.at_end()) return unexpected(kBadLengths);

    VectorReader fields(*body);
    const bool is_tls13 = protocol == trust::Protocol::kTls13;
    if (is_tls13 && !fields.take(1)) return unexpected(kBadLengths);  // certificate_request_context
    const auto list = fields.take(3);
    if (!list || !fields.at_end()) return unexpected(kBadLengths);

    std::vector<Bytes> certificates;
    VectorReader entries(*list);
    while (!entries.at_end()) {
        const auto certificate = entries.take(3);
        if (!certificate || certificate->empty()) return unexpected(kBadLengths);
        if (is_tls13 && !entries.take(2)) return unexpected(kBadLengths);  // extensions
        if (certificates.size() == kMostCertificates) {
            return unexpected<std::string_view>("more than 10 certificates were sent");
        }
        certificates.push_back(*certificate);
    }
    return certificates;
}

}  // namespace cotter::tls
