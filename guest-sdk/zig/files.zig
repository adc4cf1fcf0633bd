//! Artifacts and files. Zig's own file functions find nothing here, since they ask for an `Io` that a plugin has not.

const std = @import("std");
const pf = @import("pipefitter.zig");
const c = pf.c;

/// A bound for files that are read at once, where a plugin has none of its own: 64 MiB.
pub const whole: usize = 64 * 1024 * 1024;

/// The files below a directory, as relative paths sorted by their bytes. Links are neither followed nor listed.
pub fn walk(root: []const u8) pf.Error![]const []const u8 {
    var found: c.pf_files = undefined;
    if (!c.pf_walk(pf.textZ(root).ptr, &found)) return error.Failed;
    return paths(found);
}

fn paths(found: c.pf_files) []const []const u8 {
    const all = pf.allocator.alloc([]const u8, found.count) catch @panic("out of memory");
    for (all, 0..) |*path, i| path.* = std.mem.span(found.paths[i]);
    return all;
}

/// Reads a file at once. Fails where it has more than `most` bytes.
pub fn read(path: []const u8, most: usize) pf.Error![]u8 {
    var bytes: c.pf_bytes = undefined;
    if (!c.pf_read(pf.textZ(path).ptr, most, &bytes)) return error.Failed;
    return bytes.data[0..bytes.size];
}

/// Opens a file to read it in pieces.
pub fn open(path: []const u8) pf.Error!File {
    const name = pf.textZ(path);
    const handle = c.fopen(name.ptr, "rb") orelse {
        _ = c.pf_fail_errno("reading `%s`", name.ptr);
        return error.Failed;
    };
    return .{ .handle = handle, .name = name };
}

/// An open file.
pub const File = struct {
    handle: *c.FILE,
    name: [:0]const u8,
    output: ?*const c.pf_output = null,

    /// Fills the buffer as far as the file goes: 0 at its end.
    pub fn read(file: File, buffer: []u8) pf.Error!usize {
        const size = c.fread(buffer.ptr, 1, buffer.len, file.handle);
        if (size < buffer.len and c.ferror(file.handle) != 0) {
            _ = c.pf_fail_errno("reading `%s`", file.name.ptr);
            return error.Failed;
        }
        return size;
    }

    /// Writes. What goes wrong is told by `close`.
    pub fn write(file: File, data: []const u8) void {
        if (data.len > 0) _ = c.fwrite(data.ptr, 1, data.len, file.handle);
    }

    /// Closes it, and fails where something of it could not be written.
    pub fn close(file: File) pf.Error!void {
        if (file.output) |output| {
            if (!c.pf_output_close(output, file.name.ptr, file.handle)) return error.Failed;
        } else {
            _ = c.fclose(file.handle);
        }
    }
};

/// An artifact that an earlier action made. Read-only.
pub const Input = struct {
    c_input: *const c.pf_input,

    /// The name in the pipeline's definition.
    pub fn name(input: Input) []const u8 {
        return std.mem.span(input.c_input.name);
    }

    /// The directory that holds it.
    pub fn path(input: Input) []const u8 {
        return std.mem.span(input.c_input.path);
    }

    /// `null` when the artifact was an archive and was unpacked into `path`. Otherwise the one file in `path`.
    pub fn file(input: Input) ?[]const u8 {
        return pf.optional(input.c_input.file);
    }

    /// The revision that the service gave.
    pub fn revision(input: Input) ?[]const u8 {
        return pf.optional(input.c_input.revision);
    }

    /// Its files: see `walk`.
    pub fn files(input: Input) pf.Error![]const []const u8 {
        var found: c.pf_files = undefined;
        if (!c.pf_input_files(input.c_input, &found)) return error.Failed;
        return paths(found);
    }

    /// Reads one of its files by its relative path. Fails where it has more than `most` bytes.
    pub fn read(input: Input, relative: []const u8, most: usize) pf.Error![]u8 {
        var bytes: c.pf_bytes = undefined;
        if (!c.pf_input_read(input.c_input, pf.textZ(relative).ptr, most, &bytes)) return error.Failed;
        return bytes.data[0..bytes.size];
    }

    /// Reads one of its text files. Fails where it is not UTF-8.
    pub fn readText(input: Input, relative: []const u8, most: usize) pf.Error![]u8 {
        const text = try input.read(relative, most);
        if (std.unicode.utf8ValidateSlice(text)) return text;
        return pf.fail(.job_failed, "reading `{s}` of input artifact `{s}`: it is not UTF-8", .{ relative, input.name() });
    }

    /// How many bytes one of its files has.
    pub fn size(input: Input, relative: []const u8) pf.Error!u64 {
        var bytes: u64 = 0;
        if (!c.pf_input_size(input.c_input, pf.textZ(relative).ptr, &bytes)) return error.Failed;
        return bytes;
    }

    /// Opens one of its files by its relative path, to read it in pieces.
    pub fn open(input: Input, relative: []const u8) pf.Error!File {
        const full = std.fmt.allocPrint(pf.allocator, "{s}/{s}", .{ input.path(), relative }) catch @panic("out of memory");
        return pf.open(full);
    }
};

/// An artifact that this action is to make. It is dropped when the job fails or is in progress.
pub const Output = struct {
    c_output: *const c.pf_output,

    /// The name in the pipeline's definition.
    pub fn name(output: Output) []const u8 {
        return std.mem.span(output.c_output.name);
    }

    /// The directory to fill.
    pub fn path(output: Output) []const u8 {
        return std.mem.span(output.c_output.path);
    }

    /// Writes a file at a relative path, making the directories that it is in.
    pub fn write(output: Output, relative: []const u8, data: []const u8) pf.Error!void {
        if (!c.pf_output_write(output.c_output, pf.textZ(relative).ptr, data.ptr, data.len)) return error.Failed;
    }

    /// Opens a file at a relative path, to write it in pieces.
    pub fn create(output: Output, relative: []const u8) pf.Error!File {
        const of_c = pf.textZ(relative);
        const handle = c.pf_output_open(output.c_output, of_c.ptr) orelse return error.Failed;
        return .{ .handle = handle, .name = of_c, .output = output.c_output };
    }
};
