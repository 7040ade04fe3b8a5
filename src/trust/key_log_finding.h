// KeyLogFinding: what the public log of a server's keys says of the key that the server presented. Read and checked
// before it is judged (keylog/); what it is worth the judge says.
#pragma once

#include "x509/certificate.h"

#include <cotter/pin.h>

#include <cstdint>
#include <optional>
#include <string>

namespace cotter::trust {

enum class KeyLogState : std::uint8_t {
    kNotGiven,    ///< nobody named a log
    kNotRead,     ///< one was named, and is read only where the server's key is not the remembered one
    kUnreadable,  ///< it could not be had, or is not understood
    kFalse,       ///< it is not the log that it was, or not what its key has signed
    kAbsent,      ///< it says nothing of this key under this name
    kRetired,     ///< its last word on the key is that it is retired
    kSuperseded,  ///< a key that is remembered came into it after this one, and is not retired
    kListed,      ///< its last word on the key is that it is the server's
};

struct KeyLogFinding {
    KeyLogState state = KeyLogState::kNotGiven;
    std::optional<Pin> key{};              ///< the key that the entry is about, which may be another than presented
    std::uint64_t entry = 0;               ///< the entry's number, where there is one
    std::optional<x509::Time> recorded{};  ///< when its writer says that it was written
    std::string detail{};                  ///< for kUnreadable and kFalse: why, escaped
};

}  // namespace cotter::trust
