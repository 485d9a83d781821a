// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What waits on the device until it can leave: sealed blocks, and a sealed report.
 *
 * Rules of this file: the only file of the page that stores anything, and only when the reporter asked for it. What lies here the device cannot open. A block's file
 * is named by its id and tells its class by its length, a report by its desk, its week and its hash; nothing else is kept. Nothing is made by looking. Several visits
 * may have left something here: each throws away only what is its own, and when there is nothing left, the folder goes.
 */
import { BLOCK_CLASSES } from "@corncrake/core/block";
import { sha256Hex } from "@corncrake/core/note";
import { wireSize } from "@corncrake/core/padding";
import type { Leftover, SealedReport, WaitingReport } from "./orders";
import { Turns } from "./sealing";

const FOLDER = "waiting";
const LOCK = "corncrake-waiting";
const REPORT = /^report\.([a-z0-9][a-z0-9-]{0,63})\.(\d{1,6})\.([0-9a-f]{64})$/;
const BLOCK = /^[0-9a-f]{32}$/;
const BLOCK_SIZES = BLOCK_CLASSES.map((size) => wireSize(1, size));

/** The device takes no more: it has no room, or says no for a reason of its own. */
export class NoRoomError extends Error {}

interface SyncHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}

interface WritableFile extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncHandle>;
}

/** A block that waits, by its id and its length on the wire. */
export interface WaitingBlock {
  readonly id: string;
  readonly size: number;
}

/** Hold the room for this window as long as it is open; false when another window has it. */
async function hold(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise<void>(() => undefined);
    });
    held.catch(reject);
  });
}

/** Write a file; say whether all of it is on the disk. Throws what the browser throws where there is no room. */
async function write(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array): Promise<boolean> {
  const file = (await folder.getFileHandle(name, { create: true })) as WritableFile;
  const handle = await file.createSyncAccessHandle();
  try {
    const written = handle.write(bytes, { at: 0 });
    handle.flush();
    return written === bytes.length;
  } finally {
    handle.close();
  }
}

/** The one folder. */
export class WaitingRoom {
  private readonly turns = new Turns();

  private constructor(
    private readonly root: FileSystemDirectoryHandle,
    private folder: FileSystemDirectoryHandle | undefined,
  ) {}

  /** Open the room for this window; undefined when another window has it. Throws a DOMException where the browser keeps nothing. */
  static async open(): Promise<WaitingRoom | undefined> {
    const root = await navigator.storage.getDirectory();
    if (!(await hold())) return undefined;
    const folder = await root.getDirectoryHandle(FOLDER).catch(() => undefined);
    return new WaitingRoom(root, folder);
  }

  private async put(name: string, bytes: Uint8Array): Promise<void> {
    this.folder ??= await this.root.getDirectoryHandle(FOLDER, { create: true }).catch(() => { throw new NoRoomError(); });
    if (await write(this.folder, name, bytes).catch(() => false)) return;
    await this.folder.removeEntry(name).catch(() => undefined);
    throw new NoRoomError();
  }

  /** Keep a block; on the disk when this is done. Throws NoRoomError. */
  keepBlock(id: string, sealed: Uint8Array): Promise<void> {
    return this.turns.take(() => this.put(id, sealed));
  }

  /** Keep a report; return the name under which it lies here. Throws NoRoomError. */
  keepReport({ desk, epoch, sealed }: SealedReport): Promise<string> {
    const name = `report.${desk}.${String(epoch)}.${sha256Hex(sealed)}`;
    return this.turns.take(async () => {
      await this.put(name, sealed);
      return name;
    });
  }

  /** Return a block; undefined when it is not here. */
  readBlock(id: string): Promise<Uint8Array | undefined> {
    return this.turns.take(async () => {
      const handle = await this.folder?.getFileHandle(id).catch(() => undefined);
      return handle === undefined ? undefined : new Uint8Array(await (await handle.getFile()).arrayBuffer());
    });
  }

  /** Throw a block away; nothing happens when it is not here. */
  dropBlock(id: string): Promise<void> {
    return this.turns.take(async () => { await this.folder?.removeEntry(id).catch(() => undefined); });
  }

  /** Throw one report away; nothing happens when it is not here. */
  dropReport(name: string): Promise<void> {
    return this.turns.take(async () => { if (REPORT.test(name)) await this.folder?.removeEntry(name).catch(() => undefined); });
  }

  /** Remove the folder when nothing lies in it. */
  tidy(): Promise<void> {
    return this.turns.take(async () => {
      if (this.folder === undefined || (await this.entries()).length > 0) return;
      await this.root.removeEntry(FOLDER).catch(() => undefined);
      this.folder = undefined;
    });
  }

  /** Throw everything away, whoever left it, and the folder with it. */
  clear(): Promise<void> {
    return this.turns.take(async () => {
      if (this.folder !== undefined) await this.root.removeEntry(FOLDER, { recursive: true });
      this.folder = undefined;
    });
  }

  /** What waits. A file that was not written to its end is thrown away. */
  contents(): Promise<{ readonly blocks: readonly WaitingBlock[]; readonly reports: readonly WaitingReport[] }> {
    return this.turns.take(async () => {
      const blocks: WaitingBlock[] = [];
      const reports: WaitingReport[] = [];
      for (const [name, handle] of await this.entries()) {
        const file = await handle.getFile();
        const [, desk, epoch, sha256] = REPORT.exec(name) ?? [];
        const sealed = desk === undefined ? undefined : new Uint8Array(await file.arrayBuffer());
        if (desk !== undefined && sealed !== undefined && sha256Hex(sealed) === sha256) reports.push({ name, desk, epoch: Number(epoch), sealed });
        else if (BLOCK.test(name) && BLOCK_SIZES.includes(file.size)) blocks.push({ id: name, size: file.size });
        else await this.folder?.removeEntry(name);
      }
      return { blocks, reports };
    });
  }

  private async entries(): Promise<[string, FileSystemFileHandle][]> {
    const found: [string, FileSystemFileHandle][] = [];
    if (this.folder === undefined) return found;
    for await (const [name, handle] of this.folder.entries()) if (handle.kind === "file") found.push([name, handle]);
    return found;
  }
}

/** What waits in a room, counted. */
export async function leftoverOf(room: WaitingRoom): Promise<Leftover | undefined> {
  const { blocks, reports } = await room.contents();
  if (blocks.length === 0 && reports.length === 0) return undefined;
  return { blocks: blocks.length, bytes: blocks.reduce((sum, block) => sum + block.size, 0), reports };
}
