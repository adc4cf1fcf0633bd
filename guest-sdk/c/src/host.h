// Within the SDK: what it asks of the host, and what its files share. Not API.
//
// The functions `pf_host_...` are the seam: wire.c has them over the generated bindings, testing/testing.c natively.
#ifndef PF_HOST_H
#define PF_HOST_H

#include <pipefitter.h>

/// What a result holds.
struct pf_result {
    bool in_progress;
    pf_pair *variables;
    size_t variable_count;
    size_t variable_room;
    char *token;
    char *summary;
    size_t summary_size;
    char *external_id;
    /// -1 where it was not said.
    int percent;
    /// `revision.revision` is `NULL` where there is none.
    pf_revision revision;
};

/// The failure that was recorded last.
typedef struct pf_failure {
    bool recorded;
    pf_failure_type type;
    char *message;
    size_t message_size;
    char *external_id;
} pf_failure;

extern pf_failure pf_recorded;

void pf_host_log(pf_level level, const pf_pair *fields, size_t count, const char *message, size_t size);
pf_level pf_host_threshold(void);
void pf_host_progress(int percent, const char *summary, size_t size);
pf_stop pf_host_stop_requested(void);
uint32_t pf_host_time_remaining(void);

/// Why there is no secret.
typedef enum pf_secret_error { PF_SECRET_IS_THERE, PF_SECRET_DENIED, PF_SECRET_MISSING, PF_SECRET_UNAVAILABLE } pf_secret_error;

pf_secret_error pf_host_secret(const char *name, pf_bytes *bytes);
pf_secret_error pf_host_secret_bytes(const char *name, pf_bytes *bytes);

/// `malloc`, which ends the job where there is no memory.
void *pf_allocate(size_t size);
/// `realloc` of `room` items, made larger by half where `count` fill them.
void *pf_grow(void *items, size_t count, size_t *room, size_t item_size);
/// A copy that ends in a zero byte; empty for `NULL`.
char *pf_copy(const char *data, size_t size);
/// A copy that is UTF-8: U+FFFD stands for what is not.
char *pf_copy_utf8(const char *data, size_t size, size_t *copy_size);
/// What printf would print.
char *pf_format(const char *format, va_list arguments, size_t *size);
/// The bytes of the character that begins here, or 0 and how many to leave out.
size_t pf_utf8_character(const unsigned char *data, size_t size, size_t *wrong);

#endif
