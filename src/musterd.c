/* SPDX-License-Identifier: Apache-2.0
 *
 * The server. */
#include "app/app.h"

int main(int argc, char **argv)
{
        return server_main(argc, argv);
}
