# SPDX-License-Identifier: Apache-2.0
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3.0 COMPONENTS Crypto)
find_dependency(PkgConfig)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)
include(${CMAKE_CURRENT_LIST_DIR}/countersign-verifierTargets.cmake)
