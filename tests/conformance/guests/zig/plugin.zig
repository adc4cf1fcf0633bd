//! The guest of the conformance suite in Zig: tests/conformance/README.md says what it does.

const std = @import("std");
const pf = @import("pipefitter");

const answers = @import("src/answers.zig");
const artifacts = @import("src/artifacts.zig");
const surroundings = @import("src/surroundings.zig");

pub const panic = pf.panic;

comptime {
    pf.plugin(run);
}

const Known = struct {
    name: []const u8,
    run: *const fn (pf.Job) anyerror!pf.Outcome,
    /// Whether the case has a summary of its own, or none.
    own_summary: bool = false,
};

const cases = [_]Known{
    .{ .name = "config", .run = answers.config },
    .{ .name = "inputs", .run = artifacts.inputs },
    .{ .name = "large", .run = artifacts.large },
    .{ .name = "tree", .run = artifacts.tree },
    .{ .name = "variables", .run = answers.variables },
    .{ .name = "fail", .run = answers.fail },
    .{ .name = "continue", .run = answers.chain, .own_summary = true },
    .{ .name = "details", .run = answers.details },
    .{ .name = "throw", .run = answers.throw },
    .{ .name = "trap", .run = answers.trap },
    .{ .name = "progress", .run = answers.progress, .own_summary = true },
    .{ .name = "stop", .run = surroundings.stop, .own_summary = true },
    .{ .name = "deadline", .run = surroundings.deadline, .own_summary = true },
    .{ .name = "log", .run = surroundings.log },
    .{ .name = "clock", .run = surroundings.clock },
    .{ .name = "random", .run = surroundings.random },
    .{ .name = "denied-file", .run = artifacts.denied },
    .{ .name = "network", .run = surroundings.network },
    .{ .name = "secret", .run = surroundings.secret },
};

fn run(job: pf.Job) !pf.Outcome {
    const name = try job.configRequired([]const u8, "case");
    for (cases) |known| {
        if (!std.mem.eql(u8, known.name, name)) continue;
        const outcome = try known.run(job);
        if (!known.own_summary) outcome.summary("{s} done", .{name});
        return outcome;
    }
    return pf.fail(.configuration_error, "unknown case `{s}`", .{name});
}
