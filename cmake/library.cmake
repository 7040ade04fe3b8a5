# What other programs link: the shared library, the static one beside it, and what finds them (find_package, pkg-config).
include(CMakePackageConfigHelpers)

add_library(libcotter_shared SHARED cmake/empty.cc)
set_target_properties(libcotter_shared PROPERTIES
  OUTPUT_NAME cotter
  EXPORT_NAME cotter
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/exported.map)
target_link_libraries(libcotter_shared
  PUBLIC OpenSSL::SSL OpenSSL::Crypto
  PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,libcotter>)
target_link_options(libcotter_shared PRIVATE
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/exported.map -Wl,--as-needed)
# As a program that was built against it sees it.
target_include_directories(libcotter_shared INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(libcotter_shared INTERFACE cxx_std_20)

set(COTTER_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/cotter)
install(TARGETS libcotter_shared EXPORT cotter
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS libcotter ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN "*.h")
install(EXPORT cotter NAMESPACE cotter:: FILE cotter-targets.cmake DESTINATION ${COTTER_CMAKE_DIR} COMPONENT development)

# What the static library needs besides OpenSSL, by name: who links it installs these.
set(COTTER_STATIC_LIBRARIES SQLiteCpp sqlite3 spdlog fmt curl idn2 psl pq yaml systemd unbound pugixml tomlplusplus
    prometheus-cpp-core)
list(TRANSFORM COTTER_STATIC_LIBRARIES PREPEND "-l" OUTPUT_VARIABLE COTTER_STATIC_FLAGS)
list(JOIN COTTER_STATIC_FLAGS " " COTTER_STATIC_FLAGS)

configure_package_config_file(cmake/cotter-config.cmake.in cotter-config.cmake INSTALL_DESTINATION ${COTTER_CMAKE_DIR}
                              PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
# Before 1.0.0 a minor version may change the face (include/cotter/version.h).
write_basic_package_version_file(cotter-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cotter-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/cotter-config-version.cmake
        DESTINATION ${COTTER_CMAKE_DIR} COMPONENT development)

file(RELATIVE_PATH COTTER_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/cotter.pc.in cotter.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cotter.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
