//! Pipefitter's SDK for Zig: one function turns a job of AWS CodePipeline into an outcome.
//!
//!     const pf = @import("pipefitter");
//!
//!     pub const panic = pf.panic;
//!
//!     fn run(job: pf.Job) !pf.Outcome {
//!         const files = try (try job.firstInput()).files();
//!         pf.log.info("{d} files", .{files.len});
//!         const report = try pf.format("{d} files\n", .{files.len});
//!         try (try job.firstOutput()).write("report.txt", report);
//!         var outcome = pf.Outcome.succeeded();
//!         outcome.variable("files", "{d}", .{files.len});
//!         return outcome;
//!     }
//!
//!     comptime {
//!         pf.plugin(run);
//!     }
//!
//! Failures. `return pf.fail(.job_failed, "no page in {s}", .{path});` records what the pipeline's owner reads, and is
//! `error.Failed`. So is what the SDK's functions return; any other error fails the job under its own name. A panic
//! writes its message to the log and ends the job at once, as failed.
//!
//! Memory. An instance of the plugin runs one job, and its memory goes when the job ends: what the SDK gives out
//! needs no `free`. `pf.allocator` is there for the plugin's own.
//!
//! It stands on the SDK for C, whose sources are compiled with the plugin; `pf.c` is that.

const std = @import("std");
const builtin = @import("builtin");

/// The SDK for C.
pub const c = @cImport({
    @cInclude("pipefitter.h");
});

pub const log = @import("log.zig");
pub const http = @import("http.zig");
const files = @import("files.zig");
pub const Input = files.Input;
pub const Output = files.Output;
pub const File = files.File;
pub const whole = files.whole;
pub const walk = files.walk;
pub const read = files.read;
pub const open = files.open;

/// Memory that lasts as long as the job.
pub const allocator = std.heap.c_allocator;

/// What a failure that was recorded comes up as.
pub const Error = error{Failed};

/// CodePipeline's failure types.
pub const FailureType = enum(c.pf_failure_type) {
    /// The work itself failed: tests that do not pass, a check that found something.
    job_failed = c.PF_JOB_FAILED,
    /// The action's configuration is wrong; the message names the key.
    configuration_error = c.PF_CONFIGURATION_ERROR,
    /// Something that is needed may not be accessed.
    permission_error = c.PF_PERMISSION_ERROR,
    /// The revision to work on is not the one expected.
    revision_out_of_sync = c.PF_REVISION_OUT_OF_SYNC,
    /// An input artifact or revision is missing.
    revision_unavailable = c.PF_REVISION_UNAVAILABLE,
    /// Another system does not answer: trying again later may help.
    system_unavailable = c.PF_SYSTEM_UNAVAILABLE,
};

/// Text as `std.fmt` makes it; it lasts as long as the job.
pub fn format(comptime text: []const u8, arguments: anytype) error{OutOfMemory}![]u8 {
    return std.fmt.allocPrint(allocator, text, arguments);
}

/// The same, ending in a zero byte: for C. It ends the job where there is no memory.
pub fn formatZ(comptime text: []const u8, arguments: anytype) [:0]u8 {
    return std.fmt.allocPrintSentinel(allocator, text, arguments, 0) catch @panic("out of memory");
}

/// A copy that ends in a zero byte.
pub fn textZ(text: []const u8) [:0]u8 {
    return allocator.dupeZ(u8, text) catch @panic("out of memory");
}

/// Records a failure: what went wrong and what to do about it, for the pipeline's owner, 1 to 5,000 characters.
pub fn fail(kind: FailureType, comptime text: []const u8, arguments: anytype) Error {
    const message = formatZ(text, arguments);
    _ = c.pf_fail_text(@intFromEnum(kind), message.ptr, message.len);
    return error.Failed;
}

/// Records that the configuration's `key` is wrong: "configuration `key`: ...".
pub fn failKey(key: []const u8, comptime text: []const u8, arguments: anytype) Error {
    return fail(.configuration_error, "configuration `{s}`: " ++ text, .{key} ++ arguments);
}

/// Puts what was being done before the recorded failure's message: `return pf.context("signing in", .{});`.
pub fn context(comptime text: []const u8, arguments: anytype) Error {
    _ = c.pf_context("%s", formatZ(text, arguments).ptr);
    return error.Failed;
}

/// Gives the recorded failure the id of this work in another system.
pub fn failureExternalId(id: []const u8) void {
    c.pf_fail_external_id(textZ(id).ptr);
}

