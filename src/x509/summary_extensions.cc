// Printing extensions.
#include "x509/summary_extensions.h"

#include "der/dump.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::x509 {
namespace {

constexpr std::size_t kMostLines = 64;
constexpr std::size_t kMostLine = 512;
constexpr std::size_t kMostHex = 64;

Bytes value_of(const X509_EXTENSION& extension) {
    // OpenSSL takes it without const and leaves it as it is.
    const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(
        const_cast<X509_EXTENSION*>(&extension));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    return as_bytes(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
}

std::string in_hex(Bytes value) {
    return text::hex(value.first(std::min(value.size(), kMostHex))) +
           (value.size() > kMostHex ? "… (" + std::to_string(value.size()) + " octets)" : "");
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (line.empty()) continue;
        if (lines.size() == kMostLines) {
            lines.emplace_back("…");
            break;
        }
        lines.push_back(text::escape(line, kMostLine));
    }
    return lines;
}

/// How many are in a SignedCertificateTimestampList (RFC 6962, 3.3): a vector of vectors, each behind two octets of
/// length.
std::optional<std::size_t> timestamps_in(Bytes value) {
    const auto string = der::read_single(value, der::Tag::kOctetString);
    if (!string) return std::nullopt;
    const auto take = [](Bytes& from) -> std::optional<Bytes> {
        if (from.size() < 2) return std::nullopt;
        const std::size_t size = (std::to_integer<std::size_t>(from[0]) << 8U) | std::to_integer<std::size_t>(from[1]);
        if (from.size() - 2 < size) return std::nullopt;
        const Bytes taken = from.subspan(2, size);
        from = from.subspan(2 + size);
        return taken;
    };
    Bytes rest = string->content;
    auto list = take(rest);
    if (!list || !rest.empty()) return std::nullopt;
    std::size_t count = 0;
    for (; !list->empty(); ++count) {
        if (!take(*list)) return std::nullopt;
    }
    return count;
}

std::vector<std::string> values_of(const X509_EXTENSION& extension, int known) {
    const Bytes value = value_of(extension);
    if (known == NID_ct_precert_scts) {
        const auto count = timestamps_in(value);
        return {count ? std::to_string(*count) + (*count == 1 ? " timestamp" : " timestamps") : in_hex(value)};
    }
    const BioPtr memory(BIO_new(BIO_s_mem()));
    const bool is_printed =
        memory && X509V3_EXT_print(memory.get(), const_cast<X509_EXTENSION*>(&extension),  // NOLINT: not changed
                                   X509V3_EXT_DEFAULT, 0) == 1;
    static_cast<void>(drain_error_queue());
    if (!is_printed) return {in_hex(value)};
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return lines_of(std::string_view(data, static_cast<std::size_t>(size)));
}

}  // namespace

ExtensionSummary summary_of(const X509_EXTENSION& extension) {
    auto* const unchanged = const_cast<X509_EXTENSION*>(&extension);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    const ASN1_OBJECT* const object = X509_EXTENSION_get_object(unchanged);
    const int known = OBJ_obj2nid(object);
    ExtensionSummary summary;
    summary.oid = der::dotted(as_bytes(OBJ_get0_data(object), OBJ_length(object)));
    if (known != NID_undef) summary.name = OBJ_nid2ln(known);
    summary.is_critical = X509_EXTENSION_get_critical(&extension) == 1;
    summary.values = values_of(extension, known);
    return summary;
}

bool has_name_with_control(const X509_EXTENSION& extension) {
    bool is_found = false;
    static_cast<void>(der::dump(value_of(extension), {{}, false, false}, [&](const der::DumpRow& row) {
        const der::Tag tag = row.element.tag;
        const bool is_name =
            tag == der::context(1, false) || tag == der::context(2, false) || tag == der::context(6, false);
        is_found = is_found || (is_name && std::ranges::any_of(row.element.content, [](std::byte octet) {
                                    return octet < std::byte{0x20} || octet == std::byte{0x7f};
                                }));
    }));
    return is_found;
}

}  // namespace cotter::x509
