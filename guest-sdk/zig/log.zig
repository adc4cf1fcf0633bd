//! The job's log. Standard output (as info) and standard error (as warn) go to the same one, in order.

const std = @import("std");
const pf = @import("pipefitter.zig");
const c = pf.c;

/// How much a line matters, least first.
pub const Level = enum(c.pf_level) {
    /// Finest detail.
    trace = c.PF_TRACE,
    /// For whoever develops the plugin.
    debug = c.PF_DEBUG,
    /// What a pipeline's owner may want to read.
    info = c.PF_INFO,
    /// Something is odd, the work goes on.
    warn = c.PF_WARN,
    /// Something failed.
    err = c.PF_ERROR,
};

/// A name and a value that go with a line.
pub const Field = struct { name: []const u8, value: []const u8 };

/// The least level that is kept: messages below it need not be made. The functions below ask it.
pub fn threshold() Level {
    return @enumFromInt(c.pf_threshold());
}

/// Writes a message with fields; line ends split it into lines.
pub fn write(level: Level, message: []const u8, fields: []const Field) void {
    const pairs = pf.allocator.alloc(c.pf_pair, fields.len) catch @panic("out of memory");
    defer pf.allocator.free(pairs);
    for (pairs, fields) |*pair, field| {
        pair.* = .{ .name = pf.textZ(field.name).ptr, .value = pf.textZ(field.value).ptr, .value_size = field.value.len };
    }
    c.pf_log_text(@intFromEnum(level), pairs.ptr, pairs.len, message.ptr, message.len);
}

fn print(level: Level, comptime text: []const u8, arguments: anytype) void {
    if (@intFromEnum(level) < @intFromEnum(threshold())) return;
    const message = pf.formatZ(text, arguments);
    defer pf.allocator.free(message);
    write(level, message, &.{});
}

/// Finest detail.
pub fn trace(comptime text: []const u8, arguments: anytype) void {
    print(.trace, text, arguments);
}

/// For whoever develops the plugin.
pub fn debug(comptime text: []const u8, arguments: anytype) void {
    print(.debug, text, arguments);
}

/// What a pipeline's owner may want to read.
pub fn info(comptime text: []const u8, arguments: anytype) void {
    print(.info, text, arguments);
}

/// Something is odd, the work goes on.
pub fn warn(comptime text: []const u8, arguments: anytype) void {
    print(.warn, text, arguments);
}

/// Something failed.
pub fn err(comptime text: []const u8, arguments: anytype) void {
    print(.err, text, arguments);
}

/// For what logs by `std.log`: `pub const std_options: std.Options = .{ .logFn = pf.log.forStd };` in `plugin.zig`.
pub fn forStd(
    comptime level: std.log.Level,
    comptime scope: @EnumLiteral(),
    comptime text: []const u8,
    arguments: anytype,
) void {
    const prefix = if (scope == .default) "" else "(" ++ @tagName(scope) ++ ") ";
    print(switch (level) {
        .err => .err,
        .warn => .warn,
        .info => .info,
        .debug => .debug,
    }, prefix ++ text, arguments);
}
