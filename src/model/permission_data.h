/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of schemas/permissions.json as they were at build time. */
#ifndef MODEL_PERMISSION_DATA_H
#define MODEL_PERMISSION_DATA_H

extern const char permission_data_begin[];
extern const char permission_data_end[];

#endif
