//! The next semantic version, from the current one and what the changelog has as unreleased.

const std = @import("std");
const pf = @import("pipefitter");

const bumps = @import("src/bump.zig");
const changelog = @import("src/changelog.zig");
const version_file = @import("src/version_file.zig");
const Bump = bumps.Bump;

pub const panic = pf.panic;

comptime {
    pf.plugin(run);
}

/// What a changelog, or a VERSION, has at most.
const text_most = 8 * 1024 * 1024;

const Asked = enum { auto, major, minor, patch };
const Changed = enum { major, minor, patch };
const WhenEmpty = enum { fail, keep };

fn run(job: pf.Job) !pf.Outcome {
    const input = try job.firstInput();
    const path = try job.config([]const u8, "changelog") orelse "CHANGELOG.md";
    const asked = try job.config(Asked, "bump") orelse .auto;
    const when_empty = try job.config(WhenEmpty, "when-empty") orelse .fail;
    const rules = changelog.Rules{
        .changed = switch (try job.config(Changed, "changed") orelse .minor) {
            .major => .major,
            .minor => .minor,
            .patch => .patch,
        },
        .conventional = try job.config(bool, "conventional") orelse false,
    };

    const current = try currentVersion(job, input);
    const unreleased = try changelog.read(try input.readText(path, text_most), path, rules);
    try compareWithReleased(current.version, current.place, unreleased, path);

    if (unreleased.entries == 0 and when_empty == .fail) {
        return pf.fail(.job_failed, "nothing is unreleased: {s} has no entry under `Unreleased`, so that no version is due", .{path});
    }
    const wanted: Bump = if (unreleased.entries == 0) .none else switch (asked) {
        .auto => unreleased.bump,
        .major => .major,
        .minor => .minor,
        .patch => .patch,
    };
    const bump = bumps.raised(current.version, wanted);
    const next = bumps.next(current.version, bump);
    pf.log.info("{d} entries of {s}: {f} of {s} becomes {f} ({t})", .{
        unreleased.entries, path, current.version, current.place, next, bump,
    });
    if (job.outputCount() > 0) try writeFiles(try job.firstOutput(), next, unreleased);

    const outcome = pf.Outcome.succeeded();
    outcome.variable("version", "{f}", .{next});
    outcome.variable("previous", "{f}", .{current.version});
    outcome.variable("bump", "{t}", .{bump});
    outcome.variable("entries", "{d}", .{unreleased.entries});
    outcome.summary("{f} after {f}", .{ next, current.version });
    return outcome;
}

const Current = struct {
    version: std.SemanticVersion,
    /// Where it stands, for messages.
    place: []const u8,
};

fn currentVersion(job: pf.Job, input: pf.Input) !Current {
    if (try job.config([]const u8, "current")) |text| {
        if (try job.config([]const u8, "version-file") != null) {
            return pf.failKey("current", "`version-file` is given, too: leave one of them out", .{});
        }
        const version = parse(text) orelse return pf.failKey("current", "`{s}` is no semantic version, such as `1.2.3`", .{text});
        return .{ .version = version, .place = "the configuration" };
    }
    const path = try job.config([]const u8, "version-file") orelse try usualFile(input);
    const text = try version_file.read(try input.readText(path, text_most), path);
    const version = parse(text) orelse return pf.fail(.job_failed, "{s} has the version `{s}`, which is no semantic version, " ++
        "such as `1.2.3`", .{ path, text });
    return .{ .version = version, .place = path };
}

fn usualFile(input: pf.Input) ![]const u8 {
    const files = try input.files();
    for (version_file.usual) |wanted| {
        for (files) |file| {
            if (std.mem.eql(u8, file, wanted)) return wanted;
        }
    }
    return pf.fail(.configuration_error, "the current version is not there: input artifact `{s}` has no Cargo.toml, " ++
        "package.json, pyproject.toml or VERSION; name its file with `version-file`, or give it with `current`", .{input.name()});
}

fn parse(text: []const u8) ?std.SemanticVersion {
    const bare = std.mem.trim(u8, text, " \t\r\n");
    const digits = if (std.mem.startsWith(u8, bare, "v")) bare[1..] else bare;
    return std.SemanticVersion.parse(digits) catch null;
}

/// A release that the current version knows nothing of: one of the two is of another commit.
fn compareWithReleased(
    current: std.SemanticVersion,
    place: []const u8,
    unreleased: changelog.Unreleased,
    path: []const u8,
) !void {
    const released = unreleased.released orelse return;
    switch (std.SemanticVersion.order(released, current)) {
        .gt => return pf.fail(.revision_out_of_sync, "{s} has {f} as released, and {s} says {f}: bring them together, or " ++
            "the next version would be one that is there", .{ path, released, place, current }),
        .lt => pf.log.warn("{s} says {f}, and {s} has nothing newer than {f} as released", .{ place, current, path, released }),
        .eq => {},
    }
}

fn writeFiles(output: pf.Output, next: std.SemanticVersion, unreleased: changelog.Unreleased) !void {
    try output.write("VERSION", try pf.format("{f}\n", .{next}));
    try output.write("NOTES.md", try pf.format("{s}\n", .{unreleased.notes}));
}

test {
    _ = bumps;
    _ = changelog;
    _ = version_file;
}
