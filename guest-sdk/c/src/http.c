// HTTP over wasi:http. For wasm only.

#include "host.h"

#include "../gen/pf_wire.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MOST ((size_t)16 * 1024 * 1024)
/// What `blocking-write-and-flush` takes at once.
#define WRITE_MOST 4096

/// The cases of wasi:http's `error-code`, in its order.
static const char *const problems[] = {
    "DNS-timeout",
    "DNS-error",
    "destination-not-found",
    "destination-unavailable",
    "destination-IP-prohibited",
    "destination-IP-unroutable",
    "connection-refused",
    "connection-terminated",
    "connection-timeout",
    "connection-read-timeout",
    "connection-write-timeout",
    "connection-limit-reached",
    "TLS-protocol-error",
    "TLS-certificate-error",
    "TLS-alert-received",
    "HTTP-request-denied",
    "HTTP-request-length-required",
    "HTTP-request-body-size",
    "HTTP-request-method-invalid",
    "HTTP-request-URI-invalid",
    "HTTP-request-URI-too-long",
    "HTTP-request-header-section-size",
    "HTTP-request-header-size",
    "HTTP-request-trailer-section-size",
    "HTTP-request-trailer-size",
    "HTTP-response-incomplete",
    "HTTP-response-header-section-size",
    "HTTP-response-header-size",
    "HTTP-response-body-size",
    "HTTP-response-trailer-section-size",
    "HTTP-response-trailer-size",
    "HTTP-response-transfer-coding",
    "HTTP-response-content-coding",
    "HTTP-response-timeout",
    "HTTP-upgrade-failed",
    "HTTP-protocol-error",
    "loop-detected",
    "configuration-error",
    "internal-error",
};

/// A request's address, in parts.
typedef struct address {
    bool tls;
    pf_wire_string_t authority;
    pf_wire_string_t path;
    /// For messages: without the query, which may hold what is secret.
    char *shown;
} address;

static pf_wire_string_t part(const char *from, size_t size) {
    return (pf_wire_string_t){(uint8_t *)pf_copy(from, size), size};
}

static bool take_apart(const char *url, address *to) {
    to->tls = strncmp(url, "https://", 8) == 0;
    bool plain = strncmp(url, "http://", 7) == 0;
    size_t shown = strcspn(url, "?#");
    to->shown = pf_copy(url, shown);
    const char *host = url + (to->tls ? 8 : 7);
    size_t host_size = to->tls || plain ? strcspn(host, "/?#") : 0;
    if (!host_size) return pf_fail(PF_JOB_FAILED, "`%s` is no address: it takes http:// or https:// and a host", to->shown);
    to->authority = part(host, host_size);
    const char *path = host + host_size;
    size_t path_size = strcspn(path, "#");
    if (*path == '/') {
        to->path = part(path, path_size);
        return true;
    }
    char *rooted = pf_allocate(path_size + 2);
    rooted[0] = '/';
    memcpy(rooted + 1, path, path_size);
    to->path = (pf_wire_string_t){(uint8_t *)rooted, path_size + 1};
    return true;
}

static bool fail_with(const address *to, const wasi_http_types_error_code_t *error) {
    size_t known = sizeof problems / sizeof *problems;
    const char *problem = error->tag < known ? problems[error->tag] : "an error of a later wasi:http";
    bool denied = error->tag == WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_DENIED ||
                  error->tag == WASI_HTTP_TYPES_ERROR_CODE_DESTINATION_IP_PROHIBITED;
    const pf_wire_option_string_t *more = &error->val.internal_error;
    bool has_more = error->tag == WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR && more->is_some;
    return pf_fail(denied ? PF_PERMISSION_ERROR : PF_SYSTEM_UNAVAILABLE, "%s: %s%s%.*s", to->shown, problem,
                   has_more ? ": " : "", has_more ? (int)more->val.len : 0, has_more ? (const char *)more->val.ptr : "");
}

static bool fail_stream(const address *to, const wasi_io_streams_stream_error_t *error) {
    wasi_http_types_error_code_t code;
    if (error->tag == WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED &&
        wasi_http_types_http_error_code(wasi_io_error_borrow_error(error->val.last_operation_failed), &code)) {
        return fail_with(to, &code);
    }
    return pf_fail(PF_SYSTEM_UNAVAILABLE, "%s: the connection broke off", to->shown);
}