/// The recorded failure's message, if there is one.
pub fn failureMessage() ?[]const u8 {
    const message = c.pf_failure_message() orelse return null;
    return std.mem.span(message);
}

/// Forgets the recorded failure: for a plugin that goes on without what it could not get.
pub fn forgetFailure() void {
    c.pf_forget_failure();
}

/// Writes the message to the log and ends the job. `pub const panic = pf.panic;` in `plugin.zig` has Zig use it.
pub const panic = std.debug.FullPanic(panicked);

fn panicked(message: []const u8, _: ?usize) noreturn {
    c.pf_panic("%.*s", @as(c_int, @intCast(message.len)), message.ptr);
    unreachable;
}

/// Makes a function the plugin, in a `comptime` block of `plugin.zig`: `fn run(job: pf.Job) !pf.Outcome`.
pub fn plugin(comptime run: anytype) void {
    const Export = struct {
        fn pf_run(job: [*c]const c.pf_job) callconv(.c) ?*c.pf_result {
            const outcome: anyerror!Outcome = run(Job{ .c_job = job });
            if (outcome) |done| {
                return done.result;
            } else |failure| {
                if (failure != error.Failed or failureMessage() == null) {
                    _ = fail(.job_failed, "the plugin ended with the error {s}", .{@errorName(failure)}) catch {};
                }
                return null;
            }
        }
    };
    @export(&Export.pf_run, .{ .name = "pf_run" });
}

/// A text of the C SDK's, if there is one.
pub fn optional(text: [*c]const u8) ?[]const u8 {
    if (text == null) return null;
    return std.mem.span(text);
}

