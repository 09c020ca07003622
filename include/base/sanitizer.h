/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether this is built with AddressSanitizer, with ThreadSanitizer: 1 or 0. */
#ifndef BASE_SANITIZER_H
#define BASE_SANITIZER_H

#ifdef __has_feature /* clang, and gcc from 14 on */
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#endif
#endif

#if !defined(HAS_ADDRESS_SANITIZER) && defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#endif
#if !defined(HAS_THREAD_SANITIZER) && defined(__SANITIZE_THREAD__)
#define HAS_THREAD_SANITIZER 1
#endif

#ifndef HAS_ADDRESS_SANITIZER
#define HAS_ADDRESS_SANITIZER 0
#endif
#ifndef HAS_THREAD_SANITIZER
#define HAS_THREAD_SANITIZER 0
#endif
#define HAS_SANITIZER (HAS_ADDRESS_SANITIZER || HAS_THREAD_SANITIZER)

#endif