static void set_method(wasi_http_types_borrow_outgoing_request_t request, const char *name) {
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    wasi_http_types_method_t method = {.tag = WASI_HTTP_TYPES_METHOD_OTHER};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i], name) == 0) method.tag = (uint8_t)i;
    }
    if (method.tag == WASI_HTTP_TYPES_METHOD_OTHER) method.val.other = part(name, strlen(name));
    wasi_http_types_method_outgoing_request_set_method(request, &method);
}

static bool make_request(const pf_http_request *from, const address *to, wasi_http_types_own_outgoing_request_t *request) {
    wasi_http_types_own_fields_t headers = wasi_http_types_constructor_fields();
    for (size_t i = 0; i < from->header_count; i++) {
        const pf_pair *pair = &from->headers[i];
        wasi_http_types_field_name_t name = part(pair->name, strlen(pair->name));
        size_t size = pair->value_size ? pair->value_size : strlen(pair->value);
        wasi_http_types_field_value_t value = {(uint8_t *)pf_copy(pair->value, size), size};
        wasi_http_types_header_error_t error;
        if (!wasi_http_types_method_fields_append(wasi_http_types_borrow_fields(headers), &name, &value, &error)) {
            return pf_fail(PF_JOB_FAILED, "%s: the header `%s` cannot be sent", to->shown, pair->name);
        }
    }
    *request = wasi_http_types_constructor_outgoing_request(headers);
    wasi_http_types_borrow_outgoing_request_t borrowed = wasi_http_types_borrow_outgoing_request(*request);
    set_method(borrowed, from->method ? from->method : "GET");
    wasi_http_types_scheme_t scheme = {.tag = to->tls ? WASI_HTTP_TYPES_SCHEME_HTTPS : WASI_HTTP_TYPES_SCHEME_HTTP};
    wasi_http_types_method_outgoing_request_set_scheme(borrowed, &scheme);
    pf_wire_string_t authority = to->authority, path = to->path;
    if (!wasi_http_types_method_outgoing_request_set_authority(borrowed, &authority) ||
        !wasi_http_types_method_outgoing_request_set_path_with_query(borrowed, &path)) {
        return pf_fail(PF_JOB_FAILED, "`%s` is no address that can be asked", to->shown);
    }
    return true;
}

static bool send_body(const pf_http_request *from, const address *to, wasi_http_types_own_outgoing_body_t body) {
    wasi_http_types_own_output_stream_t stream;
    wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body), &stream);
    for (size_t sent = 0; sent < from->body_size;) {
        size_t size = from->body_size - sent < WRITE_MOST ? from->body_size - sent : WRITE_MOST;
        pf_wire_list_u8_t piece = {(uint8_t *)from->body + sent, size};
        wasi_io_streams_stream_error_t error;
        if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(stream),
                                                                           &piece, &error)) {
            // A server may answer before it has read everything: its answer tells more than this.
            wasi_io_streams_stream_error_free(&error);
            break;
        }
        sent += size;
    }
    wasi_io_streams_output_stream_drop_own(stream);
    wasi_http_types_error_code_t error;
    return wasi_http_types_static_outgoing_body_finish(body, NULL, &error) || fail_with(to, &error);
}

static void read_headers(wasi_http_types_borrow_incoming_response_t from, pf_http_response *response) {
    wasi_http_types_own_headers_t headers = wasi_http_types_method_incoming_response_headers(from);
    wasi_http_types_list_tuple2_field_name_field_value_t entries;
    wasi_http_types_method_fields_entries(wasi_http_types_borrow_fields(headers), &entries);
    response->header_count = entries.len;
    response->headers = pf_allocate(sizeof *response->headers * entries.len);
    for (size_t i = 0; i < entries.len; i++) {
        char *name = pf_copy((const char *)entries.ptr[i].f0.ptr, entries.ptr[i].f0.len);
        for (char *letter = name; *letter; letter++) *letter = (char)tolower((unsigned char)*letter);
        const char *value = pf_copy((const char *)entries.ptr[i].f1.ptr, entries.ptr[i].f1.len);
        response->headers[i] = (pf_pair){name, value, entries.ptr[i].f1.len};
    }
    wasi_http_types_list_tuple2_field_name_field_value_free(&entries);
    wasi_http_types_fields_drop_own(headers);
}

