// The face of x509::Certificate.
#include <cotter/certificate.h>

#include "x509/certificate.h"
#include "x509/pem.h"

namespace cotter {

Certificate::Certificate(const x509::Certificate& certificate)
    : certificate_(std::make_shared<const x509::Certificate>(certificate)) {}

Result<Certificate> Certificate::parse(Bytes der) {
    auto certificate = x509::Certificate::parse(der);
    if (!certificate) return unexpected(certificate.error());
    return Certificate(*certificate);
}

Bytes Certificate::der() const {
    return certificate_->der();
}
std::string Certificate::subject() const {
    return certificate_->subject_text();
}
std::string Certificate::issuer() const {
    return certificate_->issuer_text();
}
std::string Certificate::serial() const {
    return certificate_->serial_text();
}
std::chrono::sys_seconds Certificate::not_before() const {
    return certificate_->not_before();
}
std::chrono::sys_seconds Certificate::not_after() const {
    return certificate_->not_after();
}
bool Certificate::is_ca() const {
    return certificate_->is_ca();
}

std::vector<std::string> Certificate::subject_alternative_names() const {
    std::vector<std::string> names;
    for (const x509::SubjectAltName& name : certificate_->subject_alternative_names()) {
        names.push_back(name.to_string());
    }
    return names;
}

std::optional<Pin> Certificate::pin(PinTarget target, PinForm form) const {
    return certificate_->pin(target, form);
}
bool Certificate::matches(const Pin& pin) const {
    return certificate_->matches(pin);
}

Result<std::vector<Certificate>> read_certificates(const std::string& path) {
    const auto certificates = x509::read_certificates(path);
    if (!certificates) return unexpected(certificates.error());
    std::vector<Certificate> read;
    for (const x509::Certificate& certificate : *certificates) read.emplace_back(certificate);
    return read;
}

}  // namespace cotter
