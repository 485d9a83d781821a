// SPDX-License-Identifier: Apache-2.0
/**
 * One track of a film: what it is, whether it stays, and what of it.
 *
 * Rules of this file: a track stays if it is picture or sound in a coding that is known. Its times, names and language go; its tables stay as they
 * are, without what may be hidden behind them.
 *
 * Source: ISO/IEC 14496-12 §8.3 to §8.7.
 */
import { container, table, upTo, type Box, type Film, type Rule, type Rules } from "./boxes";
import { isKnown, planEntry, type Coding } from "./entries";
import { broken, latin1, Uncleanable } from "./plan";
import { planNotes } from "./place";
import type { Tables } from "./samples";

/** Seconds from 1904, where films count from, to 1970. */
const EPOCH = 2_082_844_800;
const UNDETERMINED = Uint8Array.of(0x55, 0xc4, 0, 0);
const GROUPINGS = ["roll", "prol", "rap ", "sync"];
const MAX_ENTRIES = 32;
const MAX_GROUP = 64;
const TOLD: Readonly<Record<string, "subtitle" | "thumbnail">> = {
  text: "subtitle", sbtl: "subtitle", subt: "subtitle", clcp: "subtitle", subp: "subtitle", pict: "thumbnail", vide: "thumbnail",
}; // prettier-ignore

/** A track, before it is planned. */
export interface Track {
  readonly box: Box;
  readonly id: number;
  readonly handler: string;
  readonly keep: boolean;
  /** Size of a sample in fragments that do not say. */
  defaultSize: number;
  /** Whether its codings have been read. */
  described: boolean;
  readonly tables: Tables;
  readonly coding: Coding;
}

