/* The twin as a plain WASI command in C: what tests/guests/rust does, without any library. The job's JSON is searched by
 * names and not parsed: the host writes it in one form. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char job[1 << 20];
/* The job's id as it stands in JSON, with its quotes. */
static char id[1 << 10];

static void fail(const char *kind, const char *message);

/* The string that follows `key` behind `from`, without escapes; 0 where there is none. */
static char *string_of(const char *from, const char *key) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"%s\":\"", key);
    const char *at = from == NULL ? NULL : strstr(from, wanted);
    if (at == NULL) {
        return NULL;
    }
    at += strlen(wanted);
    char *text = malloc(strlen(at) + 1);
    char *end = text;
    for (; *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        }
        *end++ = *at;
    }
    *end = '\0';
    return text;
}

static void say(const char *kind, const char *content) {
    printf("{\"pipefitter\":1,\"job_id\":%s,\"%s\":%s}\n", id, kind, content);
    fflush(stdout);
}

static void fail(const char *kind, const char *message) {
    char content[512];
    snprintf(content, sizeof content, "{\"kind\":\"%s\",\"message\":\"%s\"}", kind, message);
    say("failure", content);
    exit(0);
}

static FILE *file_in(const char *list, const char *name, const char *mode) {
    char path[1024];
    char *folder = string_of(strstr(job, list), "path");
    snprintf(path, sizeof path, "%s/%s", folder == NULL ? "" : folder, name);
    free(folder);
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        fail("job_failed", "a file cannot be opened");
    }
    return file;
}

/* Upper case of ASCII and of Latin-1's letters, the sharp s included. */
static void shout(FILE *from, FILE *to, int *characters) {
    int byte;
    while ((byte = fgetc(from)) != EOF) {
        *characters += (byte & 0xC0) != 0x80;
        if (byte != 0xC3) {
            fputc(byte >= 'a' && byte <= 'z' ? byte - 'a' + 'A' : byte, to);
            continue;
        }
        int second = fgetc(from);
        if (second == 0x9F) {
            fputs("SS", to);
        } else {
            fputc(byte, to);
            fputc(second >= 0xA0 && second != 0xB7 && second != 0xBF ? second - 0x20 : second, to);
        }
    }
}

int main(void) {
    if (fgets(job, sizeof job, stdin) == NULL) {
        return 1;
    }
    const char *begin = strstr(job, "\"id\":\"");
    const char *end = begin == NULL ? NULL : strchr(begin + 6, '"');
    if (end == NULL || end - begin > (long)sizeof id) {
        return 1;
    }
    begin += 5;
    memcpy(id, begin, (size_t)(end - begin) + 1);

    char *action = string_of(strstr(job, "\"pipeline\":{"), "action");
    printf("twin runs %s\n", action == NULL ? "" : action);
    free(action);
    char *mode = string_of(strstr(job, "\"configuration\":{"), "mode");
    char *token = string_of(job, "continuation_token");
    if (mode != NULL && strcmp(mode, "fail") == 0) {
        fail("configuration_error", "`mode` says fail: set it to ok");
    }
    if (mode != NULL && strcmp(mode, "continue") == 0 && token == NULL) {
        say("outcome",
            "{\"in_progress\":{\"token\":\"2\",\"details\":{\"summary\":\"one of two\",\"percent_complete\":100}}}");
        return 0;
    }
    FILE *message = file_in("\"inputs\":[", "message.txt", "rb");
    FILE *loud = file_in("\"outputs\":[", "shout.txt", "wb");
    say("progress", "{\"percent\":50,\"summary\":\"read\"}");
    int characters = 0;
    shout(message, loud, &characters);
    fclose(message);
    if (fclose(loud) != 0) {
        fail("job_failed", "the output cannot be written");
    }
    char content[512];
    snprintf(content, sizeof content,
             "{\"succeeded\":{\"variables\":{\"characters\":\"%d\",\"token\":\"%s\"},"
             "\"details\":{\"summary\":\"shouted\",\"percent_complete\":100}}}",
             characters, token == NULL ? "none" : token);
    say("outcome", content);
    return 0;
}
