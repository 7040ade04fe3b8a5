# shellcheck shell=bash
setup() { redis 5432; }
