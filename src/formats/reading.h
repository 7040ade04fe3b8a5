// What importers share: places in a text, a pin's digest as others write it, whose pins they are where the text doesn't
// say, and what pins mean in the formats that want a chain besides.
#pragma once

#include "formats/format.h"

#include <cotter/pin.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cotter::formats {

/// Line and column (both from 1, in octets) of an offset in a text.
[[nodiscard]] Place place_at(std::string_view source, std::string_view text, std::size_t offset);

/// A refusal of what stands at that offset of the text.
[[nodiscard]] unexpected<Error> refuse_at(const ImportContext& context, std::string_view text, std::size_t offset,
                                          std::string code, std::string why, std::string next = {});

/// The error, at that place: for what a pin or a host name is refused for.
[[nodiscard]] unexpected<Error> placed(Error error, Place place);

/// The base64 that others write of a digest or of DER: strict, and neither a known mistake nor another object.
[[nodiscard]] Result<Pin> pin_from_base64(PinTarget target, PinForm form, std::string_view base64);
/// The same in hex, of either case; `separated` allows colons between octets.
[[nodiscard]] Result<Pin> pin_from_hex(PinTarget target, PinForm form, std::string_view hex, bool separated = false);

/// Octets of hex digits of either case and nothing else; an Error tells what else there is.
[[nodiscard]] Result<ByteVector> octets_from_hex(std::string_view hex);

/// The host of --host, which a format needs whose text names none.
[[nodiscard]] Result<trust::HostPattern> host_from(const ImportContext& context, std::string_view format);

/// Adds a primary pin, once.
void add_pin(trust::ServerPolicy& policy, Pin pin);

/// Entries in the order in which their hosts are first met, found again by host.
class EntriesByHost {
  public:
    /// The entry of that host; a new one, judged by `fresh`, where there is none. Valid until the next call.
    trust::PolicyEntry& at(const trust::HostPattern& host, const trust::ServerPolicy& fresh);
    [[nodiscard]] std::vector<trust::PolicyEntry> take() { return std::move(entries_); }

  private:
    std::vector<trust::PolicyEntry> entries_;
    std::unordered_map<std::string, std::size_t> index_;
};

/// chain+pins, match any: what pins mean in HPKP, Android, TrustKit, OkHttp and Chromium (INTERFACE 6).
[[nodiscard]] trust::ServerPolicy pins_in_a_chain();

/// Where a sample out of a manual is among the pins, a Loss that says so: such a pin protects nothing.
void note_samples(const trust::PolicyEntry& entry, std::vector<Loss>& lost);

}  // namespace cotter::formats
