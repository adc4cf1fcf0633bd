//! The current version, in a file of the artifact.

const std = @import("std");
const pf = @import("pipefitter");

/// What is looked for, in this order, where the configuration names none.
pub const usual = [_][]const u8{ "Cargo.toml", "package.json", "pyproject.toml", "VERSION" };

/// The version in a file, by the file's name.
pub fn read(text: []const u8, path: []const u8) pf.Error![]const u8 {
    const name = std.fs.path.basenamePosix(path);
    if (std.mem.endsWith(u8, name, ".toml")) return fromToml(text, path);
    if (std.mem.endsWith(u8, name, ".json")) return fromJson(text, path);
    const line = std.mem.trim(u8, text, " \t\r\n");
    if (line.len == 0 or std.mem.indexOfScalar(u8, line, '\n') != null) {
        return pf.fail(.job_failed, "{s} is no file with a version: it takes one line, such as `1.2.3`", .{path});
    }
    return line;
}

fn fromJson(text: []const u8, path: []const u8) pf.Error![]const u8 {
    const Package = struct { version: ?[]const u8 = null };
    const options = std.json.ParseOptions{ .ignore_unknown_fields = true };
    const package = std.json.parseFromSliceLeaky(Package, pf.allocator, text, options) catch |failure| {
        return pf.fail(.job_failed, "{s} cannot be read as JSON with a text `version`: {s}", .{ path, @errorName(failure) });
    };
    return package.version orelse pf.fail(.job_failed, "{s} has no `version`", .{path});
}

/// Line by line: tables and plain keys are all that is looked for.
fn fromToml(text: []const u8, path: []const u8) pf.Error![]const u8 {
    const tables = [_][]const u8{ "[package]", "[workspace.package]", "[project]", "[tool.poetry]" };
    var inside = false;
    var lines = std.mem.splitScalar(u8, text, '\n');
    while (lines.next()) |line_with_comment| {
        const line = std.mem.trim(u8, line_with_comment, " \t\r");
        if (std.mem.startsWith(u8, line, "[")) {
            const end = if (std.mem.indexOfScalar(u8, line, ']')) |at| at + 1 else line.len;
            inside = false;
            for (tables) |table| inside = inside or std.mem.eql(u8, table, line[0..end]);
            continue;
        }
        if (!inside) continue;
        const equals = std.mem.indexOfScalar(u8, line, '=') orelse continue;
        const key = std.mem.trim(u8, line[0..equals], " \t\"");
        const value = std.mem.trim(u8, line[equals + 1 ..], " \t");
        const is_version = std.mem.eql(u8, key, "version");
        if (std.mem.eql(u8, key, "version.workspace") or (is_version and std.mem.startsWith(u8, value, "{"))) {
            return pf.fail(.job_failed, "{s} has the version of its workspace: give the workspace's Cargo.toml as " ++
                "`version-file`", .{path});
        }
        if (!is_version or value.len < 2) continue;
        const quote = value[0];
        if (quote != '"' and quote != '\'') continue;
        const end = std.mem.indexOfScalarPos(u8, value, 1, quote) orelse continue;
        return value[1..end];
    }
    return pf.fail(.job_failed, "{s} has no `version` in [package], [workspace.package], [project] or [tool.poetry]", .{path});
}

test "a version is found by the kind of file" {
    const cases = [_]struct { []const u8, []const u8, []const u8 }{
        .{ "VERSION", " v1.2.3 \n", "v1.2.3" },
        .{ "a/package.json", "{\"name\": \"x\", \"version\": \"1.2.3\", \"dependencies\": {\"y\": \"2\"}}", "1.2.3" },
        .{ "Cargo.toml", "[dependencies]\nversion = \"9\"\n[package] # x\nname = 'a'\nversion = \"1.2.3\" # now\n", "1.2.3" },
        .{ "Cargo.toml", "[workspace.package]\nversion='0.1.0'\r\n", "0.1.0" },
        .{ "pyproject.toml", "[project]\nrequires-version = \"3\"\nversion=\"2.0.0\"", "2.0.0" },
    };
    for (cases) |case| try std.testing.expectEqualStrings(case[2], try read(case[1], case[0]));
}

test "a file without one is named" {
    const cases = [_]struct { []const u8, []const u8, []const u8 }{
        .{ "VERSION", "\n", "VERSION is no file with a version" },
        .{ "VERSION", "1.2.3\nx\n", "VERSION is no file with a version" },
        .{ "package.json", "{}", "package.json has no `version`" },
        .{ "package.json", "{\"version\": 3}", "package.json cannot be read as JSON" },
        .{ "package.json", "{", "package.json cannot be read as JSON" },
        .{ "Cargo.toml", "[package]\nname = \"a\"\n", "Cargo.toml has no `version` in" },
        .{ "Cargo.toml", "[package]\nversion.workspace = true\n", "Cargo.toml has the version of its workspace" },
        .{ "Cargo.toml", "[package]\nversion = { workspace = true }\n", "Cargo.toml has the version of its workspace" },
    };
    for (cases) |case| {
        try std.testing.expectError(error.Failed, read(case[1], case[0]));
        try std.testing.expect(std.mem.startsWith(u8, pf.failureMessage().?, case[2]));
    }
}
