// Memory and text.

#include "host.h"

#include <stdlib.h>
#include <string.h>

void *pf_allocate(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory) pf_panic("out of memory: %zu bytes more were needed", size);
    return memory;
}

void *pf_grow(void *items, size_t count, size_t *room, size_t item_size) {
    if (count < *room) return items;
    *room += *room / 2 + 16;
    items = realloc(items, *room * item_size);
    if (!items) pf_panic("out of memory: %zu bytes were needed", *room * item_size);
    return items;
}

char *pf_copy(const char *data, size_t size) {
    char *copy = pf_allocate(size + 1);
    if (size) memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

/// The continuation bytes that a first byte asks for, and the bounds of the first of them: Unicode 15, table 3-7.
static int utf8_tail(unsigned char first, unsigned char *low, unsigned char *high) {
    *low = 0x80;
    *high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) return 1;
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0) *low = 0xA0;
        if (first == 0xED) *high = 0x9F;
        return 2;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0) *low = 0x90;
        if (first == 0xF4) *high = 0x8F;
        return 3;
    }
    return -1;
}

size_t pf_utf8_character(const unsigned char *data, size_t size, size_t *wrong) {
    unsigned char low, high;
    if (data[0] < 0x80) return 1;
    int tail = utf8_tail(data[0], &low, &high);
    if (tail < 0) {
        *wrong = 1;
        return 0;
    }
    for (int i = 1; i <= tail; i++) {
        if ((size_t)i >= size || data[i] < low || data[i] > high) {
            *wrong = (size_t)i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return (size_t)tail + 1;
}

bool pf_is_utf8(const char *data, size_t size) {
    size_t wrong;
    for (size_t at = 0; at < size;) {
        size_t length = pf_utf8_character((const unsigned char *)data + at, size - at, &wrong);
        if (!length) return false;
        at += length;
    }
    return true;
}

char *pf_copy_utf8(const char *data, size_t size, size_t *copy_size) {
    static const char replacement[] = "\xEF\xBF\xBD";
    if (pf_is_utf8(data, size)) {
        *copy_size = size;
        return pf_copy(data, size);
    }
    char *copy = pf_allocate(size * 3 + 1);
    size_t used = 0, wrong = 0;
    for (size_t at = 0; at < size;) {
        size_t length = pf_utf8_character((const unsigned char *)data + at, size - at, &wrong);
        if (length) {
            memcpy(copy + used, data + at, length);
            used += length;
            at += length;
        } else {
            memcpy(copy + used, replacement, 3);
            used += 3;
            at += wrong;
        }
    }
    copy[used] = '\0';
    *copy_size = used;
    return copy;
}

char *pf_format(const char *format, va_list arguments, size_t *size) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    // A conversion that cannot be made, such as a wide character: the format is better than nothing.
    if (length < 0) {
        va_end(again);
        *size = strlen(format);
        return pf_copy(format, *size);
    }
    char *text = pf_allocate((size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    *size = (size_t)length;
    return text;
}
