// Printing names.
#include "x509/name_text.h"

#include "text/escape.h"
#include "x509/openssl.h"

namespace cotter::x509 {

std::string name_text(const X509_NAME* name) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    if (!memory || name == nullptr ||
        X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
        return "?";
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return text::escape(std::string_view(data, static_cast<std::size_t>(size)), 512);
}

}  // namespace cotter::x509
