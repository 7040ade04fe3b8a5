# shellcheck shell=bash
api_server() { tls 443 api.example.com; }
