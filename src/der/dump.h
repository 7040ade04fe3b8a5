// Dump: the elements of any octets, one row each, for a person who wants to see what is in a file. It goes as far as
// the strict reader does, and says where and why it is not DER. What the octets mean is x509/summary.h.
#pragma once

#include "der/reader.h"

#include <cotter/bytes.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::der {

struct DumpRow {
    unsigned depth = 0;                     ///< of nesting, strings that hold DER included
    Element element;                        ///< its offset is from the start of the whole input
    std::string type;                       ///< "SEQUENCE", "[0]", "[APPLICATION 24]"
    std::string value;                      ///< what a primitive element says, bounded and safe to print
    bool holds_der = false;                 ///< an OCTET or BIT STRING whose content follows, a level deeper
    std::optional<std::string_view> fault;  ///< why this element, which could be read, is not DER
};

struct DumpOptions {
    /// The name of an OBJECT IDENTIFIER by its content; empty if it has none.
    std::function<std::string(Bytes content)> name_of;
    /// Enter OCTET and BIT STRINGs whose whole content is one element of strict DER.
    bool enters_strings = true;
    /// Say of numbers over four octets and of octets how long they are, and not what: for private keys.
    bool hides_values = false;
};

/// Gives a row for each element, in order, and then what is first wrong: nothing if the input is one element of strict
/// DER. Where the structure itself can't be read on (an indefinite length, a length beyond the end), rows end there; so
/// do they after a million. Nesting deeper than 64 is not entered. Takes time linear in the input (INVARIANTS A166,
/// A234).
[[nodiscard]] std::optional<DerError> dump(Bytes input, const DumpOptions& options,
                                           const std::function<void(const DumpRow&)>& on_row);

/// "1.2.840.113549"; an identifier with more than 32 arcs, or one over 64 bits, is cut there ("…").
[[nodiscard]] std::string dotted(Bytes object_identifier_content);

/// Whether a row's element has a value that DumpOptions::hides_values hides.
[[nodiscard]] bool is_hidden(const Element& element);

}  // namespace cotter::der
