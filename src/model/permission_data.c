/* SPDX-License-Identifier: Apache-2.0
 *
 * schemas/permissions.json, inside the binary. */
#include "model/permission_data.h"

__asm__(".pushsection .rodata\n"
        ".global permission_data_begin\npermission_data_begin: .incbin \"" MUSTER_SCHEMAS "/permissions.json\"\n"
        ".global permission_data_end\npermission_data_end: .byte 0\n"
        ".popsection\n");
