# shellcheck shell=bash
service() { redis 6379; }
another_worker() { replace 'sha256/…' "$(pin worker-2)"; }
replica() { redis 6391; }
replicated() {
    until redis-cli -p 6391 info replication | grep -q master_link_status:up; do sleep 0.05; done
}
