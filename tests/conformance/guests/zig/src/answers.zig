//! Configuration in, and every kind of answer out.

const std = @import("std");
const pf = @import("pipefitter");

const missing = "(missing)";

pub fn config(job: pf.Job) !pf.Outcome {
    const number = try job.config(i32, "number");
    const text = job.configValue("text");
    const outcome = pf.Outcome.succeeded();
    outcome.variable("text", "{s}", .{text orelse missing});
    outcome.variable("characters", "{d}", .{try std.unicode.utf8CountCodepoints(text orelse "")});
    if (number) |given| {
        outcome.variable("number", "{d}", .{2 * @as(i64, given)});
    } else {
        outcome.variable("number", missing, .{});
    }
    return outcome;
}

pub fn variables(job: pf.Job) !pf.Outcome {
    const count = try job.config(u32, "count") orelse 0;
    const size = try job.config(u32, "size") orelse 0;
    const value = try pf.allocator.alloc(u8, size);
    @memset(value, 'x');
    const outcome = pf.Outcome.succeeded();
    for (0..count) |i| outcome.variable(try pf.format("v{d}", .{i}), "{s}", .{value});
    return outcome;
}

const Kind = enum {
    job_failed,
    configuration_error,
    permission_error,
    revision_out_of_sync,
    revision_unavailable,
    system_unavailable,
};

pub fn fail(job: pf.Job) !pf.Outcome {
    const kind = try job.config(Kind, "kind") orelse .job_failed;
    const failed = pf.fail(@enumFromInt(@intFromEnum(kind)), "failed as asked: {s}", .{job.configValue("kind") orelse ""});
    pf.failureExternalId("external-1");
    return failed;
}

pub fn chain(job: pf.Job) !pf.Outcome {
    const token = job.continuationToken() orelse {
        const first = try pf.Outcome.inProgress("one");
        first.summary("one of three", .{});
        return first;
    };
    if (std.mem.eql(u8, token, "one")) {
        const second = try pf.Outcome.inProgress("two");
        second.summary("two of three", .{});
        return second;
    }
    const last = pf.Outcome.succeeded();
    last.variable("hops", "3", .{});
    last.summary("three of three", .{});
    return last;
}

pub fn details(job: pf.Job) !pf.Outcome {
    const outcome = pf.Outcome.succeeded();
    outcome.variable("pipeline", "{s}", .{job.pipeline()});
    outcome.variable("stage", "{s}", .{job.stage()});
    outcome.variable("action", "{s}", .{job.action()});
    outcome.variable("provider", "{s}", .{job.provider()});
    outcome.variable("attempt", "{d}", .{job.attempt()});
    outcome.externalId("external-2");
    outcome.percent(100);
    outcome.currentRevision(.{ .revision = "r1", .change_identifier = "c1", .summary = "a revision" });
    return outcome;
}

pub fn throw(_: pf.Job) !pf.Outcome {
    return error.@"uncaught as asked";
}

pub fn trap(_: pf.Job) !pf.Outcome {
    @panic("trapped as asked");
}

pub fn progress(_: pf.Job) !pf.Outcome {
    pf.control.progress(40, "two of five", .{});
    return pf.Outcome.succeeded();
}
