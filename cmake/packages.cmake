# Debian packages, one a component: `cpack -G DEB` in the build tree, or ./dev package. It installs what is built and builds
# nothing. What only a package has (units, changelog, copyright) is left out by `cmake --install`.
find_program(GZIP gzip)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
if(NOT GZIP OR NOT DPKG_SHLIBDEPS)
  message(STATUS "gzip or dpkg-shlibdeps is not installed: no Debian packages are made")
  return()
endif()

set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(made ${CMAKE_BINARY_DIR}/packaging)

# The changelog's first line has the version; that of the project must be the same.
file(STRINGS ${debian}/changelog first_line LIMIT_COUNT 1)
string(REGEX MATCH "^cotter \\(([0-9.]+)-([0-9]+)\\)" matched "${first_line}")
if(NOT CMAKE_MATCH_1 STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "packaging/debian/changelog begins with another version than ${PROJECT_VERSION}: ${first_line}")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_2})

# As Debian's policy has it: compressed at the highest level, without a time, so that a build can be repeated.
file(MAKE_DIRECTORY ${made})
execute_process(COMMAND ${GZIP} -9nc ${debian}/changelog OUTPUT_FILE ${made}/changelog.Debian.gz
                COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${debian}/changelog)

# cotter_package(COMPONENT PACKAGE): what every package has.
function(cotter_package component package)
  install(FILES ${made}/changelog.Debian.gz ${debian}/copyright DESTINATION /usr/share/doc/${package}
          COMPONENT ${component} EXCLUDE_FROM_ALL)
  if(EXISTS ${debian}/${package}/lintian-overrides)
    install(FILES ${debian}/${package}/lintian-overrides DESTINATION /usr/share/lintian/overrides RENAME ${package}
            COMPONENT ${component} EXCLUDE_FROM_ALL)
  endif()
endfunction()

cotter_package(tool cotter)
file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${documents} DESTINATION /usr/share/doc/cotter COMPONENT tool EXCLUDE_FROM_ALL)
install(FILES packaging/systemd/cotter.service packaging/systemd/cotter.socket DESTINATION /lib/systemd/system
        COMPONENT tool EXCLUDE_FROM_ALL)
install(FILES ${debian}/cotter/cotter.toml DESTINATION /etc/cotter COMPONENT tool EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cotter)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_PACKAGE_CONTACT "cotter maintainers <maintainers@cotter.example>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_SOURCE_DIR}/build/package)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/compress_manual.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL tool library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME cotter)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION net)
set(CPACK_DEBIAN_TOOL_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOL_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_TOOL_DESCRIPTION "pinned mutual TLS for any TCP stream
In front of a TCP service, the daemon admits only the clients that its owner
has chosen, each by the pin of its key, and forwards their bytes. On the
other side it opens a stream only to the server whose pin it was given.

Clients come by invitation codes that work once, and are suspended or revoked
while their streams are open. The tool also makes, reads and converts pins,
judges certificate chains, and keeps a private certificate authority.")
set(CPACK_DEBIAN_TOOL_PACKAGE_CONTROL_EXTRA
    ${debian}/cotter/postinst ${debian}/cotter/prerm ${debian}/cotter/postrm ${debian}/cotter/conffiles)

cotter_package(library libcotter0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libcotter${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
# A program that is built against it asks for this version at least; it has nothing finer, as nothing older is there yet.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${debian}/libcotter0/triggers)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "pinned mutual TLS for programs - shared library
A program that has its own TLS connections hands each finished handshake to
this library, which judges the peer by its pins, its chain and the policy,
and says why. No TLS connection is made or read by it.

This package has the shared library.")

cotter_package(development libcotter-dev)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS library)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcotter-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libexpected-dev, libssl-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS
    "libasio-dev, libboost1.81-dev, libcurl4-openssl-dev, libgrpc++-dev, libidn2-dev, libpq-dev, libprotobuf-dev, \
libpsl-dev, libpugixml-dev, libspdlog-dev, libsqlitecpp-dev, libsystemd-dev, libtomlplusplus-dev, libunbound-dev, \
libyaml-dev, prometheus-cpp-dev, protobuf-compiler-grpc, qt6-base-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "pinned mutual TLS for programs - development files
A program that has its own TLS connections hands each finished handshake to
this library, which judges the peer by its pins, its chain and the policy,
and says why. No TLS connection is made or read by it.

This package has the headers, the static library, and the files by which CMake
and pkg-config find both. Linking the static library needs some of the
suggested packages, each adapter the library that it adapts.")

include(CPack)
