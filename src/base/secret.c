/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets on the heap and in files. Every buffer that held one is wiped on every way out. A file must be private to its owner; systemd
 * shows its credentials with group bits when an ACL gives them to the service's user, so below $CREDENTIALS_DIRECTORY only the bits of
 * others count. */
#include "base/secret.h"

#include "base/auto.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void secret_done(struct secret *secret)
{
        if (secret->text)
                text_wipe(secret->text, secret->length);
        free(secret->text);
        *secret = (struct secret){ 0 };
}

enum err secret_set(struct secret *ret, const char *text, size_t length, struct fault *fault)
{
        if (length > SECRET_FILE_MAX_BYTES)
                return fault_set(fault, ERR_TOO_LARGE, NULL, "A secret may have at most %d bytes.", SECRET_FILE_MAX_BYTES);
        char *copy = malloc(length + 1);
        if (!copy)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for a secret.");
        if (length > 0)
                memcpy(copy, text, length);
        copy[length] = '\0';
        secret_done(ret);
        *ret = (struct secret){ copy, length };
        return ERR_OK;
}

static enum err fault_of_errno(struct fault *fault, const char *path, const char *doing)
{
        int why = errno;
        enum err code = why == ENOENT || why == ENOTDIR  ? ERR_NOT_FOUND
                        : why == EACCES || why == EPERM  ? ERR_FORBIDDEN
                        : why == EEXIST                  ? ERR_TAKEN
                        : why == ENOSPC || why == EDQUOT ? ERR_STORAGE_FULL
                        : why == ENOMEM                  ? ERR_MEMORY
                                                         : ERR_INTERNAL;
        return fault_set(fault, code, NULL, "Cannot %s %s: %s.", doing, path, strerrordesc_np(why));
}

/* The file that `path` means, and whether systemd put it there. */
static enum err locate(const char *path, char ret[PATH_MAX], bool *ret_is_credential, struct fault *fault)
{
        const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");
        bool has_folder = folder && folder[0] == '/';
        int length =
                has_folder && !strchr(path, '/') ? snprintf(ret, PATH_MAX, "%s/%s", folder, path) : snprintf(ret, PATH_MAX, "%s", path);
        if (length < 1 || length >= PATH_MAX)
                return fault_set(fault, ERR_VALUE, NULL, "The path of a secret is empty or longer than %d bytes.", PATH_MAX - 1);
        size_t prefix = has_folder ? strlen(folder) : 0;
        *ret_is_credential = has_folder && strncmp(ret, folder, prefix) == 0 && ret[prefix] == '/' && !strchr(ret + prefix + 1, '/');
        return ERR_OK;
}

static enum err check_file(int file, const char *path, bool is_credential, struct fault *fault)
{
        struct stat status;
        if (fstat(file, &status) != 0)
                return fault_of_errno(fault, path, "look at");
        if (!S_ISREG(status.st_mode))
                return fault_set(fault, ERR_VALUE, NULL, "%s is not a regular file.", path);
        mode_t forbidden = is_credential ? S_IRWXO | S_IWGRP : S_IRWXO | S_IRWXG;
        if (status.st_mode & forbidden)
                return fault_set(fault, ERR_VALUE, NULL, "%s may be used by others than its owner (mode %04o); run: chmod 600 %s", path,
                        (unsigned)status.st_mode & 07777, path);
        if (status.st_size > SECRET_FILE_MAX_BYTES)
                return fault_set(fault, ERR_TOO_LARGE, NULL, "%s is larger than %d bytes.", path, SECRET_FILE_MAX_BYTES);
        return ERR_OK;
}

/* Fills `bytes` (SECRET_FILE_MAX_BYTES + 1) until the end of the file. */
static enum err read_whole(int file, const char *path, char *bytes, size_t *ret_length, struct fault *fault)
{
        size_t length = 0;
        while (length <= SECRET_FILE_MAX_BYTES) {
                ssize_t got = read(file, bytes + length, SECRET_FILE_MAX_BYTES + 1 - length);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return fault_of_errno(fault, path, "read");
                if (got == 0)
                        break;
                length += (size_t)got;
        }
        if (length > SECRET_FILE_MAX_BYTES)
                return fault_set(fault, ERR_TOO_LARGE, NULL, "%s is larger than %d bytes.", path, SECRET_FILE_MAX_BYTES);
        if (length > 0 && bytes[length - 1] == '\n')
                length--;
        if (length == 0)
                return fault_set(fault, ERR_VALUE, NULL, "%s is empty.", path);
        *ret_length = length;
        return ERR_OK;
}

enum err secret_load(const char *path, struct secret *ret, struct fault *fault)
{
        char place[PATH_MAX];
        bool is_credential = false;
        enum err e = locate(path, place, &is_credential, fault);
        if (e)
                return e;
        /* O_NONBLOCK: a FIFO in that place must not stop the start. */
        auto_close_ int file = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (file < 0)
                return fault_of_errno(fault, place, "open");
        e = check_file(file, place, is_credential, fault);
        if (e)
                return e;
        auto_secret bytes = { malloc(SECRET_FILE_MAX_BYTES + 1), SECRET_FILE_MAX_BYTES + 1 };
        if (!bytes.text)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for a secret.");
        size_t length = 0;
        e = read_whole(file, place, bytes.text, &length, fault);
        if (e)
                return e;
        return secret_set(ret, bytes.text, length, fault);
}

static bool write_whole(int file, const char *bytes, size_t length)
{
        while (length > 0) {
                ssize_t done = write(file, bytes, length);
                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return false;
                bytes += done;
                length -= (size_t)done;
        }
        return true;
}

static bool sync_folder_of(const char *path)
{
        char folder[PATH_MAX];
        const char *slash = strrchr(path, '/');
        size_t length = slash ? (size_t)(slash - path) + 1 : 1;
        memcpy(folder, slash ? path : ".", length);
        folder[length] = '\0';
        auto_close_ int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return file >= 0 && fsync(file) == 0;
}

enum err secret_store_new(const char *path, const void *bytes, size_t length, struct fault *fault)
{
        if (length == 0 || length > SECRET_FILE_MAX_BYTES)
                return fault_set(fault, ERR_VALUE, NULL, "A secret file holds 1 to %d bytes.", SECRET_FILE_MAX_BYTES);
        size_t path_length = strlen(path);
        if (path_length == 0 || path_length >= PATH_MAX)
                return fault_set(fault, ERR_VALUE, NULL, "The path of a secret is empty or longer than %d bytes.", PATH_MAX - 1);
        auto_close_ int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file < 0 && errno == EEXIST)
                return fault_set(fault, ERR_TAKEN, NULL, "%s is already there and is not overwritten.", path);
        if (file < 0)
                return fault_of_errno(fault, path, "make");
        if (fchmod(file, 0600) == 0 && write_whole(file, bytes, length) && fsync(file) == 0 && sync_folder_of(path))
                return ERR_OK;
        enum err e = fault_of_errno(fault, path, "write");
        (void)unlink(path); /* half a secret is worse than none; the first error is the one told */
        return e;
}
