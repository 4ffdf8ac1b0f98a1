# Before the package is made: what is configuration lies in /etc, not /usr/etc.
file(RENAME "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/etc"
            "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/etc")
