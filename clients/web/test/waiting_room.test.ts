// SPDX-License-Identifier: AGPL-3.0-or-later
/** What waits on the device: what a report throws away of it, and what it must leave alone. The device is a map, the server is a list. */
import { beforeEach, expect, test, vi } from "vitest";
import { Load } from "../src/worker/parts";
import { Keeper, type KeeperNeeds } from "../src/worker/keeper";
import { WaitingRoom } from "../src/worker/waiting_room";

const FOLDER = "waiting";
const REPORT = { desk: "legal", epoch: 46, sealed: new Uint8Array([1, 2, 3]) };
const OTHER = { desk: "legal", epoch: 46, sealed: new Uint8Array([4, 5, 6]) };
const EARLIER = "ab".repeat(16);
const BLOCK = new Uint8Array(261_803);

/** A folder of the device; `most` files find room in it. */
class Folder {
  readonly kind = "directory";
  readonly held = new Map<string, unknown>();
  most = Infinity;

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<unknown> {
    return this.take(name, create, () => new Folder());
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<unknown> {
    return this.take(name, create, () => {
      let bytes = new Uint8Array();
      const handle = { write: (all: Uint8Array<ArrayBuffer>) => { bytes = all.slice(); return all.length; }, flush: () => undefined, close: () => undefined };
      return { kind: "file", createSyncAccessHandle: () => Promise.resolve(handle), getFile: () => Promise.resolve(new Blob([bytes])) };
    });
  }

  async removeEntry(name: string): Promise<void> {
    await Promise.resolve();
    if (!this.held.delete(name)) throw new DOMException("", "NotFoundError");
  }

  async *entries(): AsyncGenerator<[string, unknown]> {
    await Promise.resolve();
    yield* [...this.held.entries()];
  }

  private async take(name: string, create: boolean, make: () => unknown): Promise<unknown> {
    await Promise.resolve();
    if (!this.held.has(name)) {
      if (!create) throw new DOMException("", "NotFoundError");
      if (this.held.size >= this.most) throw new DOMException("", "QuotaExceededError");
      this.held.set(name, make());
    }
    return this.held.get(name);
  }
}

let root = new Folder();
let room: WaitingRoom;

beforeEach(async () => {
  root = new Folder();
  const request = (_name: string, _options: unknown, held: (lock: unknown) => unknown): Promise<unknown> => Promise.resolve(held({}));
  vi.stubGlobal("navigator", { storage: { getDirectory: () => Promise.resolve(root) }, locks: { request } });
  const opened = await WaitingRoom.open();
  if (opened === undefined) throw new TypeError("nobody else has it");
  room = opened;
});

function lying(): string[] {
  return [...((root.held.get(FOLDER) as Folder | undefined)?.held.keys() ?? [])];
}

/** A load of blocks that have not left, as those of files; and what keeps them. */
function keeping(ids: readonly string[], needs: Partial<KeeperNeeds> = {}): { load: Load; keeper: Keeper } {
  const load = Load.ofLeftover(ids.map((id) => ({ id, size: BLOCK.length })));
  for (const part of load.parts) part.stored = false;
  const seal = (): Promise<Uint8Array> => Promise.resolve(BLOCK.slice());
  return { load, keeper: new Keeper(load, { seal, unreadable: () => Promise.resolve(), tell: () => undefined, openRoom: () => Promise.resolve(room), ...needs }) };
}

test("a report that ends, or keeps nothing after all, throws away nothing of an earlier visit", async () => {
  await room.keepBlock(EARLIER, BLOCK);
  await room.keepReport(OTHER);
  for (const last of [(keeper: Keeper) => keeper.end(), (keeper: Keeper) => keeper.turn(false, REPORT)]) {
    const { keeper } = keeping(["cd".repeat(16)]);
    await keeper.turn(true, REPORT);
    expect(lying()).toHaveLength(4);
    await last(keeper);
    expect(await room.contents()).toMatchObject({ blocks: [{ id: EARLIER }], reports: [{ sealed: OTHER.sealed }] });
  }
});

test("two reports of one desk and week wait side by side, and each is dropped by itself", async () => {
  const name = await room.keepReport(REPORT);
  await room.keepReport(OTHER);
  expect((await room.contents()).reports).toHaveLength(2);
  await room.dropReport(name);
  expect((await room.contents()).reports.map((one) => one.sealed)).toEqual([OTHER.sealed]);
});

test("a report that was not written to its end is thrown away, and keeps nothing else from leaving", async () => {
  await room.keepBlock(EARLIER, BLOCK);
  for (const written of [0, 2]) {
    const name = await room.keepReport(REPORT);
    const file = (await (root.held.get(FOLDER) as Folder).getFileHandle(name)) as { createSyncAccessHandle: () => Promise<{ write: (all: Uint8Array) => number }> };
    (await file.createSyncAccessHandle()).write(REPORT.sealed.subarray(0, written));
    expect(await room.contents()).toMatchObject({ blocks: [{ id: EARLIER }], reports: [] });
    expect(lying()).toEqual([EARLIER]);
  }
});

test("when the last of it has left the folder goes", async () => {
  await room.keepBlock(EARLIER, BLOCK);
  const load = Load.ofLeftover((await room.contents()).blocks);
  await new Keeper(load, { seal: () => Promise.reject(new Error()), unreadable: () => Promise.resolve(), tell: () => undefined, openRoom: () => Promise.resolve(room) }).end();
  expect([...root.held.keys()]).toEqual([]);
});

test("a report that arrives in the moment in which it is to be kept does not stay", async () => {
  const { keeper } = keeping([]);
  const kept = keeper.turn(true, REPORT);
  await keeper.reportThere();
  await kept;
  expect(lying()).toEqual([]);
});

test("one file that cannot be read does not keep the others from waiting", async () => {
  const told: string[] = [];
  const ids = ["aa", "bb", "cc"].map((two) => two.repeat(16));
  const { keeper } = keeping(ids, {
    seal: (part) => (part.id.startsWith("bb") ? Promise.reject(new DOMException("", "NotReadableError")) : Promise.resolve(BLOCK.slice())),
    unreadable: (part) => { told.push(part.id); return Promise.resolve(); },
  });
  await keeper.turn(true, undefined);
  expect(lying().sort()).toEqual([ids[0], ids[2]]);
  expect(told).toEqual([ids[1]]);
});

test("a device without room says so, and takes another block when one has left", async () => {
  const ids = ["aa", "bb", "cc"].map((two) => two.repeat(16));
  const folder = new Folder();
  folder.most = 2;
  root.held.set(FOLDER, folder);
  const { load, keeper } = keeping(ids);
  await keeper.turn(true, undefined);
  expect(keeper.kept).toMatchObject({ on: true, full: true, kept: 2 * BLOCK.length });
  const gone = load.parts[2];
  if (gone === undefined) throw new TypeError("three blocks");
  load.arrived(gone);
  await keeper.drop(gone);
  await vi.waitFor(() => { expect(lying().sort()).toEqual([ids[0], ids[1]]); }, { timeout: 60_000 });
  expect(keeper.kept.full).toBe(false);
});
