// Wildcards against excluded subtrees.
#include "x509/name_constraints.h"

#include "text/lower.h"
#include "x509/openssl.h"

#include <openssl/x509v3.h>

#include <set>

namespace cotter::x509 {
namespace {

using ConstraintsPtr = std::unique_ptr<NAME_CONSTRAINTS, FreeBy<NAME_CONSTRAINTS_free>>;

}  // namespace

bool reaches_into_excluded(const Certificate& leaf, const x509_st* authority) {
    constexpr std::string_view kWildcard = "*.";
    std::set<std::string> parents;
    for (const SubjectAltName& name : leaf.subject_alternative_names()) {
        if (name.type == SanType::kDns && name.value.starts_with(kWildcard))
            parents.insert(text::ascii_lower(std::string_view(name.value).substr(kWildcard.size())));
    }
    if (parents.empty()) return false;
    const ConstraintsPtr constraints(
        static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(authority, NID_name_constraints, nullptr, nullptr)));
    if (!constraints) return false;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->excludedSubtrees); ++i) {
        const GENERAL_NAME* const base = sk_GENERAL_SUBTREE_value(constraints->excludedSubtrees, i)->base;
        if (base->type != GEN_DNS) continue;
        const ASN1_IA5STRING* const value = base->d.dNSName;
        const std::string name = text::ascii_lower(
            std::string_view(static_cast<const char*>(static_cast<const void*>(ASN1_STRING_get0_data(value))),
                             static_cast<std::size_t>(ASN1_STRING_length(value))));
        // A wildcard stands for exactly one label: of "a.b.db.example" alone it can give nothing.
        const std::size_t dot = name.find('.');
        if (dot != std::string::npos && dot > 0 && parents.contains(name.substr(dot + 1))) return true;
    }
    return false;
}

}  // namespace cotter::x509
