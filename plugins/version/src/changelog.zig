//! What a changelog in the format of keepachangelog.com has as unreleased.

const std = @import("std");
const pf = @import("pipefitter");

const Bump = @import("bump.zig").Bump;

/// How its entries are read.
pub const Rules = struct {
    /// What an entry under Changed raises.
    changed: Bump = .minor,
    /// Whether entries may begin as Conventional Commits do.
    conventional: bool = false,
};

/// What is found.
pub const Unreleased = struct {
    /// How far the entries raise the version.
    bump: Bump = .none,
    /// How many entries there are.
    entries: usize = 0,
    /// The section as it is, without its heading.
    notes: []const u8 = "",
    /// The newest version that was released, where the changelog has one.
    released: ?std.SemanticVersion = null,
};

const Reader = struct {
    name: []const u8,
    rules: Rules,
    found: Unreleased = .{},
    section: enum { before, unreleased, after } = .before,
    /// The heading within the section, and what its entries raise.
    heading: ?[]const u8 = null,
    raises: Bump = .none,
    fenced: bool = false,
    commented: bool = false,
    notes_from: usize = 0,
};

/// Reads a changelog. `name` is its path, for messages.
pub fn read(text: []const u8, name: []const u8, rules: Rules) pf.Error!Unreleased {
    var reader = Reader{ .name = name, .rules = rules };
    var lines = std.mem.splitScalar(u8, text, '\n');
    var number: usize = 0;
    while (true) {
        const from = lines.index orelse break;
        const line = std.mem.trimEnd(u8, lines.next() orelse break, " \t\r");
        number += 1;
        if (hidden(&reader, line)) continue;
        if (std.mem.startsWith(u8, line, "## ")) {
            if (reader.section == .unreleased) {
                reader.found.notes = trimmed(text[reader.notes_from..from]);
                reader.section = .after;
            }
            try release(&reader, line[3..], number);
            if (reader.section == .unreleased) reader.notes_from = lines.index orelse text.len;
            if (reader.section == .after and reader.found.released != null) break;
        } else if (reader.section == .unreleased) {
            try entry(&reader, line, number);
        }
    }
    if (reader.section == .unreleased) reader.found.notes = trimmed(text[reader.notes_from..]);
    if (reader.section == .before) {
        return pf.fail(.job_failed, "{s} has no heading `## [Unreleased]`: put what is not released yet under one", .{name});
    }
    return reader.found;
}

fn trimmed(text: []const u8) []const u8 {
    return std.mem.trim(u8, text, " \t\r\n");
}

/// Whether a line is code or a comment: an example in it is no entry.
fn hidden(reader: *Reader, line: []const u8) bool {
    const start = std.mem.trimStart(u8, line, " ");
    if (!reader.commented and (std.mem.startsWith(u8, start, "```") or std.mem.startsWith(u8, start, "~~~"))) {
        reader.fenced = !reader.fenced;
        return true;
    }
    if (reader.fenced) return true;
    if (std.mem.startsWith(u8, start, "<!--")) reader.commented = true;
    if (!reader.commented) return false;
    if (std.mem.indexOf(u8, line, "-->") != null) reader.commented = false;
    return true;
}

/// `[Unreleased]`, `[1.2.3] - 2026-01-02`, `v1.2.3 (January)`.
fn release(reader: *Reader, heading: []const u8, number: usize) pf.Error!void {
    const title = std.mem.trim(u8, heading, " ");
    const bare = std.mem.trimStart(u8, title, "[v");
    const end = std.mem.indexOfAny(u8, bare, "] (\t") orelse bare.len;
    const word = bare[0..end];
    if (std.ascii.eqlIgnoreCase(word, "unreleased")) {
        if (reader.section != .before) {
            return pf.fail(.job_failed, "line {d} of {s} has a second heading `Unreleased`", .{ number, reader.name });
        }
        reader.section = .unreleased;
        return;
    }
    if (reader.found.released == null) reader.found.released = std.SemanticVersion.parse(word) catch null;
}

fn entry(reader: *Reader, line: []const u8, number: usize) pf.Error!void {
    if (std.mem.startsWith(u8, line, "### ")) {
        reader.heading = std.mem.trim(u8, line[4..], " ");
        reader.raises = try raisedBy(reader, number);
        return;
    }
    const text = bullet(line) orelse return;
    reader.found.entries += 1;
    const hint = if (reader.rules.conventional) conventional(text) else null;
    const raises = if (breaks(text)) Bump.major else hint orelse reader.raises;
    if (raises == .none) {
        return pf.fail(.job_failed, "line {d} of {s} is an entry under no heading: put it under `### Added`, " ++
            "`### Changed`, `### Deprecated`, `### Removed`, `### Fixed` or `### Security`", .{ number, reader.name });
    }
    reader.found.bump = reader.found.bump.with(raises);
}

/// The text of an entry. What is indented belongs to the entry above.
fn bullet(line: []const u8) ?[]const u8 {
    if (line.len < 3 or line[1] != ' ') return null;
    if (std.mem.indexOfScalar(u8, "-*+", line[0]) == null) return null;
    return std.mem.trim(u8, line[2..], " ");
}

