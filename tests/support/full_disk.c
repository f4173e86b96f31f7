/* Disks that fail, for tests. While the file $FULL_DISK is there, nothing more can be written below $FULL_FOLDER; with $DIE_AT the process is
   killed before the write of that number there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int written;

static int full(int fd) {
    const char *flag = getenv("FULL_DISK"), *folder = getenv("FULL_FOLDER"), *die = getenv("DIE_AT");
    char link[64], path[4096];
    if (!folder || (!die && (!flag || access(flag, F_OK) != 0))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) != 0) return 0;
    if (die) {
        if (__sync_add_and_fetch(&written, 1) >= atoi(die)) kill(getpid(), SIGKILL);
        return 0;
    }
    errno = ENOSPC;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) { return full(fd) ? -1 : NEXT(write)(fd, bytes, count); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return full(fd) ? -1 : NEXT(writev)(fd, parts, count); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return full(fd) ? -1 : NEXT(pwrite)(fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return full(fd) ? -1 : NEXT(pwrite64)(fd, bytes, count, at); }
