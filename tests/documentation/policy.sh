# shellcheck shell=bash
setup() { tls 5432 db.example.com; tls 443 example.org; }
