// What OpenSSL finds wrong with a path, in our reasons and in words. For the files of path validation.
#pragma once

#include "x509/path.h"

#include <string_view>

namespace cotter::x509 {

/// The reason that one of OpenSSL's X509_V_ERR_… stands for, and what it says of the certificate that it was found at:
/// words that follow "the certificate of CN=…".
struct Diagnosis {
    PathProblem problem;
    std::string_view words;
};

[[nodiscard]] Diagnosis diagnose(int verify_error);

/// "the certificate of CN=db.example": escaped.
[[nodiscard]] std::string described(const Certificate& certificate);

/// Whether it is about a CRL, and not about the certificate itself.
[[nodiscard]] bool is_about_revocation(PathProblem problem);

}  // namespace cotter::x509
