// SPDX-License-Identifier: AGPL-3.0-or-later
// The page's own cleaning, run by Node for the tests: a job a line from standard input, an answer a line to standard output.
// A job: {path, choice, to}. The file is read in ranges, as a page reads a `File`; with `to`, the clean copy is written there.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { clean, inspect } = await import(pathToFileURL(process.argv[2]));

// What is held: what is left when everything that is not has been collected.
function measure(seen) {
  globalThis.gc();
  globalThis.gc(); // Buffers that the first has found are given back before the second starts.
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  seen.held = Math.max(seen.held, heapUsed + arrayBuffers);
  seen.since = 0;
}

function sourceOf(file, seen) {
  return {
    size: fstatSync(file).size,
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      if (!(start <= end) || readSync(file, bytes, 0, bytes.length, start) !== bytes.length) throw new Error(`the file was asked for ${start} to ${end}`);
      seen.bytes += bytes.length;
      if ((seen.since += bytes.length) >= seen.step) measure(seen);
      seen.longest = Math.max(seen.longest, bytes.length);
      return bytes;
    },
  };
}

function write(file, path, pieces) {
  const to = openSync(path, "w");
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      writeSync(to, piece);
      continue;
    }
    for (let at = piece.start; at < piece.end; ) {
      const part = new Uint8Array(Math.min(1 << 20, piece.end - at));
      at += readSync(file, part, 0, part.length, at);
      writeSync(to, part);
    }
  }
  closeSync(to);
}

async function answer({ path, choice, to }) {
  const file = openSync(path, "r");
  const seen = { bytes: 0, longest: 0, held: 0, since: 0, step: Math.max(1 << 20, fstatSync(file).size / 16) };
  const source = sourceOf(file, seen);
  const said = { telling: await inspect(source) };
  try {
    const cleaned = await clean(source, choice);
    if (to !== undefined) write(file, to, cleaned.pieces);
    said.removed = cleaned.removed;
    said.size = cleaned.size;
    said.pieces = cleaned.pieces.length;
    measure(seen);
  } catch (error) {
    said.refused = error.failure ?? `${error.name}: ${error.stack}`;
    said.detail = error.message;
  } finally {
    closeSync(file);
  }
  measure(seen);
  return { ...said, ...seen };
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
