// Counting the list.
#include "service/client_census.h"

namespace cotter::service {

ClientCensus census_of(const registry::Snapshot& snapshot, x509::Time now) {
    ClientCensus census;
    snapshot.table().each_client([&](const registry::ClientTable::Row& row) {
        switch (row.state) {
            case registry::ClientState::kActive: break;
            case registry::ClientState::kSuspended: ++census.suspended; return;
            case registry::ClientState::kRevoked: ++census.revoked; return;
        }
        if (row.expires && now >= *row.expires) {
            ++census.expired;
            return;
        }
        ++census.active;
        if (row.expires && (!census.first_expiry || *row.expires < *census.first_expiry))
            census.first_expiry = row.expires;
    });
    return census;
}

}  // namespace cotter::service
