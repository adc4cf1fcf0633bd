//! Artifacts.

const std = @import("std");
const pf = @import("pipefitter");

pub fn inputs(job: pf.Job) !pf.Outcome {
    const listing = try (try job.firstOutput()).create("listing.txt");
    var lines: usize = 0;
    for (0..job.inputCount()) |place| {
        const input = job.inputAt(place);
        for (try input.files()) |path| {
            listing.write(try pf.format("{s}/{s} {d}\n", .{ input.name(), path, try input.size(path) }));
            lines += 1;
        }
    }
    try listing.close();
    const outcome = pf.Outcome.succeeded();
    outcome.variable("inputs", "{d}", .{job.inputCount()});
    outcome.variable("files", "{d}", .{lines});
    return outcome;
}

pub fn large(job: pf.Job) !pf.Outcome {
    const file = try (try job.firstInput()).open("big.bin");
    const piece = try pf.allocator.alloc(u8, 1 << 20);
    var bytes: u64 = 0;
    var last: u8 = 0;
    while (true) {
        const size = try file.read(piece);
        if (size == 0) break;
        bytes += size;
        last = piece[size - 1];
    }
    try file.close();
    const outcome = pf.Outcome.succeeded();
    outcome.variable("bytes", "{d}", .{bytes});
    outcome.variable("last", "{d}", .{last});
    return outcome;
}

pub fn tree(job: pf.Job) !pf.Outcome {
    const output = try job.firstOutput();
    var bytes: [256]u8 = undefined;
    for (&bytes, 0..) |*byte, i| byte.* = @intCast(i);
    try output.write("a/b/c.txt", "deep\n");
    try output.write("ünï/日本.txt", "grüße 😀\n");
    try output.write("empty.txt", "");
    try output.write("bytes.bin", &bytes);
    return pf.Outcome.succeeded();
}

fn told(path: []const u8, mode: [:0]const u8) []const u8 {
    const file = pf.c.fopen(pf.textZ(path).ptr, mode.ptr) orelse return "refused";
    _ = pf.c.fclose(file);
    return "opened";
}

pub fn denied(job: pf.Job) !pf.Outcome {
    const path = (try job.firstInput()).path();
    const outcome = pf.Outcome.succeeded();
    outcome.variable("outside", "{s}", .{told("/etc/passwd", "r")});
    outcome.variable("input", "{s}", .{told(try pf.format("{s}/new.txt", .{path}), "w")});
    outcome.variable("above", "{s}", .{told(try pf.format("{s}/../../etc/passwd", .{path}), "r")});
    return outcome;
}