/// One job: what CodePipeline wants done.
pub const Job = struct {
    c_job: *const c.pf_job,

    /// The job's id. A new one for every job of a continuation chain.
    pub fn id(job: Job) []const u8 {
        return std.mem.span(job.c_job.id);
    }

    /// 1, or more when the host runs the same job again after a crash (only where the manifest says
    /// `retry-safe = true`).
    pub fn attempt(job: Job) u32 {
        return job.c_job.attempt;
    }

    /// The AWS account of the pipeline, 12 digits, where the service tells it.
    pub fn accountId(job: Job) ?[]const u8 {
        return optional(job.c_job.account_id);
    }

    /// The pipeline's name.
    pub fn pipeline(job: Job) []const u8 {
        return std.mem.span(job.c_job.pipeline.pipeline);
    }

    /// The stage's name.
    pub fn stage(job: Job) []const u8 {
        return std.mem.span(job.c_job.pipeline.stage);
    }

    /// The action's name.
    pub fn action(job: Job) []const u8 {
        return std.mem.span(job.c_job.pipeline.action);
    }

    /// The provider of the action type.
    pub fn provider(job: Job) []const u8 {
        return std.mem.span(job.c_job.action_type.provider);
    }

    /// The id of the pipeline execution. Absent for third-party jobs.
    pub fn pipelineExecutionId(job: Job) ?[]const u8 {
        return optional(job.c_job.pipeline.pipeline_execution_id);
    }

    /// What the previous job of this action gave to `Outcome.inProgress`.
    pub fn continuationToken(job: Job) ?[]const u8 {
        return optional(job.c_job.continuation_token);
    }

    /// Facts that a later host may add, such as `region`.
    pub fn attribute(job: Job, name: [:0]const u8) ?[]const u8 {
        return optional(c.pf_attribute(job.c_job, name.ptr));
    }

    /// The directory for temporary files. Fails where the operator did not grant one.
    pub fn scratch(job: Job) Error![]const u8 {
        return optional(c.pf_scratch(job.c_job)) orelse error.Failed;
    }

    /// The first input artifact. Fails with a configuration error where the action has none.
    pub fn firstInput(job: Job) Error!Input {
        return .{ .c_input = c.pf_first_input(job.c_job) orelse return error.Failed };
    }

    /// The first output artifact. Fails with a configuration error where the action has none.
    pub fn firstOutput(job: Job) Error!Output {
        return .{ .c_output = c.pf_first_output(job.c_job) orelse return error.Failed };
    }

    /// The input artifact of a name. Fails with a configuration error that names those there are.
    pub fn input(job: Job, name: [:0]const u8) Error!Input {
        return .{ .c_input = c.pf_input_named(job.c_job, name.ptr) orelse return error.Failed };
    }

    /// The output artifact of a name. Fails with a configuration error that names those there are.
    pub fn output(job: Job, name: [:0]const u8) Error!Output {
        return .{ .c_output = c.pf_output_named(job.c_job, name.ptr) orelse return error.Failed };
    }

    /// How many input artifacts there are.
    pub fn inputCount(job: Job) usize {
        return job.c_job.input_count;
    }

    /// How many output artifacts there are.
    pub fn outputCount(job: Job) usize {
        return job.c_job.output_count;
    }

    /// The input artifact at a place in the pipeline's definition.
    pub fn inputAt(job: Job, place: usize) Input {
        const all: [*]const c.pf_input = job.c_job.inputs;
        return .{ .c_input = &all[place] };
    }

    /// The output artifact at a place in the pipeline's definition.
    pub fn outputAt(job: Job, place: usize) Output {
        const all: [*]const c.pf_output = job.c_job.outputs;
        return .{ .c_output = &all[place] };
    }

    /// One value of the configuration as it is.
    pub fn configValue(job: Job, key: []const u8) ?[]const u8 {
        for (job.c_job.configuration[0..job.c_job.configuration_count]) |pair| {
            if (std.mem.eql(u8, std.mem.span(pair.name), key)) return pair.value[0..pair.value_size];
        }
        return null;
    }

    /// A value of the configuration as a type: a whole number of up to 64 bits, `f64`, `bool`, `[]const u8`, an enum,
    /// or `[]const []const u8`, a list with commas. `null` where the key is absent or its value empty. What does not
    /// fit is a configuration error that names the key.
    pub fn config(job: Job, comptime T: type, key: [:0]const u8) Error!?T {
        const text = job.configValue(key) orelse return null;
        if (text.len == 0) return null;
        if (T == []const u8) return text;
        if (T == []const []const u8) {
            var list: c.pf_list = undefined;
            _ = c.pf_config_list(job.c_job, key.ptr, &list);
            const items = allocator.alloc([]const u8, list.count) catch @panic("out of memory");
            for (items, 0..) |*item, i| item.* = std.mem.span(list.items[i]);
            return items;
        }
        switch (@typeInfo(T)) {
            .bool => {
                var value = false;
                if (!c.pf_config_bool(job.c_job, key.ptr, &value)) return error.Failed;
                return value;
            },
            .int => {
                var value: i64 = 0;
                const least = std.math.cast(i64, std.math.minInt(T)) orelse std.math.minInt(i64);
                const most = std.math.cast(i64, std.math.maxInt(T)) orelse std.math.maxInt(i64);
                if (!c.pf_config_int(job.c_job, key.ptr, least, most, &value)) return error.Failed;
                return @intCast(value);
            },
            .float => {
                var value: f64 = 0;
                if (!c.pf_config_number(job.c_job, key.ptr, &value)) return error.Failed;
                return @floatCast(value);
            },
            .@"enum" => |about| {
                var words: [about.fields.len + 1][*c]const u8 = undefined;
                inline for (about.fields, 0..) |field, i| words[i] = wordOf(field.name);
                words[about.fields.len] = null;
                var place: usize = 0;
                if (!c.pf_config_choice(job.c_job, key.ptr, &words, &place)) return error.Failed;
                inline for (about.fields, 0..) |field, i| {
                    if (i == place) return @field(T, field.name);
                }
                unreachable;
            },
            else => @compileError("configuration cannot be read as " ++ @typeName(T)),
        }
    }

    /// As `config`, for what must be there.
    pub fn configRequired(job: Job, comptime T: type, key: [:0]const u8) Error!T {
        return try job.config(T, key) orelse failKey(key, "a value is required", .{});
    }
};

/// `all_files` of an enum is `all-files` in a configuration.
fn wordOf(comptime name: [:0]const u8) [*c]const u8 {
    const word = comptime blk: {
        var word: [name.len:0]u8 = undefined;
        for (name, 0..) |letter, i| word[i] = if (letter == '_') '-' else letter;
        word[name.len] = 0;
        break :blk word;
    };
    return &word;
}

/// The revision that a source or deploy action made current.
pub const CurrentRevision = struct {
    /// Such as a commit, 1 to 1,500 characters.
    revision: []const u8,
    /// What changed from the one before, such as a tag, 1 to 100 characters.
    change_identifier: []const u8,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    created: ?f64 = null,
    /// A description, up to 2,048 characters.
    summary: ?[]const u8 = null,
};

