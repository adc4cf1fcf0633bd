//! Log, time, chance, the host's wish to end, and what is beyond the sandbox.

const std = @import("std");
const pf = @import("pipefitter");

const c = @cImport({
    @cInclude("stdio.h");
    @cInclude("unistd.h");
});

pub fn stop(_: pf.Job) !pf.Outcome {
    pf.log.info("waiting", .{});
    while (true) {
        if (pf.control.stopRequested()) |reason| return pf.Outcome.inProgress(switch (reason) {
            .cancelled => "stopped: cancelled",
            .hand_over => "stopped: hand-over",
        });
        _ = c.usleep(20_000);
    }
}

pub fn deadline(_: pf.Job) !pf.Outcome {
    const left = pf.control.timeRemaining();
    pf.log.info("remaining: {s}", .{if (left > 0 and left <= 86_400_000) "yes" else "no"});
    var turns: u32 = 0;
    while (true) {
        turns +%= 1;
        std.mem.doNotOptimizeAway(turns);
    }
}

pub fn log(_: pf.Job) !pf.Outcome {
    const field = [_]pf.log.Field{.{ .name = "key", .value = "value" }};
    pf.log.write(.trace, "level trace", &field);
    pf.log.write(.debug, "level debug", &field);
    pf.log.write(.info, "level info", &field);
    pf.log.write(.warn, "level warn", &field);
    pf.log.write(.err, "level error", &field);
    const line = try pf.allocator.alloc(u8, 100_000);
    @memset(line, 'l');
    pf.log.info("{s}", .{line});
    _ = c.printf("to standard output\n");
    _ = c.fflush(null);
    _ = c.write(2, "to standard error\n", 18);
    _ = c.printf("bad \xff byte\n");
    return pf.Outcome.succeeded();
}

pub fn clock(_: pf.Job) !pf.Outcome {
    const year_2024 = 1_704_067_200 * std.time.ns_per_s;
    var forward = true;
    var last = pf.time.monotonic();
    for (0..1000) |_| {
        const now = pf.time.monotonic();
        forward = forward and now >= last;
        last = now;
    }
    const outcome = pf.Outcome.succeeded();
    outcome.variable("wall", "{s}", .{if (pf.time.wall() >= year_2024) "yes" else "no"});
    outcome.variable("monotonic", "{s}", .{if (forward) "yes" else "no"});
    return outcome;
}

pub fn random(_: pf.Job) !pf.Outcome {
    var one: [16]u8 = undefined;
    var other: [16]u8 = undefined;
    pf.random(&one);
    pf.random(&other);
    const outcome = pf.Outcome.succeeded();
    outcome.variable("differ", "{s}", .{if (std.mem.eql(u8, &one, &other)) "no" else "yes"});
    outcome.variable("bytes", "{x}", .{&one});
    return outcome;
}

pub fn network(job: pf.Job) !pf.Outcome {
    const outcome = pf.Outcome.succeeded();
    const answer = pf.http.send(.{ .url = try job.configRequired([]const u8, "url") }) catch {
        pf.log.warn("{s}", .{pf.failureMessage() orelse "no answer"});
        outcome.variable("error", "yes", .{});
        return outcome;
    };
    outcome.variable("status", "{d}", .{answer.status});
    outcome.variable("body", "{s}", .{answer.body});
    return outcome;
}

pub fn secret(_: pf.Job) !pf.Outcome {
    const value = try pf.secrets.get("conformance");
    const outcome = pf.Outcome.succeeded();
    outcome.variable("length", "{d}", .{try std.unicode.utf8CountCodepoints(value)});
    const denied = if (pf.secrets.get("other")) |_| false else |_| true;
    outcome.variable("denied", "{s}", .{if (denied) "yes" else "no"});
    return outcome;
}