/** Blank the two times at the start of a full box, or keep and tell them. Says whether the box is of the long form. */
export async function blankTimes(film: Film, box: Box): Promise<boolean> {
  const { window, plan } = film;
  const long = (await window.read(box.body, 1))[0] === 1;
  const end = box.body + (long ? 20 : 12);
  if (end > box.end) throw broken("a box is too short");
  if (await window.isZero(box.body + 4, end)) return long;
  const made = long ? (await film.u32(box.body + 4)) * 2 ** 32 + (await film.u32(box.body + 8)) : await film.u32(box.body + 4);
  const seconds = made - EPOCH;
  plan.tell("time", seconds > 0 && seconds < 8e9 ? new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ") : "");
  if (plan.choice === "strip") await plan.blank(window, box.body + 4, end);
  return long;
}

async function path(film: Film, box: Box, ...types: string[]): Promise<Box | undefined> {
  let at: Box | undefined = box;
  for (const type of types) at = at === undefined ? undefined : await film.find(at.body, at.end, type);
  return at;
}

/** Read what a track is, and tell what goes if it does not stay. */
export async function lookAtTrack(film: Film, box: Box): Promise<Track> {
  const tkhd = await path(film, box, "tkhd");
  const hdlr = await path(film, box, "mdia", "hdlr");
  const stsd = await path(film, box, "mdia", "minf", "stbl", "stsd");
  if (tkhd === undefined || hdlr === undefined || stsd === undefined) throw broken("a track lacks a box");
  const long = (await film.window.read(tkhd.body, 1))[0] === 1;
  const id = await film.u32(tkhd.body + (long ? 20 : 12));
  const handler = latin1(await film.window.read(hdlr.body + 8, 4));
  const coding = (await film.u32(stsd.body + 4)) > 0 ? latin1(await film.window.read(stsd.body + 12, 4)) : "";
  const keep = isKnown(handler, coding);
  if (!keep) film.plan.tell(TOLD[handler] ?? "track");
  if (["gpmd", "camm", "rtmd", "mebx", "mett"].includes(coding)) film.plan.tell("place");
  return { box, id, handler, keep, defaultSize: 0, described: false, tables: {}, coding: {} };
}

/** A handler's name, and the words around it, are for editors; what it handles stays. */
const hdlr: Rule<unknown> = async (film, box) => {
  const name = latin1(await film.window.read(box.body + 24, Math.max(0, Math.min(64, box.end - box.body - 24))));
  if (await film.plan.blank(film.window, box.body + 12, box.end)) film.plan.tell("software", name);
  const kind = latin1(await film.window.read(box.body + 4, 4));
  if (!["mhlr", "dhlr"].includes(kind) && (await film.plan.blank(film.window, box.body + 4, box.body + 8))) film.plan.tell("other");
};

/** References to data: only to this file itself. What names a place elsewhere goes. */
const dref: Rule<unknown> = async (film, box) => {
  const { found, at } = await film.boxes(box.body + 8, box.end);
  for (const entry of found) {
    if (((await film.u32(entry.body)) & 1) === 0) throw new Uncleanable("its samples lie in another file");
    await film.slack(entry.body + 4, entry.end);
  }
  await film.slack(at, box.end);
};

const stsd: Rule<Track> = async (film, box, track) => {
  if (track.described) throw broken("a track has a table twice");
  track.described = true;
  const { found, at } = await film.boxes(box.body + 8, box.end);
  if (found.length > MAX_ENTRIES) throw broken("a track has too many codings");
  for (const entry of found) await planEntry(film, entry, track.handler, track.coding);
  await film.slack(at, box.end);
};

const stsz: Rule<Track> = async (film, box, track) => {
  if (track.tables.sizes !== undefined) throw broken("a track has a table twice");
  track.tables.sizes = box;
  const constant = (await film.u32(box.body + 4)) > 0;
  await (constant ? upTo(12) : table(12, 4))(film, box, track);
};

const stz2: Rule<Track> = async (film, box, track) => {
  if (track.tables.sizes !== undefined) throw broken("a track has a table twice");
  track.tables.sizes = box;
  const bits = (await film.window.read(box.body + 7, 1))[0] ?? 0;
  await film.slack(Math.min(box.end, box.body + 12 + Math.ceil(((await film.u32(box.body + 8)) * bits) / 8)), box.end);
};

function remembered(name: "stsc" | "offsets", rule: Rule<unknown>): Rule<Track> {
  return async (film, box, track) => {
    if (track.tables[name] !== undefined) throw broken("a track has a table twice");
    track.tables[name] = box;
    await rule(film, box, track);
  };
}

/** Groups of samples, of the kinds that say where a film may be entered; what describes them is short. */
const groups: Rule<unknown> = async (film, box) => {
  const long = (await film.window.read(box.body, 1))[0] !== 0;
  const known = GROUPINGS.includes(latin1(await film.window.read(box.body + 4, 4))) && (box.type === "sbgp" || box.end - box.body <= MAX_GROUP);
  if (known) await (box.type === "sbgp" ? table(long ? 16 : 12, 8) : upTo(MAX_GROUP))(film, box, undefined);
  else if (await film.free(box)) film.plan.tell("other");
};

/** Which samples need which: players do without. It goes, since its length follows from nothing in it; it says nothing. */
const needs: Rule<unknown> = async (film, box) => {
  await film.free(box);
};

const STBL: Rules<Track> = {
  stsd, stsz, stz2, stsc: remembered("stsc", table(8, 12)), stco: remembered("offsets", table(8, 4)), co64: remembered("offsets", table(8, 8)),
  stts: table(8, 8), ctts: table(8, 8), stss: table(8, 4), stps: table(8, 4), cslg: upTo(36), sdtp: needs, sgpd: groups, sbgp: groups,
}; // prettier-ignore

const MINF: Rules<Track> = { vmhd: upTo(12), smhd: upTo(8), hdlr, dinf: container({ dref }), stbl: container(STBL) };

const MDIA: Rules<Track> = {
  mdhd: async (film, box) => {
    const end = box.body + ((await blankTimes(film, box)) ? 36 : 24);
    await film.plan.write(film.window, end - 4, UNDETERMINED);
    await film.slack(end, box.end);
  },
  hdlr,
  minf: container(MINF),
};

const TRACK: Rules<Track> = {
  tkhd: async (film, box) => film.slack(box.body + ((await blankTimes(film, box)) ? 96 : 84), box.end),
  edts: container({ elst: async (film, box, track) => table(8, (await film.window.read(box.body, 1))[0] === 1 ? 20 : 12)(film, box, track) }),
  mdia: container(MDIA),
  udta: (film, box) => planNotes(film, box, { place: true }),
  meta: (film, box) => planNotes(film, box, { place: true }),
};

/** Plan the cleaning of a track that stays. */
export async function planTrack(film: Film, track: Track): Promise<void> {
  await film.walk(track.box.body, track.box.end, TRACK, track);
}