/// What a run that did not fail came to.
pub const Outcome = struct {
    result: *c.pf_result,

    /// The job is done.
    pub fn succeeded() Outcome {
        return .{ .result = c.pf_succeeded().? };
    }

    /// This job ends, the action goes on: CodePipeline makes a new job of it later, which has `token` as its
    /// continuation token. 1 to 1,700 characters; no place for secrets.
    pub fn inProgress(token: []const u8) Error!Outcome {
        return .{ .result = c.pf_in_progress(textZ(token).ptr) orelse return error.Failed };
    }

    /// Sets an output variable. Names match `[A-Za-z0-9@_-]+`; names and values together are at most 122,880 bytes.
    pub fn variable(outcome: Outcome, name: []const u8, comptime text: []const u8, arguments: anytype) void {
        const value = formatZ(text, arguments);
        c.pf_variable_text(outcome.result, textZ(name).ptr, value.ptr, value.len);
    }

    /// Says what was done, up to 2,048 characters.
    pub fn summary(outcome: Outcome, comptime text: []const u8, arguments: anytype) void {
        const value = formatZ(text, arguments);
        c.pf_summary_text(outcome.result, value.ptr, value.len);
    }

    /// Says how far the action is, 0 to 100; more counts as 100.
    pub fn percent(outcome: Outcome, value: u8) void {
        c.pf_percent(outcome.result, value);
    }

    /// Gives the id of this work in another system.
    pub fn externalId(outcome: Outcome, id: []const u8) void {
        c.pf_external_id(outcome.result, textZ(id).ptr);
    }

    /// Tells the revision made current.
    pub fn currentRevision(outcome: Outcome, revision: CurrentRevision) void {
        const of_c = c.pf_revision{
            .revision = textZ(revision.revision).ptr,
            .change_identifier = textZ(revision.change_identifier).ptr,
            .created = revision.created orelse 0,
            .summary = if (revision.summary) |text| textZ(text).ptr else null,
        };
        c.pf_current_revision(outcome.result, &of_c);
    }
};

/// What a running job tells the host, and the host the job.
pub const control = struct {
    /// Says how far the job is, 0 to 100 percent or `null`, and a few words. Calling it often is cheap.
    pub fn progress(percent: ?u8, comptime text: []const u8, arguments: anytype) void {
        const summary = formatZ(text, arguments);
        defer allocator.free(summary);
        c.pf_progress_text(if (percent) |known| @intCast(known) else -1, summary.ptr, summary.len);
    }

    /// Why the host wants a job to end before it is done.
    pub const StopReason = enum {
        /// Nobody wants the result any more. Clean up and return; whatever is returned is dropped.
        cancelled,
        /// The worker is shutting down. A plugin that can returns `Outcome.inProgress` now.
        hand_over,
    };

    /// Whether to stop early. Ask at least every few seconds.
    pub fn stopRequested() ?StopReason {
        return switch (c.pf_stop_requested()) {
            c.PF_CANCELLED => .cancelled,
            c.PF_HAND_OVER => .hand_over,
            else => null,
        };
    }

    /// Milliseconds until the host interrupts the job; the largest value means that or more.
    pub fn timeRemaining() u32 {
        return c.pf_time_remaining();
    }
};

/// Clocks, since those of `std` ask for an `Io`. An operator may fix them.
pub const time = struct {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub fn wall() i64 {
        return c.pf_wall_clock();
    }

    /// Nanoseconds since some moment: for what takes how long.
    pub fn monotonic() i64 {
        return c.pf_monotonic_clock();
    }
};

/// Fills a buffer with random bytes that are good for secrets.
pub fn random(buffer: []u8) void {
    c.pf_random(buffer.ptr, buffer.len);
}

/// Secrets that the operator grants by name. The manifest has to ask: `secrets = [{ name = "api-token", reason =
/// "..." }]` in `[capabilities]`. A plugin that does not call these functions does not import secrets.
pub const secrets = struct {
    /// A secret as text.
    pub fn get(name: []const u8) Error![]const u8 {
        return optional(c.pf_secret(textZ(name).ptr)) orelse error.Failed;
    }

    /// A secret as bytes, for those that are not text.
    pub fn getBytes(name: []const u8) Error![]const u8 {
        var bytes: c.pf_bytes = undefined;
        if (!c.pf_secret_bytes(textZ(name).ptr, &bytes)) return error.Failed;
        return bytes.data[0..bytes.size];
    }
};
