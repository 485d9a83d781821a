// SPDX-License-Identifier: Apache-2.0
/**
 * How the samples of a film are coded: the entries of `stsd`, and what decoders need to know.
 *
 * Rules of this file: an allow-list of coders, and for each an allow-list of boxes. Fields that no decoder needs (vendor, name of the encoder) are
 * blanked. What a decoder needs is read to its end: words hidden behind it go.
 *
 * Source: ISO/IEC 14496-12 §8.5.2 and §12, 14496-15 §5.3.3 and §8.3.3; QuickTime File Format, 'Sample description atoms'.
 */
import { container, upTo, type Box, type Film, type Rule, type Rules } from "./boxes";
import { latin1, Uncleanable, viewOf } from "./plan";
import { framesOf, type Frames } from "./sound";
import { filler, saysMore, unitsOf, words, type Units } from "./units";

const VIDEO = ["avc1", "avc3", "hvc1", "hev1", "vp08", "vp09", "av01"];
const SOUND = ["mp4a", "Opus", "fLaC", "ac-3", "ec-3", "alac", "lpcm", "sowt", "twos", "in24", "in32", "fl32", "fl64", "ipcm", "fpcm", "ulaw", "alaw", "samr", "sawb"];
const HIGH_PROFILES = [100, 110, 122, 144, 244, 44, 83, 86, 118, 128, 138, 139, 134];
const MAX_CONFIGURATION = 65_536;

/** Say whether samples of this coding are understood; `handler` is that of the track. */
export function isKnown(handler: string, coding: string): boolean {
  return (handler === "vide" && VIDEO.includes(coding)) || (handler === "soun" && SOUND.includes(coding));
}

/** What entries say that samples are read by. */
export interface Coding {
  units?: Units;
  frames?: Frames;
}

function setUnits(coding: Coding, units: Units): void {
  if ((coding.units ?? units).lengthBytes !== units.lengthBytes) throw new Uncleanable("its samples are cut in several ways");
  coding.units = units;
}

async function configuration(film: Film, box: Box): Promise<Uint8Array> {
  if (box.end - box.body > MAX_CONFIGURATION) throw new Uncleanable("what its decoder needs is very long");
  return (await film.window.read(box.body, box.end - box.body)).slice();
}

/** The place after `count` units that start at `at`, each after two bytes of length. */
function pastUnits(raw: Uint8Array, at: number, count: number, onUnit: (start: number, end: number) => void): number {
  let place = at;
  for (let index = 0; index < count; index += 1) {
    const end = place + 2 + (((raw[place] ?? 0) << 8) | (raw[place + 1] ?? 0));
    if (end > raw.length) throw new Uncleanable("what its decoder needs breaks off");
    onUnit(place + 2, end);
    place = end;
  }
  return place;
}

/** H.264: the sets of parameters, and nothing else. */
export const avcC: Rule<Coding> = async (film, box, coding) => {
  const raw = await configuration(film, box);
  setUnits(coding, unitsOf(((raw[4] ?? 0) & 3) + 1, false));
  const wanted =
    (...types: number[]) =>
    (start: number): void => {
      if (!types.includes((raw[start] ?? 0) & 0x1f)) throw new Uncleanable("what its decoder needs holds something else");
    };
  let at = pastUnits(raw, 6, (raw[5] ?? 0) & 0x1f, wanted(7));
  at = pastUnits(raw, at + 1, raw[at] ?? 0, wanted(8));
  if (HIGH_PROFILES.includes(raw[1] ?? 0) && at + 4 <= raw.length) at = pastUnits(raw, at + 4, raw[at + 3] ?? 0, wanted(13));
  await film.slack(box.body + at, box.end);
};

/** H.265: the sets of parameters, and supplemental units of filler. */
export const hvcC: Rule<Coding> = async (film, box, coding) => {
  const raw = await configuration(film, box);
  setUnits(coding, unitsOf(((raw[21] ?? 0) & 3) + 1, true));
  let at = 23;
  for (let array = 0; array < (raw[22] ?? 0); array += 1) {
    const type = (raw[at] ?? 0) & 0x3f;
    const count = ((raw[at + 1] ?? 0) << 8) | (raw[at + 2] ?? 0);
    if (at + 3 > raw.length || ![32, 33, 34, 39, 40].includes(type)) throw new Uncleanable("what its decoder needs holds something else");
    at = pastUnits(raw, at + 3, count, (start, end) => {
      if (type < 39 || !saysMore(raw.subarray(start + 2, end))) return;
      film.plan.tell("software", words(raw.subarray(start + 2, end)));
      film.plan.replace(box.body + start + 2, box.body + end, filler(end - start - 2));
    });
  }
  await film.slack(box.body + at, box.end);
};

/** AV1: at most one unit, the sequence header. */
export const av1C: Rule<unknown> = async (film, box) => {
  const raw = await configuration(film, box);
  if (raw.length <= 4) return;
  let length = 0;
  let at = 5;
  for (let shift = 0; at < raw.length && shift < 28; shift += 7) {
    const byte = raw[at] ?? 0;
    length |= (byte & 0x7f) << shift;
    at += 1;
    if (byte < 0x80) break;
  }
  if (((raw[4] ?? 0) & 0xfe) !== 0x0a || at + length > raw.length) throw new Uncleanable("what its decoder needs holds something else");
  await film.slack(box.body + at + length, box.end);
};