fn raisedBy(reader: *const Reader, number: usize) pf.Error!Bump {
    const headings = [_]struct { []const u8, Bump }{
        .{ "added", .minor },
        .{ "changed", reader.rules.changed },
        .{ "deprecated", .minor },
        .{ "removed", .major },
        .{ "fixed", .patch },
        .{ "security", .patch },
    };
    const heading = reader.heading.?;
    for (headings) |known| {
        if (std.ascii.eqlIgnoreCase(known[0], heading)) return known[1];
    }
    return pf.fail(.job_failed, "line {d} of {s} has the heading `{s}`: it takes Added, Changed, Deprecated, Removed, " ++
        "Fixed and Security", .{ number, reader.name, heading });
}

/// Whether an entry says of itself that it breaks something.
fn breaks(text: []const u8) bool {
    const start = std.mem.trimStart(u8, text, "*_[ ");
    return std.ascii.startsWithIgnoreCase(start, "breaking");
}

/// What an entry such as `feat(api)!: text` raises; `null` for one that is not of this form.
fn conventional(text: []const u8) ?Bump {
    const colon = std.mem.indexOf(u8, text, ": ") orelse return null;
    var kind = text[0..colon];
    const loud = std.mem.endsWith(u8, kind, "!");
    if (loud) kind = kind[0 .. kind.len - 1];
    if (std.mem.indexOfScalar(u8, kind, '(')) |open| {
        if (!std.mem.endsWith(u8, kind, ")")) return null;
        kind = kind[0..open];
    }
    const patches = [_][]const u8{ "fix", "perf", "refactor", "revert", "docs", "build", "chore", "ci", "style", "test" };
    if (std.mem.eql(u8, kind, "feat")) return if (loud) .major else .minor;
    for (patches) |patch| {
        if (std.mem.eql(u8, kind, patch)) return if (loud) .major else .patch;
    }
    return null;
}

fn bumpOf(text: []const u8, rules: Rules) !Bump {
    return (try read(text, "CHANGELOG.md", rules)).bump;
}

test "headings raise the version" {
    const cases = [_]struct { []const u8, Bump }{
        .{ "## [Unreleased]\n\n### Fixed\n\n- a\n", .patch },
        .{ "## Unreleased\n### Security\n* a\n", .patch },
        .{ "## [unreleased]\r\n### Added\r\n- a\r\n### Fixed\r\n- b\r\n", .minor },
        .{ "## [Unreleased](https://example.com)\n### Deprecated\n+ a\n", .minor },
        .{ "## [Unreleased]\n### Removed\n- a\n", .major },
        .{ "## [Unreleased]\n### Removed\n\n### Fixed\n- a\n", .patch },
        .{ "## [Unreleased]\n### Fixed\n- **Breaking:** a\n", .major },
        .{ "## [Unreleased]\n- BREAKING CHANGE: a\n", .major },
        .{ "## [Unreleased]\n### Added\n", .none },
        .{ "## [Unreleased]\n## [1.0.0]\n### Removed\n- a\n", .none },
        .{ "## [Unreleased]\n### Fixed\n- a\n  - Breaking news\n", .patch },
        .{ "## [Unreleased]\n```\n### Removed\n- a\n```\n<!--\n- b\n-->\n### Fixed\n- c\n", .patch },
    };
    for (cases) |case| try std.testing.expectEqual(case[1], try bumpOf(case[0], .{}));
    try std.testing.expectEqual(Bump.major, try bumpOf("## Unreleased\n### Changed\n- a", .{ .changed = .major }));
}

test "entries may begin as Conventional Commits do" {
    const rules = Rules{ .conventional = true };
    try std.testing.expectEqual(Bump.minor, try bumpOf("## Unreleased\n- feat: a\n- fix(x): b\n", rules));
    try std.testing.expectEqual(Bump.major, try bumpOf("## Unreleased\n- fix(x)!: b\n", rules));
    try std.testing.expectEqual(Bump.patch, try bumpOf("## Unreleased\n### Added\n- docs: b\n", rules));
    try std.testing.expectEqual(Bump.minor, try bumpOf("## Unreleased\n### Added\n- note: b\n", rules));
    try std.testing.expectError(error.Failed, bumpOf("## Unreleased\n- note: b\n", rules));
    try std.testing.expectError(error.Failed, bumpOf("## Unreleased\n- feat: b\n", .{}));
}

test "notes and the newest release are told" {
    const text = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a\n- b\n\n## [1.2.0] - 2026-01-02\n\n- c\n\n## [1.1.0]\n";
    const found = try read(text, "CHANGELOG.md", .{});
    try std.testing.expectEqualStrings("### Added\n\n- a\n- b", found.notes);
    try std.testing.expectEqual(@as(usize, 2), found.entries);
    try std.testing.expectEqual(@as(usize, 2), found.released.?.minor);
    try std.testing.expectEqual(null, (try read("## Unreleased\n", "x", .{})).released);
}

test "what cannot be read has its line" {
    const cases = [_]struct { []const u8, []const u8 }{
        .{ "# Changelog\n", "C has no heading `## [Unreleased]`" },
        .{ "## Unreleased\n### Performance\n- a\n", "line 2 of C has the heading `Performance`" },
        .{ "## Unreleased\n\n- a\n", "line 3 of C is an entry under no heading" },
        .{ "## Unreleased\n## Unreleased\n", "line 2 of C has a second heading" },
    };
    for (cases) |case| {
        try std.testing.expectError(error.Failed, read(case[0], "C", .{}));
        try std.testing.expect(std.mem.startsWith(u8, pf.failureMessage().?, case[1]));
    }
}
