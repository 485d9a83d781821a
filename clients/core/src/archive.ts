// SPDX-License-Identifier: Apache-2.0
/**
 * Strict ustar: the one archive form that every sealed object has inside.
 *
 * Rules of this file: a header is made byte by byte in one form; a reader makes it again and compares, so that whatever any other tar reader would see in an
 * archive is what we see. After the last member come zeros only.
 *
 * Source: crypto/spec/archive.md; POSIX.1-2017 pax, "ustar Interchange Format".
 */
import { equal } from "./encoding";
import { CorncrakeError, Failure, FileError, UsageError } from "./errors";
import { utf8 } from "./platform";

const BLOCK = 512;
const END_LENGTH = 1_024;
const MAX_MEMBERS = 64;
const MAX_MEMBER_SIZE = 8 ** 11 - 1;

const NAME = /^[a-z0-9][a-z0-9._-]{0,98}$/;
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/;

/** One file of an archive. */
export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
}

function refused(detail: string): FileError {
  return new FileError(Failure.ARCHIVE, detail);
}

/** Say whether `name` may name a member: no slash, no final dot, no device name of Windows. */
export function isName(name: string): boolean {
  return NAME.test(name) && !name.endsWith(".") && !DEVICE.test(name);
}

/**
 * Return the 512 bytes of the header of a member of `size` bytes.
 *
 * @throws UsageError `archive`: a name or size that strict archives do not have.
 *
 * Source: crypto/spec/archive.md §2.
 */
export function memberHeader(name: string, size: number): Uint8Array {
  if (!isName(name)) throw new UsageError(Failure.ARCHIVE, "a member has a name that is not allowed");
  if (!(size >= 0 && size <= MAX_MEMBER_SIZE)) throw new UsageError(Failure.ARCHIVE, "a member has a size that is not allowed");
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => { header.set(utf8(text), at); };
  put(0, name);
  put(100, "0000600\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\x0000");
  put(329, "0000000\0");
  put(337, "0000000\0");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

function parseHeader(block: Uint8Array): { name: string; size: number } {
  const end = block.indexOf(0);
  const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
  const name = ascii(block.subarray(0, end < 0 ? 100 : Math.min(end, 100)));
  const octal = ascii(block.subarray(124, 135));
  if (!/^[0-7]{11}$/.test(octal)) throw refused("a member's size is not octal");
  const size = Number.parseInt(octal, 8);
  let again: Uint8Array;
  try {
    again = memberHeader(name, size);
  } catch (error) {
    if (error instanceof CorncrakeError) throw refused("a member has a name that is not allowed");
    throw error;
  }
  if (!equal(again, block)) throw refused("a member's header is not in the one form");
  return { name, size };
}

function filled(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Return the bytes that members of these sizes need, closing zeros included. */
export function contentLength(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + BLOCK + size + filled(size), END_LENGTH);
}

/**
 * Return the archive of `members`, in their order, zero-filled to `size` bytes.
 *
 * @throws UsageError `archive` for a name that is not allowed or there twice, or no or too many members; `size` when they do not fit.
 *
 * Source: crypto/spec/archive.md §3.
 */
export function writeArchive(members: readonly Member[], size: number): Uint8Array {
  if (members.length < 1 || members.length > MAX_MEMBERS || new Set(members.map((one) => one.name)).size !== members.length) {
    throw new UsageError(Failure.ARCHIVE, "an archive has 1 to 64 members with unique names");
  }
  if (size % BLOCK !== 0 || contentLength(members.map((one) => one.data.length)) > size) {
    throw new UsageError(Failure.SIZE, `the members do not fit into ${String(size)} bytes`);
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const { name, data } of members) {
    out.set(memberHeader(name, data.length), at);
    out.set(data, at + BLOCK);
    at += BLOCK + data.length + filled(data.length);
  }
  return out;
}

/**
 * Return the members of a strict archive, in their order.
 *
 * @param raw the whole plaintext, a multiple of 512 bytes.
 * @throws FileError `archive`: anything but the one form.
 *
 * Source: crypto/spec/archive.md §3.
 */
export function readArchive(raw: Uint8Array): Member[] {
  const members: Member[] = [];
  const names = new Set<string>();
  let at = 0;
  for (;;) {
    const block = raw.subarray(at, at + BLOCK);
    if (block.length !== BLOCK) throw refused("the archive is cut");
    if (isZero(block)) break;
    const { name, size } = parseHeader(block);
    const start = at + BLOCK;
    const end = start + size + filled(size);
    if (end > raw.length || !isZero(raw.subarray(start + size, end))) throw refused("a member is cut, or not filled with zeros");
    if (names.has(name) || members.length === MAX_MEMBERS) throw refused("a name is there twice, or there are more than 64 members");
    names.add(name);
    members.push({ name, data: raw.slice(start, start + size) });
    at = end;
  }
  const fill = raw.length - at;
  if (members.length === 0 || fill < END_LENGTH || fill % BLOCK !== 0 || !isZero(raw.subarray(at))) {
    throw refused("the archive does not end in zeros only, at least 1,024");
  }
  return members;
}

/**
 * Check that an archive has exactly these members in this order.
 *
 * @throws FileError `archive`.
 *
 * Source: crypto/spec/archive.md §4.
 */
export function checkMembers(members: readonly Member[], names: readonly string[]): void {
  if (members.length !== names.length || !members.every((member, index) => member.name === names[index])) {
    throw refused("the archive has other members than its kind lists, or another order");
  }
}
