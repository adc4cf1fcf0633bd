//! How far a version goes up.

const std = @import("std");

/// From least to most.
pub const Bump = enum {
    none,
    patch,
    minor,
    major,

    /// The larger of two.
    pub fn with(bump: Bump, other: Bump) Bump {
        return if (@intFromEnum(other) > @intFromEnum(bump)) other else bump;
    }
};

/// What is raised. Before 1.0.0 anything may change (semver.org, 4): what breaks raises the minor version there.
pub fn raised(current: std.SemanticVersion, asked: Bump) Bump {
    return if (asked == .major and current.major == 0) .minor else asked;
}

/// The version that follows. A pre-release is followed by what it led to, where that is far enough.
pub fn next(current: std.SemanticVersion, asked: Bump) std.SemanticVersion {
    const before = current.pre != null;
    return switch (raised(current, asked)) {
        .none => current,
        .patch => .{
            .major = current.major,
            .minor = current.minor,
            .patch = if (before) current.patch else current.patch + 1,
        },
        .minor => .{
            .major = current.major,
            .minor = if (before and current.patch == 0) current.minor else current.minor + 1,
            .patch = 0,
        },
        .major => .{
            .major = if (before and current.minor == 0 and current.patch == 0) current.major else current.major + 1,
            .minor = 0,
            .patch = 0,
        },
    };
}

test "each part is raised, and those after it begin anew" {
    const cases = [_]struct { []const u8, Bump, []const u8 }{
        .{ "1.2.3", .none, "1.2.3" },
        .{ "1.2.3", .patch, "1.2.4" },
        .{ "1.2.3", .minor, "1.3.0" },
        .{ "1.2.3", .major, "2.0.0" },
        .{ "0.2.3", .major, "0.3.0" },
        .{ "0.2.3", .patch, "0.2.4" },
        .{ "1.2.3+build", .patch, "1.2.4" },
        .{ "1.2.3-rc.1", .patch, "1.2.3" },
        .{ "1.2.3-rc.1", .minor, "1.3.0" },
        .{ "1.3.0-rc.1", .minor, "1.3.0" },
        .{ "2.0.0-rc.1", .major, "2.0.0" },
        .{ "2.0.0-rc.1", .patch, "2.0.0" },
        .{ "2.1.0-rc.1", .major, "3.0.0" },
    };
    for (cases) |case| {
        const found = next(try std.SemanticVersion.parse(case[0]), case[1]);
        var buffer: [64]u8 = undefined;
        try std.testing.expectEqualStrings(case[2], try std.fmt.bufPrint(&buffer, "{f}", .{found}));
    }
}
