/* SPDX-License-Identifier: Apache-2.0
 *
 * A file system that is really full: SQLite and a whole PostgreSQL cluster on a small tmpfs (mount(2) needs root; skipped without).
 * Answers are 507 or 503, nothing is half written, and freeing space is all the help that is needed. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>
#include "store/fixture.h"

struct disk {
        char folder[64];
        char ballast[96];
};

static bool disk_mount(struct disk *disk, const char *size)
{
        char options[64];
        strcpy(disk->folder, "/tmp/muster-full-XXXXXX");
        assert_non_null(mkdtemp(disk->folder));
        (void)snprintf(disk->ballast, sizeof disk->ballast, "%s/ballast", disk->folder);
        (void)snprintf(options, sizeof options, "size=%s,mode=0755", size);
        if (!mount("none", disk->folder, "tmpfs", 0, options))
                return true;
        print_message("skipped: mount(2) of a tmpfs is not permitted here (%s)\n", strerror(errno));
        (void)rmdir(disk->folder);
        return false;
}

static void disk_unmount(const struct disk *disk)
{
        (void)umount2(disk->folder, MNT_DETACH);
        (void)rmdir(disk->folder);
}

/* Takes the space that is left, but for `spare` bytes. */
static void disk_fill(const struct disk *disk, off_t spare)
{
        static const char zero[4096];
        int fd = open(disk->ballast, O_CREAT | O_WRONLY | O_APPEND, 0600);
        off_t size = 0;
        ssize_t wrote;
        assert_true(fd >= 0);
        while ((wrote = write(fd, zero, sizeof zero)) > 0)
                size += wrote;
        if (spare)
                assert_int_equal(ftruncate(fd, size > spare ? size - spare : 0), 0);
        (void)close(fd);
}

static enum err insert_document(struct fixture *fixture, int64_t no, size_t length)
{
        char name[24];
        auto_free_ char *doc = malloc(length + 1);
        assert_non_null(doc);
        for (size_t i = 0; i < length; i++)
                doc[i] = (char)('!' + (int)(random() % 90)); /* PostgreSQL compresses */
        doc[length] = 0;
        (void)snprintf(name, sizeof name, "name %d", (int)no);
        const struct new_resource resource = { 1, no, 0, 2, 0, 1, name, doc };
        return fixture_submit(fixture, job_insert_resource, (void *)&resource);
}

static void fill_and_heal(struct fixture *fixture, const struct disk *disk)
{
        int64_t one = 1, no = 1;
        int full = 0, refused = 0;
        assert_ok(fixture_submit(fixture, job_insert_roots, &one));
        assert_ok(insert_document(fixture, no++, 100));
        disk_fill(disk, 1 << 20);
        for (int i = 0; i < 60; i++, no++) {
                enum err e = insert_document(fixture, no, 200000);
                assert_true(e == ERR_OK || e == ERR_STORAGE_FULL || e == ERR_UNAVAILABLE);
                assert_int_equal(resource_exists(fixture->reader, 1, no), e == ERR_OK);
                full += e == ERR_STORAGE_FULL;
                refused += e != ERR_OK;
        }
        assert_true(full > 0 && refused >= full);
        assert_int_equal(unlink(disk->ballast), 0);
        for (int i = 0; i < 200 && insert_document(fixture, no, 200000); i++)
                (void)usleep(50000);
        assert_true(resource_exists(fixture->reader, 1, no));
        assert_ok(insert_document(fixture, no + 1, 200000));
}

static void sqlite_on_a_full_file_system(struct fixture *fixture)
{
        struct disk disk;
        fixture_close(fixture);
        if (!disk_mount(&disk, "24m"))
                skip();
        (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/muster.db", disk.folder);
        fixture_open(fixture);
        fill_and_heal(fixture, &disk);
        fixture_close(fixture);
        disk_unmount(&disk);
}

/* PostgreSQL panics when its WAL cannot grow; here the tables are on the full file system and the WAL is not, the case in which the
 * server stays and answers 53100. */
static void postgresql_tablespace_on_a_full_file_system(struct fixture *fixture)
{
        struct disk disk;
        char command[256], sql[256];
        const char *name = strrchr(fixture->url, '/') + 1;
        if (getenv("MUSTER_TEST_POSTGRES")) {
                print_message("skipped: the cluster of MUSTER_TEST_POSTGRES cannot see our tmpfs for certain\n");
                skip();
        }
        fixture_close(fixture);
        if (!disk_mount(&disk, "48m"))
                skip();
        (void)snprintf(command, sizeof command, "mkdir %s/space && chown $(id -u postgres 2>/dev/null || id -u nobody) %s/space",
                disk.folder, disk.folder);
        assert_int_equal(system(command), 0);
        /* A database cannot move while one is connected to it: the other database of the cluster does it. */
        char *url = strdup(fixture->url);
        strcpy(strrchr(url, '/') + 1, "muster");
        (void)snprintf(sql, sizeof sql,
                "psql -q '%s' -c \"CREATE TABLESPACE small LOCATION '%s/space'\" -c \"ALTER DATABASE %s SET TABLESPACE small\"", url,
                disk.folder, name);
        assert_int_equal(system(sql), 0);
        fixture_open(fixture);
        fill_and_heal(fixture, &disk);
        fixture_close(fixture);
        (void)snprintf(sql, sizeof sql, "psql -q '%s' -c 'DROP DATABASE %s' -c 'DROP TABLESPACE small'", url, name);
        assert_int_equal(system(sql), 0);
        free(url);
        disk_unmount(&disk);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(sqlite_on_a_full_file_system, ON_SQLITE),
                FIXTURE_TEST(postgresql_tablespace_on_a_full_file_system, ON_POSTGRES),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
