/* SPDX-License-Identifier: Apache-2.0
 *
 * musterd: wiring of all layers, scheduler, operations listener. */
#ifndef APP_APP_H
#define APP_APP_H

/* The whole program; answers its exit code. */
int server_main(int argc, char **argv);

#endif
