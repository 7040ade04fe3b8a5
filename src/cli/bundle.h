// What the commands of `cotter bundle` share: their options.
#pragma once

#include "cli/invocation.h"

#include <cstdint>
#include <string>
#include <vector>

namespace cotter::cli {

struct BundleOptions {
    std::string folder;    ///< the owner's
    std::string location;  ///< where a client looks: a folder or an address
    std::string keys;
    std::string role;
    std::string key;  ///< a file; for drop-key an id
    std::vector<std::string> root_keys;
    std::uint64_t threshold = 0;  ///< 0: not said
    std::string passphrase_file;
    bool asks_passphrase = false;
    std::vector<std::string> policies;
    std::vector<std::string> removed;
    std::string expires;    ///< empty: as bundle::Lives says
    std::string fresh_for;  ///< the same
    bool refreshes = false;
    std::string root;
    std::string target;
    std::string out;
};

// The owner's: cli/bundle_owner.cc.
int run_bundle_init(const Invocation& invocation, const BundleOptions& options);
int run_bundle_add_key(const Invocation& invocation, const BundleOptions& options);
int run_bundle_drop_key(const Invocation& invocation, const BundleOptions& options);
int run_bundle_sign(const Invocation& invocation, const BundleOptions& options);
int run_bundle_publish(const Invocation& invocation, const BundleOptions& options);

// The client's, and looking: cli/bundle_client.cc, cli/bundle_show.cc.
int run_bundle_verify(const Invocation& invocation, const BundleOptions& options);
int run_bundle_fetch(const Invocation& invocation, const BundleOptions& options);
int run_bundle_show(const Invocation& invocation, const BundleOptions& options);

}  // namespace cotter::cli