/** FLAC: the one block that says how the sound is stored. */
const dfLa: Rule<unknown> = async (film, box) => {
  const raw = await configuration(film, box);
  if (raw.length !== 42 || ((raw[4] ?? 0) & 0x7f) !== 0) throw new Uncleanable("its sound comes with notes");
};

/** Opus: eleven bytes, and a table where channels are more than two. */
const dOps: Rule<unknown> = async (film, box) => {
  const head = await film.window.read(box.body, 11);
  await film.slack(box.body + (head[10] === 0 ? 11 : 13 + (head[1] ?? 0)), box.end);
};

/** Colours by number; a profile, which may name a device, goes. */
const colr: Rule<unknown> = async (film, box) => {
  const kind = latin1(await film.window.read(box.body, 4));
  if (kind === "nclx" || kind === "nclc") await film.slack(box.body + (kind === "nclx" ? 11 : 10), box.end);
  else if (await film.free(box)) film.plan.tell("colours");
};

/** The vendor of a coder of speech, four bytes, is blanked. */
const damr: Rule<unknown> = async (film, box) => {
  if (await film.plan.blank(film.window, box.body, box.body + 4)) film.plan.tell("software");
  await film.slack(box.body + 9, box.end);
};

/** A descriptor of MPEG-4 at a place: its tag, and where its body starts and ends. */
function descriptor(raw: Uint8Array, at: number): { tag: number; body: number; end: number } {
  let body = at + 1;
  let length = 0;
  for (let more = true; more && body < at + 5; body += 1) {
    length = length * 128 + ((raw[body] ?? 0) & 0x7f);
    more = (raw[body] ?? 0) >= 0x80;
  }
  return { tag: raw[at] ?? 0, body, end: body + length };
}

/** Descriptors of MPEG-4: their lengths nest, and what is behind the first is blanked. */
const esds: Rule<Coding> = async (film, box, coding) => {
  const raw = await configuration(film, box);
  const stream = descriptor(raw, 4);
  const decoder = descriptor(raw, stream.body + 3);
  const specific = descriptor(raw, decoder.body + 13);
  // MP3 keeps the name of its encoder in its frames.
  if (stream.tag === 3 && decoder.tag === 4 && ![0x40, 0x66, 0x67, 0x68].includes(raw[decoder.body] ?? 0)) throw new Uncleanable("its samples are coded in a way that is not known here");
  if (raw.length > 256 || stream.tag !== 3 || decoder.tag !== 4) throw new Uncleanable("what its decoder needs is not as it must be");
  if ((raw[stream.body + 2] ?? 0) & 0xe0) throw new Uncleanable("its sound names another place");
  if (raw[decoder.body] === 0x40 && specific.tag === 5) coding.frames = framesOf(raw.subarray(specific.body));
  const audio = specific.tag === 5 ? specific.end : decoder.body + 13;
  // Behind it: how the stream is packed, by a number; nothing else, in no other way.
  const packed = descriptor(raw, decoder.end);
  const plain = decoder.end >= stream.end || (packed.tag === 6 && packed.end === packed.body + 1 && packed.end === stream.end);
  if (audio !== decoder.end || !plain || stream.end > raw.length || ((raw[stream.body + 2] ?? 0) & 0xff) > 0x1f) throw new Uncleanable("what its decoder needs holds something else");
  await film.slack(box.body + stream.end, box.end);
};

const WAVE: Rules<Coding> = { frma: upTo(4), mp4a: upTo(4), enda: upTo(2), esds, alac: upTo(36), "\0\0\0\0": upTo(0) };

const CHILDREN: Rules<Coding> = {
  avcC, hvcC, av1C, dfLa, colr, damr, esds, wave: container(WAVE),
  vpcC: upTo(12), dOps, dac3: upTo(3), dec3: upTo(64), alac: upTo(36), chan: upTo(64), pcmC: upTo(6), chnl: upTo(64),
  btrt: upTo(12), pasp: upTo(8), clap: upTo(32), fiel: upTo(2), mdcv: upTo(24), clli: upTo(4), "\0\0\0\0": upTo(0),
}; // prettier-ignore

/** One entry of a kept track: its fixed part, then its boxes. */
export async function planEntry(film: Film, entry: Box, handler: string, coding: Coding): Promise<void> {
  if (!isKnown(handler, entry.type)) throw new Uncleanable("its samples are coded in a way that is not known here");
  const { window, plan } = film;
  const at = entry.body;
  const fixed = handler === "vide" ? 78 : 28;
  const head = viewOf((await window.read(at, Math.min(fixed, entry.end - at))).slice());
  if (head.byteLength < fixed) throw new Uncleanable("an entry is too short");
  await plan.blank(window, at, at + 6);
  let body = at + fixed;
  if (handler === "vide") {
    const name = latin1(new Uint8Array(head.buffer, 43, 31));
    // Version and revision stay 0; vendor and qualities are for editors.
    if (await plan.blank(window, at + 8, at + 24)) plan.tell("software");
    if (await plan.blank(window, at + 42, at + 74)) plan.tell("software", name);
  } else {
    const version = head.getUint16(8);
    if (await plan.blank(window, at + 10, at + 16)) plan.tell("software");
    if (version > 2) throw new Uncleanable("its sound is described in a way that is not known here");
    body += version === 1 ? 16 : version === 2 ? 36 : 0;
  }
  if (body > entry.end) throw new Uncleanable("an entry is too short");
  await film.walk(body, entry.end, CHILDREN, coding);
}
