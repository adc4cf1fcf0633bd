//! What the SDK for Zig adds to that for C, natively.

const std = @import("std");
const pf = @import("pipefitter");
const testing = std.testing;

const t = @cImport({
    @cInclude("testing.h");
});

const Mode = enum { make, verify_all };

fn given(pair: *const pf.c.pf_pair) pf.c.pf_job {
    var job = std.mem.zeroes(pf.c.pf_job);
    job.id = "1";
    job.attempt = 1;
    job.pipeline.pipeline = "docs";
    job.pipeline.action = "Make";
    job.configuration = pair;
    job.configuration_count = 1;
    return job;
}

fn pairOf(name: [:0]const u8, value: [:0]const u8) pf.c.pf_pair {
    return .{ .name = name.ptr, .value = value.ptr, .value_size = value.len };
}

test "configuration is typed" {
    var pair = pairOf("pages", "12");
    const c_job = given(&pair);
    const job = pf.Job{ .c_job = &c_job };
    try testing.expectEqual(@as(?u16, 12), try job.config(u16, "pages"));
    try testing.expectEqual(@as(?u64, 12), try job.config(u64, "pages"));
    try testing.expectEqual(@as(?f64, 12), try job.config(f64, "pages"));
    try testing.expectEqual(@as(?u16, null), try job.config(u16, "absent"));
    try testing.expectEqualStrings("12", (try job.config([]const u8, "pages")).?);
    try testing.expectError(error.Failed, job.config(bool, "pages"));
    try testing.expectEqualStrings("configuration `pages`: `12` is not `true` or `false`", pf.failureMessage().?);
    try testing.expectError(error.Failed, job.config(u3, "pages"));
    try testing.expectEqualStrings("configuration `pages`: `12` is not a whole number from 0 to 7", pf.failureMessage().?);
    try testing.expectError(error.Failed, job.configRequired(u16, "absent"));
    try testing.expectEqualStrings("configuration `absent`: a value is required", pf.failureMessage().?);

    pair = pairOf("mode", "verify-all");
    try testing.expectEqual(@as(?Mode, .verify_all), try job.config(Mode, "mode"));
    pair = pairOf("mode", "verify_all");
    try testing.expectError(error.Failed, job.config(Mode, "mode"));
    try testing.expectEqualStrings(
        "configuration `mode`: `verify_all` is not one of `make`, `verify-all`",
        pf.failureMessage().?,
    );
    pair = pairOf("list", " a ,, b");
    const list = (try job.config([]const []const u8, "list")).?;
    try testing.expectEqual(@as(usize, 2), list.len);
    try testing.expectEqualStrings("b", list[1]);
}

test "an outcome is what was said" {
    const outcome = pf.Outcome.succeeded();
    outcome.variable("pages", "{d}", .{3});
    outcome.variable("pages", "{d}", .{4});
    outcome.summary("{d} pages", .{4});
    outcome.percent(120);
    const result: *t.pf_result = @ptrCast(outcome.result);
    try testing.expectEqualStrings("4", std.mem.span(t.pf_test_variable(result, "pages")));
    try testing.expectEqualStrings("4 pages", std.mem.span(t.pf_test_summary(result)));
    try testing.expectEqual(@as(c_int, 100), t.pf_test_percent(result));
    try testing.expectError(error.Failed, pf.Outcome.inProgress(""));
    const going_on = try pf.Outcome.inProgress("two");
    try testing.expectEqualStrings("two", std.mem.span(t.pf_test_token(@ptrCast(going_on.result))));
}

fn run(job: pf.Job) !pf.Outcome {
    pf.log.info("{s} of {s}", .{ job.action(), job.pipeline() });
    pf.log.write(.warn, "odd", &.{.{ .name = "page", .value = "a.md" }});
    pf.control.progress(50, "half", .{});
    try testing.expectEqual(@as(?pf.control.StopReason, null), pf.control.stopRequested());
    if (job.configValue("odd") != null) return error.Odd;
    if (job.configValue("fail") != null) return pf.fail(.permission_error, "not {s}", .{"you"});
    return pf.Outcome.succeeded();
}

comptime {
    pf.plugin(run);
}

extern fn pf_run(job: *const pf.c.pf_job) ?*pf.c.pf_result;

test "a plugin is called with a job, and what it returns is told" {
    t.pf_test_reset();
    var pair = pairOf("a", "b");
    const job = given(&pair);
    try testing.expect(pf_run(&job) != null);
    try testing.expectEqualStrings(
        "INFO Make of docs\nWARN odd page=a.md\nPROGRESS 50 half\n",
        std.mem.span(t.pf_test_log()),
    );
    pair = pairOf("fail", "b");
    try testing.expect(pf_run(&job) == null);
    try testing.expectEqualStrings("not you", pf.failureMessage().?);
    try testing.expectEqual(@as(c_uint, pf.c.PF_PERMISSION_ERROR), pf.c.pf_failure_kind());
    pf.forgetFailure();
    pair = pairOf("odd", "b");
    try testing.expect(pf_run(&job) == null);
    try testing.expectEqualStrings("the plugin ended with the error Odd", pf.failureMessage().?);
}

test "time goes on, and chance differs" {
    const before = pf.time.monotonic();
    try testing.expect(pf.time.monotonic() >= before and pf.time.wall() > 1_704_067_200_000_000_000);
    var one: [16]u8 = undefined;
    var other: [16]u8 = undefined;
    pf.random(&one);
    pf.random(&other);
    try testing.expect(!std.mem.eql(u8, &one, &other));
}

test "files are written, walked and read" {
    var home = testing.tmpDir(.{});
    defer home.cleanup();
    const path = try pf.format(".zig-cache/tmp/{s}", .{home.sub_path});
    const c_output = pf.c.pf_output{ .name = "Site", .path = pf.textZ(path).ptr };
    const output = pf.Output{ .c_output = &c_output };
    try output.write("a/b.txt", "b\xc3\xa4");
    const large = try output.create("large");
    for (0..1000) |_| large.write("x" ** 100);
    try large.close();

    var c_input = std.mem.zeroes(pf.c.pf_input);
    c_input.name = "Source";
    c_input.path = c_output.path;
    const input = pf.Input{ .c_input = &c_input };
    var c_job = std.mem.zeroes(pf.c.pf_job);
    c_job.inputs = &c_input;
    c_job.input_count = 1;
    c_job.outputs = &c_output;
    c_job.output_count = 1;
    const job = pf.Job{ .c_job = &c_job };
    try testing.expectEqualStrings("Source", job.inputAt(0).name());
    try testing.expectEqualStrings("Site", job.outputAt(0).name());
    try testing.expectEqual(@as(u64, 100000), try input.size("large"));
    const files = try input.files();
    try testing.expectEqual(@as(usize, 2), files.len);
    try testing.expectEqualStrings("large", files[1]);
    try testing.expectEqualStrings("b\xc3\xa4", try input.readText("a/b.txt", pf.whole));
    var buffer: [4096]u8 = undefined;
    var total: usize = 0;
    const opened = try input.open("large");
    while (true) {
        const size = try opened.read(&buffer);
        if (size == 0) break;
        total += size;
    }
    try opened.close();
    try testing.expectEqual(@as(usize, 100000), total);
    try testing.expectError(error.Failed, input.read("none", pf.whole));
    try testing.expect(std.mem.startsWith(u8, pf.failureMessage().?, "reading `none` of input artifact `Source`: "));
    try testing.expectError(error.Failed, output.write("../x", ""));
}
