// A library needs one source even where no room has test support yet.
