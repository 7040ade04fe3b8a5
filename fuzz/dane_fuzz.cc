// What DANE reads: a resolver's address, trust anchors of the DNS, and TLSA records as on the wire, each of which is
// either usable or told why not. The first octet says which.
#include "check.h"
#include "evidence/dane_resolver.h"
#include "evidence/dnssec_anchors.h"
#include "trust/dane_match.h"

#include <algorithm>
#include <array>

using cotter::Bytes;
using cotter::fuzz::promise;

namespace {

bool is_printable(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

void read_address(std::string_view text) {
    const auto server = cotter::evidence::DnsServer::parse(text);
    if (!server) return cotter::fuzz::promise_readable(server.error());
    promise(server->port != 0);
    const auto again = cotter::evidence::DnsServer::parse(server->to_string());
    promise(again.has_value() && again->address == server->address && again->port == server->port);
}

void read_anchors(std::string_view text) {
    const auto anchors = cotter::evidence::parse_dnssec_anchors(text, "anchors");
    if (!anchors) return cotter::fuzz::promise_readable(anchors.error());
    promise(!anchors->empty());
    for (const std::string& anchor : *anchors) {
        promise(is_printable(anchor));
        const auto again = cotter::evidence::parse_dnssec_anchors(anchor, "anchor");
        promise(again.has_value() && *again == std::vector{anchor});
    }
}

void read_record(Bytes wire) {
    const auto record = cotter::evidence::tlsa_from_wire(wire);
    promise(record.has_value() == (wire.size() >= 3));
    if (!record) return;
    const auto constraints = cotter::trust::constraints_of(std::array{*record, *record});
    promise(constraints.usable.size() + constraints.unusable.size() == 2);
    promise(constraints.usable.size() != 1 && constraints.passed_over.empty());
    for (const std::string& why : constraints.unusable) promise(is_printable(why));
    for (const auto& one : constraints.usable) {
        promise(is_printable(one.text));
        promise(std::ranges::equal(one.pin.octets(), record->data));
        promise(one.certificate.has_value() == (record->selector == 0 && record->matching == 0));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes rest = cotter::fuzz::bytes_of(data + 1, size - 1);
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)) + 1, size - 1);
    switch (*data % 3) {
        case 0: read_address(text); break;
        case 1: read_anchors(text); break;
        default: read_record(rest); break;
    }
    return 0;
}
