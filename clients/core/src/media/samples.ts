// SPDX-License-Identifier: Apache-2.0
/**
 * Which bytes of a film its tracks show: ranges of samples, from the tables of a track or from fragments.
 *
 * Rules of this file: tables are read in pieces; how many ranges there may be is bounded; a range must lie in the film's data, so that no table can
 * keep bytes of another part of the file.
 *
 * Source: ISO/IEC 14496-12 §8.7 (tables of samples), §8.8 (fragments).
 */
import type { Box, Film, Rules } from "./boxes";
import type { Coding } from "./entries";
import { broken, lastAtOrBefore, Uncleanable, viewOf, type Window } from "./plan";
import type { Track } from "./track";
import { planFrame } from "./sound";
import { planUnits } from "./units";

const MAX_RANGES = 500_000;

/** Ranges of bytes that are shown, in any order; two numbers each. */
export class Ranges {
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  /** Add a range; one that continues the last grows it. */
  add(start: number, end: number): void {
    if (end <= start) return;
    if (this.starts.length > 0 && this.ends[this.ends.length - 1] === start) this.ends[this.ends.length - 1] = end;
    else {
      if (this.starts.length >= MAX_RANGES) throw new Uncleanable("its samples lie in too many places");
      this.starts.push(start);
      this.ends.push(end);
    }
  }

  /** The ranges between `areas` of the file that nothing refers to. Every range must lie in one of the areas, which are in order. */
  gaps(areas: readonly { readonly body: number; readonly end: number }[]): { start: number; end: number }[] {
    const order = Uint32Array.from(this.starts.keys()).sort((a, b) => (this.starts[a] ?? 0) - (this.starts[b] ?? 0));
    const gaps: { start: number; end: number }[] = [];
    const bodies = areas.map((area) => area.body);
    const reached = bodies.slice();
    const gap = (start: number, end: number): void => {
      if (gaps.length >= MAX_RANGES) throw new Uncleanable("its samples lie in too many places");
      if (start < end) gaps.push({ start, end });
    };
    for (const index of order) {
      const start = this.starts[index] ?? 0;
      const end = this.ends[index] ?? 0;
      const at = lastAtOrBefore(bodies, start);
      if (at < 0 || end > (areas[at]?.end ?? 0)) throw broken("a sample lies outside of the film's data");
      gap(reached[at] ?? 0, start);
      reached[at] = Math.max(reached[at] ?? 0, end);
    }
    areas.forEach((area, index) => {
      gap(reached[index] ?? 0, area.end);
    });
    return gaps;
  }
}

/** The tables of one track. */
export interface Tables {
  stsc?: Box;
  sizes?: Box;
  offsets?: Box;
}

/** Numbers of a table, read in pieces. */
class Column {
  constructor(
    private readonly window: Window,
    private readonly at: number,
    private readonly entry: number,
    readonly count: number,
  ) {}

  async u32(index: number, offset = 0): Promise<number> {
    return viewOf(await this.window.read(this.at + index * this.entry + offset, 4)).getUint32(0);
  }

  async u64(index: number): Promise<number> {
    const value = (await this.u32(index)) * 2 ** 32 + (await this.u32(index, 4));
    if (!Number.isSafeInteger(value)) throw broken("a sample lies outside of the film's data");
    return value;
  }
}

async function column(film: Film, box: Box | undefined, header: number, entry: number): Promise<Column> {
  if (box === undefined) throw broken("a track lacks a table");
  const count = await film.u32(box.body + header - 4);
  if (box.body + header + count * entry > box.end) throw broken("a table is longer than its box");
  return new Column(film.window.another(), box.body + header, entry, count);
}

/** The size of each sample, by index. */
async function sizesOf(film: Film, box: Box | undefined): Promise<{ count: number; of: (index: number) => Promise<number>; constant: number }> {
  if (box?.type === "stz2") {
    const bits = (await film.window.read(box.body + 7, 1))[0] ?? 0;
    if (bits !== 8 && bits !== 16) throw new Uncleanable("its sizes are of a rare kind");
    const count = await film.u32(box.body + 8);
    if (box.body + 12 + (count * bits) / 8 > box.end) throw broken("a table is longer than its box");
    const window = film.window.another();
    return { count, constant: 0, of: async (index) => (await window.read(box.body + 12 + (index * bits) / 8, bits / 8)).reduce((sum, one) => sum * 256 + one, 0) };
  }
  const constant = box === undefined ? 0 : await film.u32(box.body + 4);
  const sizes = await column(film, box, 12, constant > 0 ? 0 : 4);
  return { count: sizes.count, constant, of: (index) => (constant > 0 ? Promise.resolve(constant) : sizes.u32(index)) };
}

/** A window for looking at the beginnings of samples: small where samples are large. */
function glances(film: Film, all: number, samples: number): Window {
  return film.window.another(all / Math.max(1, samples) > 65_536 ? 4_096 : undefined);
}

/** Look at what a sample says besides what it shows. */
async function lookAt(film: Film, window: Window, { units, frames }: Coding, start: number, end: number): Promise<void> {
  if (units !== undefined) await planUnits(film.plan, window, units, start, end);
  else if (frames !== undefined) await planFrame(film.plan, window, frames, start, end);
}

