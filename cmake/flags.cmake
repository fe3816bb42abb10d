# SPDX-License-Identifier: Apache-2.0
# Warnings, sanitizers and hardening for every target of the project, by linking cs_flags.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(cs_flags INTERFACE)
target_include_directories(cs_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(cs_flags INTERFACE _GNU_SOURCE
                           COUNTERSIGN_VERSION="${PROJECT_VERSION}")
target_compile_options(cs_flags INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wswitch-enum
    -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wundef
    -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wnull-dereference -Wdouble-promotion
    -fno-common -fstack-protector-strong)
if(COUNTERSIGN_SANITIZE)
    target_compile_options(cs_flags INTERFACE -fsanitize=${COUNTERSIGN_SANITIZE}
                           -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(cs_flags INTERFACE -fsanitize=${COUNTERSIGN_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_definitions(cs_flags INTERFACE _FORTIFY_SOURCE=3)
    target_compile_options(cs_flags INTERFACE -fstack-clash-protection -fcf-protection)
    target_link_options(cs_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
    add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
endif()
add_link_options(-Wl,--as-needed)

# cs_room(NAME sources... LINK libs...): one static library a room.
function(cs_room name)
    cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
    add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PUBLIC cs_flags ${ARG_LINK})
endfunction()

# cs_program(NAME sources... LINK libs...): an installed program.
function(cs_program name)
    cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
    add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE cs_flags ${ARG_LINK})
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
