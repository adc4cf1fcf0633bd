//! HTTP requests. The manifest has to ask: `network = [{ to = "https://api.example.com", reason = "..." }]` in
//! `[capabilities]`. A plugin that does not call `send` does not import wasi:http.

const pf = @import("pipefitter.zig");
const c = pf.c;

/// A name and its value.
pub const Header = struct { name: []const u8, value: []const u8 };

/// A request.
pub const Request = struct {
    url: []const u8,
    method: []const u8 = "GET",
    headers: []const Header = &.{},
    body: []const u8 = "",
    /// The most that the response's body may have.
    most: usize = 16 * 1024 * 1024,
};

/// What came back. Any status is an answer: a 404 is no failure.
pub const Response = struct {
    status: u16,
    /// Names in lower case.
    headers: []const Header,
    body: []const u8,
};

/// Makes a request and waits for all of the answer. Redirects are not followed. A permission error where the address
/// is not granted, `system_unavailable` where no answer came.
pub fn send(request: Request) pf.Error!Response {
    const headers = pf.allocator.alloc(c.pf_pair, request.headers.len) catch @panic("out of memory");
    for (headers, request.headers) |*to, from| {
        to.* = .{ .name = pf.textZ(from.name).ptr, .value = pf.textZ(from.value).ptr, .value_size = from.value.len };
    }
    const wanted = c.pf_http_request{
        .method = pf.textZ(request.method).ptr,
        .url = pf.textZ(request.url).ptr,
        .headers = headers.ptr,
        .header_count = headers.len,
        .body = request.body.ptr,
        .body_size = request.body.len,
        .most = request.most,
    };
    var answer: c.pf_http_response = undefined;
    if (!c.pf_http(&wanted, &answer)) return error.Failed;
    const got = pf.allocator.alloc(Header, answer.header_count) catch @panic("out of memory");
    for (got, 0..) |*to, i| {
        const from = answer.headers[i];
        to.* = .{ .name = pf.optional(from.name).?, .value = from.value[0..from.value_size] };
    }
    return .{ .status = @intCast(answer.status), .headers = got, .body = answer.body.data[0..answer.body.size] };
}