/** Add the ranges that the tables of a track name, and look into its samples. */
export async function addTrack(film: Film, { tables, handler, coding }: Track, ranges: Ranges): Promise<void> {
  const sound = handler === "soun";
  const sizes = await sizesOf(film, tables.sizes);
  // Old QuickTime counts sound in single samples of 'one byte' that are in truth longer: blanking by that would destroy it.
  if (sound && sizes.constant === 1) throw new Uncleanable("its sound is counted in the old way");
  if (sizes.constant * sizes.count > film.window.size) throw broken("it names more than it holds");
  // What is counted in samples of one length, and not looked into, is walked by chunks.
  const walked = sizes.constant === 0 || coding.units !== undefined || coding.frames !== undefined;
  if (walked) film.spendSamples(sizes.count);
  const large = tables.offsets?.type === "co64";
  const offsets = await column(film, tables.offsets, 8, large ? 8 : 4);
  const runs = await column(film, tables.stsc, 8, 12);
  const window = glances(film, film.window.size, sizes.count);
  let sample = 0;
  for (let run = 0; run < runs.count; run += 1) {
    const first = await runs.u32(run);
    const past = run + 1 < runs.count ? await runs.u32(run + 1) : offsets.count + 1;
    const each = await runs.u32(run, 4);
    if (first < 1 || past < first || past > offsets.count + 1) throw broken("a table of chunks is out of order");
    for (let chunk = first; chunk < past; chunk += 1) {
      const start = large ? await offsets.u64(chunk - 1) : await offsets.u32(chunk - 1);
      let length = 0;
      if (sample + each > sizes.count) throw broken("a table names samples that there are not");
      if (!walked) length = sizes.constant * each;
      else {
        for (let index = 0; index < each; index += 1) {
          const size = await sizes.of(sample + index);
          await lookAt(film, window, coding, start + length, start + length + size);
          length += size;
        }
      }
      sample += each;
      ranges.add(start, start + length);
    }
  }
}

/** The tracks that are kept, by their numbers. */
export type Kept = ReadonlyMap<number, Track>;

/** A fragment, while it is read. */
export interface Fragment {
  readonly start: number;
  readonly kept: Kept;
  readonly ranges: Ranges;
  /** Where the data of the next run start when it does not say. */
  next: number;
  base: number;
  /** Whether no track of it has been read yet. */
  first: boolean;
  size: number;
  track?: Track | undefined;
}

async function fragmentHead(film: Film, box: Box, fragment: Fragment): Promise<void> {
  const flags = (await film.u32(box.body)) & 0xffffff;
  const track = await film.u32(box.body + 4);
  let at = box.body + 8;
  // Otherwise the data start where those of the track before end, which is not known when that track goes.
  if (!fragment.first && (flags & 0x020001) === 0) throw new Uncleanable("its fragments are of a rare kind");
  fragment.base = fragment.start;
  if (flags & 1) {
    fragment.base = (await film.u32(at)) * 2 ** 32 + (await film.u32(at + 4));
    at += 8;
  }
  if (flags & 2) at += 4;
  if (flags & 8) at += 4;
  fragment.track = fragment.kept.get(track);
  fragment.size = flags & 0x10 ? await film.u32(at) : (fragment.track?.defaultSize ?? 0);
  at += (flags & 0x10 ? 4 : 0) + (flags & 0x20 ? 4 : 0);
  if (at > box.end) throw broken("a fragment's head is too short");
  fragment.next = fragment.base;
  await film.slack(at, box.end);
}

async function fragmentRun(film: Film, box: Box, fragment: Fragment): Promise<void> {
  const flags = (await film.u32(box.body)) & 0xffffff;
  const count = await film.u32(box.body + 4);
  let at = box.body + 8;
  if (flags & 1) {
    fragment.next = fragment.base + ((await film.u32(at)) | 0);
    at += 4;
  }
  at += flags & 4 ? 4 : 0;
  const before = flags & 0x100 ? 4 : 0;
  const entry = before + (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0);
  if (at + count * entry > box.end) throw broken("a table is longer than its box");
  if (entry === 0 && (fragment.size === 0 || count * fragment.size > film.window.size)) throw broken("it names more than it holds");
  const coding = fragment.track?.coding ?? {};
  const each = (flags & 0x200) !== 0 || coding.units !== undefined || coding.frames !== undefined;
  if (each) film.spendSamples(count);
  const table = new Column(film.window.another(), at, entry, count);
  let length = each ? 0 : count * fragment.size;
  for (let index = 0; index < count && each; index += 1) {
    const size = flags & 0x200 ? await table.u32(index, before) : fragment.size;
    await lookAt(film, film.window, coding, fragment.next + length, fragment.next + length + size);
    length += size;
  }
  if (!Number.isSafeInteger(fragment.next + length) || fragment.next < 0) throw broken("a sample lies outside of the film's data");
  fragment.ranges.add(fragment.next, fragment.next + length);
  fragment.next += length;
  await film.slack(at + count * entry, box.end);
}

/** Rules of a `traf` box whose track is kept. */
export const FRAGMENT_RULES: Rules<Fragment> = {
  tfhd: fragmentHead,
  tfdt: (film, box) => film.slack(box.body + 12, box.end),
  trun: fragmentRun,
};
