// Time and chance.

#include "host.h"

#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t pf_wall_clock(void) {
    return nanoseconds(CLOCK_REALTIME);
}

int64_t pf_monotonic_clock(void) {
    return nanoseconds(CLOCK_MONOTONIC);
}

void pf_random(void *buffer, size_t size) {
    unsigned char *to = buffer;
    // getentropy takes no more at once.
    for (size_t part; size; to += part, size -= part) {
        part = size < 256 ? size : 256;
        if (getentropy(to, part) != 0) pf_panic("there are no random bytes");
    }
}
