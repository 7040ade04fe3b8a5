"""cotter beside other proxies on the same work."""
