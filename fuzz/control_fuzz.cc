// What the other side says of keys: the preface's word, the control exchange, and the proof inside. The first octet
// chooses which of them reads the rest.
#include "check.h"
#include "identity/key_proof.h"
#include "service/control_exchange.h"
#include "stream/preface.h"

#include <algorithm>

using cotter::Bytes;
using cotter::fuzz::promise;

namespace {

void read_preface(Bytes input) {
    cotter::stream::PrefaceReader whole;
    const auto state = whole.take(input);
    cotter::stream::PrefaceReader parts;
    auto last = cotter::stream::PrefaceReader::State::kIncomplete;
    std::size_t taken = 0;
    while (taken < input.size() && last == cotter::stream::PrefaceReader::State::kIncomplete)
        last = parts.take(input.subspan(taken++, 1));
    promise(last == state);
    promise(parts.key_news() == whole.key_news());
    if (whole.key_news()) promise(whole.key_news()->proof.size() <= cotter::stream::kMostPreface);
}

void read_request(Bytes input) {
    const auto request = cotter::service::parse_control_request(input);
    if (request) promise(std::ranges::equal(cotter::service::to_bytes(*request), input));
}

void read_answer(Bytes input) {
    const auto answer = cotter::service::parse_control_answer(input);
    if (!answer) return cotter::fuzz::promise_readable(answer.error());
    if (!answer->certificates.empty()) promise(std::ranges::equal(cotter::service::to_bytes(*answer), input));
    promise(
        std::ranges::none_of(answer->name, [](char octet) { return (octet >= 0 && octet < 0x20) || octet == 0x7f; }));
}

/// Nobody but the holder of a key can prove it, and no input holds the one that would sign for this session.
void read_proof(Bytes input) {
    static const auto present = [] {
        auto identity = cotter::identity::make_identity(cotter::identity::KeyChoice::kP256, cotter::x509::Time{});
        return identity->certificate();
    }();
    const auto checked =
        cotter::identity::check_key_proof(input, {cotter::identity::KeyRole::kServer, present.public_key(), {}});
    promise(!checked);
    cotter::fuzz::promise_readable(checked.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes input = cotter::fuzz::bytes_of(data + 1, size - 1);
    switch (data[0] % 4) {
        case 0: read_preface(input); break;
        case 1: read_request(input); break;
        case 2: read_answer(input); break;
        default: read_proof(input); break;
    }
    return 0;
}
