"""What the end-to-end tests share: processes, state folders, servers, backends and TLS peers. Nothing here sleeps."""
