// SPDX-License-Identifier: AGPL-3.0-or-later
/** A file that leaves while it grows, over lines that hold, break and stand still. What arrives is opened as a vault would. */
import { BLOCK_DATA, blockIds, readBlock } from "@corncrake/core/block";
import { fileTag, generateFileIdentity } from "@corncrake/core/file_identity";
import { Identity } from "@corncrake/core/identities";
import { sha256Hex } from "@corncrake/core/note";
import { randomBytes } from "@corncrake/core/randomness";
import { unseal } from "@corncrake/core/unseal";
import { expect, test } from "vitest";
import { LiveFile, MOST_HELD, type BlockLine } from "../src/flows/live_file";
import { LineError, RefusedError } from "../src/transport/server";

/** A server that keeps what it gets; `faults` fail the puts that come first. */
class Shelf implements BlockLine {
  readonly blocks = new Map<string, Uint8Array>();
  readonly puts: { id: string; sealed: Uint8Array }[] = [];

  constructor(private readonly faults: Error[] = [], private readonly keepsDespiteFault = false) {}

  readonly put = async (id: string, sealed: Uint8Array): Promise<void> => {
    this.puts.push({ id, sealed: sealed.slice() });
    await new Promise((resolve) => { setTimeout(resolve, 1); });
    const fault = this.faults.shift();
    if (fault === undefined || this.keepsDespiteFault) this.blocks.set(id, sealed);
    if (fault !== undefined) throw fault;
  };

  readonly has = (id: string): Promise<boolean> => Promise.resolve(this.blocks.has(id));
}

/** A line over which nothing ever comes back. */
const STILL: BlockLine = { put: () => new Promise(() => undefined), has: () => new Promise(() => undefined) };

interface Made {
  readonly file: LiveFile;
  readonly identity: Identity;
  readonly ids: readonly string[];
}

function made(line: BlockLine): Made {
  const secrets = generateFileIdentity();
  const identity = Identity.fromText(secrets.text);
  const ids = [...blockIds(secrets.blockKey, 64)];
  return { file: new LiveFile(secrets, line, () => undefined), identity, ids };
}

async function opened(shelf: Shelf, { identity, ids }: Made): Promise<ReturnType<typeof readBlock>[]> {
  const found = [];
  for (const id of ids) {
    const sealed = shelf.blocks.get(id);
    if (sealed !== undefined) found.push(readBlock(await unseal(sealed, [identity])));
  }
  return found;
}

function joined(blocks: readonly { data: Uint8Array }[]): Uint8Array {
  return Uint8Array.from(blocks.flatMap((one) => [...one.data]));
}

