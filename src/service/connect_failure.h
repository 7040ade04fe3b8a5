// ConnectFailure: why a client got no stream.
#pragma once

#include "tls/alert.h"
#include "trust/verdict.h"

#include <cotter/error.h>

#include <string>
#include <variant>

namespace cotter::service {

/// The server ended the connection with an alert that refuses our certificate.
struct NotAdmitted {
    tls::Alert alert;
};

/// The server's owner has revoked this key, and says this; escaped.
struct Dismissed {
    std::string words;
};

/// Why no stream came of it, and the id that the server's line has too, where there is one.
struct ConnectFailure {
    std::variant<Error, trust::Verdict, NotAdmitted, Dismissed> why;
    std::string connection_id;
};

}  // namespace cotter::service
