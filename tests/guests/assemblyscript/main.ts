// The twin as a plain WASI command in AssemblyScript: what tests/guests/rust does, without any library of ours. The job's
// JSON is searched by names and not parsed: the host writes it in one form.

import {
  errno,
  fd,
  fd_close,
  fd_prestat_dir_name,
  fd_prestat_get,
  fd_read,
  fd_write,
  lookupflags,
  oflags,
  path_open,
  prestat,
  rights,
} from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";

/** The adapter takes its memory from here: what it takes by itself would lie in this language's heap. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  return old ? heap.realloc(old, size) : heap.alloc(size);
}

const input: fd = 0;
const output: fd = 1;
const result = memory.data(16);

/** The first folder that is handed in; standard input, output and error come before. */
const firstFolder: fd = 3;

function readAll(from: fd, line: bool): string {
  let bytes = new Uint8Array(1 << 16);
  let length = 0;
  while (true) {
    if (length == bytes.length) {
      const more = new Uint8Array(2 * length);
      more.set(bytes);
      bytes = more;
    }
    store<usize>(result, bytes.dataStart + length);
    store<usize>(result, line ? 1 : bytes.length - length, sizeof<usize>());
    if (fd_read(from, result, 1, result + 8) != errno.SUCCESS) {
      throw new Error("a file cannot be read");
    }
    const read = <i32>load<usize>(result + 8);
    length += read;
    // The host owes an answer to what is asked: a line is read to its end and no further.
    if (read == 0 || (line && bytes[length - 1] == 0x0a)) break;
  }
  return String.UTF8.decodeUnsafe(bytes.dataStart, length);
}

function writeAll(to: fd, text: string): void {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  let at = 0;
  while (at < bytes.length) {
    store<usize>(result, bytes.dataStart + at);
    store<usize>(result, bytes.length - at, sizeof<usize>());
    if (fd_write(to, result, 1, result + 8) != errno.SUCCESS) {
      throw new Error("a file cannot be written");
    }
    at += <i32>load<usize>(result + 8);
  }
}

function open(path: string, create: bool): fd {
  for (let folder = firstFolder; fd_prestat_get(folder, changetype<prestat>(result)) == errno.SUCCESS; folder++) {
    const name = new Uint8Array(<i32>load<usize>(result, sizeof<usize>()));
    fd_prestat_dir_name(folder, name.dataStart, name.length);
    const above = String.UTF8.decode(name.buffer) + "/";
    if (!path.startsWith(above)) continue;
    const below = Uint8Array.wrap(String.UTF8.encode(path.substring(above.length)));
    const wanted: rights = create ? rights.FD_WRITE : rights.FD_READ;
    const how: oflags = create ? oflags.CREAT | oflags.TRUNC : 0;
    const opened = path_open(
      folder, lookupflags.SYMLINK_FOLLOW, below.dataStart, below.length, how, wanted, 0, 0, result,
    );
    if (opened == errno.SUCCESS) return load<fd>(result);
  }
  throw new Error(path + " cannot be opened");
}

/** The string that follows a key behind a place, as it stands in JSON; null where there is none. */
function find(job: string, after: string, key: string): string | null {
  const from = job.indexOf(after);
  const wanted = "\"" + key + "\":\"";
  const at = from < 0 ? -1 : job.indexOf(wanted, from);
  if (at < 0) return null;
  const begin = at + wanted.length;
  let end = begin;
  while (end < job.length && job.charAt(end) != "\"") end += job.charAt(end) == "\\" ? 2 : 1;
  return job.substring(begin, end);
}

function orNothing(text: string | null): string {
  return text == null ? "" : text;
}

/** What JSON escapes with a backslash and names by itself: all that paths and tokens of this guest may have. */
function plain(text: string | null): string {
  return orNothing(text).replaceAll("\\\"", "\"").replaceAll("\\\\", "\\");
}

const job = readAll(input, true);
// As it stands in JSON: it goes back as it came.
const id = orNothing(find(job, "\"job\":{", "id"));

function say(kind: string, content: string): void {
  const head = "{\"pipefitter\":1,\"job_id\":\"" + id + "\",\"";
  writeAll(output, head + kind + "\":" + content + "}\n");
}

function run(): void {
  writeAll(output, "twin runs " + plain(find(job, "\"pipeline\":{", "action")) + "\n");
  const mode = find(job, "\"configuration\":{", "mode");
  const token = find(job, "\"outputs\":[", "continuation_token");
  if (mode == "fail") {
    say("failure", "{\"kind\":\"configuration_error\",\"message\":\"`mode` says fail: set it to ok\"}");
    return;
  }
  if (mode == "continue" && token == null) {
    say("outcome", "{\"in_progress\":{\"token\":\"2\",\"details\":{\"summary\":\"one of two\",\"percent_complete\":100}}}");
    return;
  }
  const from = open(plain(find(job, "\"inputs\":[", "path")) + "/message.txt", false);
  const text = readAll(from, false);
  fd_close(from);
  say("progress", "{\"percent\":50,\"summary\":\"read\"}");
  const to = open(plain(find(job, "\"outputs\":[", "path")) + "/shout.txt", true);
  writeAll(to, text.toUpperCase());
  fd_close(to);
  let characters = 0;
  for (let at = 0; at < text.length; at++) {
    // The second half of a pair counts with the first.
    if ((text.charCodeAt(at) & 0xfc00) != 0xdc00) characters++;
  }
  const variables = "{\"characters\":\"" + characters.toString() + "\",\"token\":\"" + (token == null ? "none" : token) + "\"}";
  say("outcome", "{\"succeeded\":{\"variables\":" + variables + ",\"details\":{\"summary\":\"shouted\",\"percent_complete\":100}}}");
}

run();