/** Wait until the line has had its turn. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => { setTimeout(resolve, 2); });
}

test("what comes leaves at once, full or not, and the closing message holds for it", async () => {
  const shelf = new Shelf();
  const one = made(shelf);
  const pieces = [randomBytes(1_000), randomBytes(BLOCK_DATA + 7), randomBytes(5)];
  const data = joined(pieces.map((piece) => ({ data: piece })));
  for (const piece of pieces) {
    one.file.append(piece.slice(), 4_000, false);
    await until(() => one.file.amounts.hereMs === 0);
  }
  const closed = await one.file.end();
  const blocks = await opened(shelf, one);
  expect(blocks.map((block) => block.data.length)).toEqual([1_000, BLOCK_DATA, 7, 5, 0]);
  expect(blocks.map(({ block }) => [block.index, block.last, block.of])).toEqual([[0, undefined, undefined], [1, undefined, undefined], [2, undefined, undefined], [3, undefined, undefined], [4, true, 5]]);
  expect(closed).toEqual({ file: fileTag(one.identity.recipient), blocks: 5, size: data.length, sha256: sha256Hex(data) });
  expect(sha256Hex(joined(blocks))).toBe(closed?.sha256);
  expect(one.file.amounts).toMatchObject({ leftMs: 12_000, hereMs: 0, blocksLeft: 5, line: "whole" });
});

test("the last piece leaves with the end and not before it", async () => {
  const shelf = new Shelf();
  const one = made(shelf);
  one.file.append(randomBytes(10), 4_000, true);
  expect(one.file.amounts.blocksHere).toBe(0);
  await one.file.end();
  expect((await opened(shelf, one)).map(({ block, data }) => [block.last, data.length])).toEqual([[true, 10]]);
});

test("never are more than three blocks on their way", async () => {
  const onTheirWay: (() => void)[] = [];
  let arrived = 0;
  const state = { done: false };
  const held: BlockLine = { has: () => Promise.resolve(false), put: () => new Promise((resolve) => { onTheirWay.push(resolve); }) };
  const one = made(held);
  one.file.append(randomBytes(6 * BLOCK_DATA), 4_000, false);
  await until(() => onTheirWay.length === 3);
  // There is time for a fourth one to be sealed and to leave.
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  expect(onTheirWay.length).toBe(3);
  const ending = one.file.end().then(() => { state.done = true; });
  while (!state.done) {
    expect(onTheirWay.length).toBeLessThanOrEqual(3);
    const arrives = onTheirWay.shift();
    if (arrives !== undefined) arrived += 1;
    arrives?.();
    await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
  await ending;
  expect(arrived).toBe(7);
});

test("while three blocks are on their way, parts of one are gathered", () => {
  const { file } = made(STILL);
  for (let piece = 0; piece < 20; piece += 1) file.append(randomBytes(1_000), 4_000, false);
  expect(file.amounts).toMatchObject({ blocksHere: 3, hereMs: 80_000, leftMs: 0 });
  expect(file.held).toBeLessThan(20 * BLOCK_DATA);
});

test.each([
  ["broken", () => new LineError("x")],
  ["refused", () => new RefusedError(507, "store")],
] as const)("a block whose line is %s is brought again with the same bytes", async (line, fault) => {
  const shelf = new Shelf([fault()]);
  const one = made(shelf);
  one.file.append(randomBytes(10), 4_000, false);
  await until(() => one.file.amounts.line === line);
  expect(one.file.amounts).toMatchObject({ leftMs: 0, hereMs: 4_000 });
  one.file.retry();
  await one.file.end();
  const [first, again] = shelf.puts;
  expect(first?.id).toBe(one.ids[0]);
  expect(again).toEqual(first);
  expect(await opened(shelf, one)).toHaveLength(2);
});

test("a block that came though the line broke over the answer is not sent again", async () => {
  const shelf = new Shelf([new LineError("x")], true);
  const one = made(shelf);
  one.file.append(randomBytes(10), 4_000, false);
  await until(() => one.file.amounts.line === "broken");
  one.file.retry();
  await one.file.end();
  expect(shelf.puts.map(({ id }) => id)).toEqual(one.ids.slice(0, 2));
});

test("a line that stands still fills the memory that there is for it, and no more", () => {
  const { file } = made(STILL);
  let appended = 0;
  while (!file.isFull) {
    file.append(new Uint8Array(BLOCK_DATA), 4_000, false);
    appended += BLOCK_DATA;
    expect(appended).toBeLessThan(2 * MOST_HELD);
  }
  expect(appended).toBeGreaterThan(MOST_HELD / 2);
});

test("who drops the rest is not kept waiting for it, and has nothing to close", async () => {
  const { file } = made(STILL);
  file.append(randomBytes(10), 4_000, false);
  const end = file.end();
  await until(() => file.amounts.blocksHere === 2);
  file.drop();
  expect(await end).toBeUndefined();
  expect(file.amounts.blocksHere).toBe(0);
});

test("what a recorder still hands out after the rest was dropped goes nowhere, and nothing is tried again", async () => {
  let tries = 0;
  // As the page's own: it gives up at once when it is told to. The thousandth try stands still, or this would never end.
  const ask = (signal: AbortSignal): Promise<never> => {
    tries += 1;
    return signal.aborted && tries < 1_000 ? Promise.reject(new LineError("dropped")) : new Promise(() => undefined);
  };
  const { file } = made({ put: (_id, _sealed, signal) => ask(signal), has: (_id, signal) => ask(signal) });
  file.drop();
  file.append(randomBytes(BLOCK_DATA + 10), 4_000, true);
  const before = file.amounts;
  const ended = await Promise.race([file.end(), until(() => tries >= 1_000).then(() => "tried for ever")]);
  expect({ ended, tries, before }).toEqual({ ended: undefined, tries: 0, before: { leftMs: 0, hereMs: 0, blocksLeft: 0, blocksHere: 0, line: "whole" } });
});

test("the key of its names is overwritten where it came from, and what was taken is overwritten when it is sealed", async () => {
  const secrets = generateFileIdentity();
  const file = new LiveFile(secrets, new Shelf(), () => undefined);
  expect(secrets.blockKey).toEqual(new Uint8Array(32));
  const piece = randomBytes(100);
  file.append(piece, 4_000, false);
  await file.end();
  expect(piece).toEqual(new Uint8Array(100));
});