static bool read_body(const address *to, wasi_http_types_own_incoming_body_t body, size_t most, pf_bytes *bytes) {
    wasi_http_types_own_input_stream_t stream;
    wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body), &stream);
    size_t room = 0;
    *bytes = (pf_bytes){NULL, 0};
    bool whole = false, good = true;
    while (good && !whole) {
        pf_wire_list_u8_t piece;
        wasi_io_streams_stream_error_t error;
        if (wasi_io_streams_method_input_stream_blocking_read(wasi_io_streams_borrow_input_stream(stream), 65536, &piece,
                                                              &error)) {
            if (bytes->size + piece.len > most) {
                good = pf_fail(PF_JOB_FAILED, "%s: the answer has more than %zu bytes", to->shown, most);
            }
            while (good && room < bytes->size + piece.len) bytes->data = pf_grow(bytes->data, room, &room, 1);
            if (good && piece.len) memcpy(bytes->data + bytes->size, piece.ptr, piece.len);
            if (good) bytes->size += piece.len;
            pf_wire_list_u8_free(&piece);
        } else {
            whole = error.tag == WASI_IO_STREAMS_STREAM_ERROR_CLOSED;
            good = whole || fail_stream(to, &error);
            wasi_io_streams_stream_error_free(&error);
        }
    }
    wasi_io_streams_input_stream_drop_own(stream);
    wasi_http_types_incoming_body_drop_own(body);
    bytes->data = pf_grow(bytes->data, bytes->size, &room, 1);
    bytes->data[bytes->size] = '\0';
    return good;
}

static bool await(const address *to, wasi_http_types_own_future_incoming_response_t future,
                  wasi_http_types_own_incoming_response_t *response) {
    wasi_http_types_borrow_future_incoming_response_t borrowed = wasi_http_types_borrow_future_incoming_response(future);
    wasi_http_types_own_pollable_t ready = wasi_http_types_method_future_incoming_response_subscribe(borrowed);
    wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(ready));
    wasi_io_poll_pollable_drop_own(ready);
    wasi_http_types_result_result_own_incoming_response_error_code_void_t answer;
    bool there = wasi_http_types_method_future_incoming_response_get(borrowed, &answer) && !answer.is_err;
    wasi_http_types_future_incoming_response_drop_own(future);
    if (!there) return pf_fail(PF_SYSTEM_UNAVAILABLE, "%s: no answer came", to->shown);
    if (answer.val.ok.is_err) return fail_with(to, &answer.val.ok.val.err);
    *response = answer.val.ok.val.ok;
    return true;
}

bool pf_http(const pf_http_request *from, pf_http_response *response) {
    address to;
    wasi_http_types_own_outgoing_request_t request;
    if (!take_apart(from->url, &to) || !make_request(from, &to, &request)) return false;
    wasi_http_types_own_outgoing_body_t body;
    wasi_http_types_method_outgoing_request_body(wasi_http_types_borrow_outgoing_request(request), &body);
    wasi_http_types_own_future_incoming_response_t future;
    wasi_http_types_error_code_t error;
    if (!wasi_http_outgoing_handler_handle(request, NULL, &future, &error)) return fail_with(&to, &error);
    wasi_http_types_own_incoming_response_t answer;
    if (!send_body(from, &to, body) || !await(&to, future, &answer)) return false;
    wasi_http_types_borrow_incoming_response_t borrowed = wasi_http_types_borrow_incoming_response(answer);
    *response = (pf_http_response){.status = wasi_http_types_method_incoming_response_status(borrowed)};
    read_headers(borrowed, response);
    wasi_http_types_own_incoming_body_t incoming;
    wasi_http_types_method_incoming_response_consume(borrowed, &incoming);
    bool read = read_body(&to, incoming, from->most ? from->most : BODY_MOST, &response->body);
    wasi_http_types_incoming_response_drop_own(answer);
    return read;
}

const char *pf_http_header(const pf_http_response *response, const char *name) {
    for (size_t i = 0; i < response->header_count; i++) {
        const char *a = response->headers[i].name, *b = name;
        while (*a && *a == tolower((unsigned char)*b)) a++, b++;
        if (!*a && !*b) return response->headers[i].value;
    }
    return NULL;
}
