// The DER reader: every element is a slice of the input at the offset that it names, and what is strict is readable.
#include "check.h"
#include "der/reader.h"

using cotter::Bytes;
using cotter::fuzz::promise;

namespace {

/// Walks what next() gives, as deep as constructed elements go; whether all of it could be read.
bool walk(cotter::der::Reader reader, Bytes input, int depth) {
    while (!reader.at_end()) {
        const auto element = reader.next();
        if (!element) {
            promise(!element.error().why.empty() && element.error().offset <= input.size());
            return false;
        }
        promise(element->offset + element->encoding.size() <= input.size());
        promise(element->encoding.data() == input.data() + element->offset);
        promise(element->content.size() < element->encoding.size());
        promise(element->content.data() + element->content.size() ==
                element->encoding.data() + element->encoding.size());
        (void)cotter::der::unsigned_integer(*element);
        (void)cotter::der::whole_octets(*element);
        if (element->is_constructed() && depth < 64 && !walk(cotter::der::Reader::inside(*element), input, depth + 1)) {
            return false;
        }
    }
    return reader.finish().has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = cotter::fuzz::bytes_of(data, size);
    const bool readable = walk(cotter::der::Reader(input), input, 0);
    if (cotter::der::check_strict(input)) promise(readable && size > 0);
    return 0;
}
