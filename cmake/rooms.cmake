# A room is a folder under src/: its .cc files go into the library, its *_test.cc files into one test program.
function(cotter_room target room)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  target_sources(${target} PRIVATE ${sources})
endfunction()
