// SPDX-License-Identifier: Apache-2.0
/**
 * One track of a WebM or Matroska film: what it is, whether it stays, and what of it.
 *
 * Rules of this file: a track stays if it is picture or sound in a coding that is known, with what its decoder needs and nothing else. Names and languages
 * go; numbers that name a track in other programs become its number in this one.
 *
 * Source: RFC 9559 §5.1.4; Vorbis I specification §5 (comments); RFC 7845 §5.1 (Opus head).
 */
import { Film } from "./boxes";
import { container, plain, type Element, type Elements, type Rule, type Rules } from "./elements";
import { av1C, avcC, hvcC, type Coding } from "./entries";
import { ascii, latin1, Uncleanable, viewOf } from "./plan";
import { framesOf } from "./sound";
import type { Tell } from "./source";

/** Id of a track's entry. */
export const TRACK_ENTRY = 0xae;

const MAX_PRIVATE = 262_144;

/** A track: its number, its kind (1 picture, 2 sound, 17 subtitles), whether it stays. */
export interface WebmTrack {
  readonly number: number;
  readonly type: number;
  readonly codec: string;
  readonly keep: boolean;
  readonly alpha: boolean;
  readonly coding: Coding;
}

/** An element that goes, and what it tells. */
export function forget(tell: Tell): Rule<unknown> {
  return async (film, element) => {
    const text = latin1(await film.window.read(element.body, Math.min(64, element.end - element.body)));
    if (await film.free(element)) film.plan.tell(tell, tell === "serial" ? "" : text);
  };
}

type Check = (film: Elements, element: Element, coding: Coding) => Promise<void>;

function atMost(most: number, head = ""): Check {
  return async (film, element) => {
    const start = latin1(await film.window.read(element.body, Math.min(head.length, element.end - element.body)));
    if (element.end - element.body > most || start !== head) throw new Uncleanable("what its decoder needs is not as it must be");
  };
}

/** A check that films of boxes have as well. */
function shared(rule: (film: Film, box: { type: string; start: number; body: number; end: number }, coding: Coding) => Promise<void>): Check {
  return (film, { start, body, end }, coding) => rule(new Film(film.window, film.plan), { type: "", start, body, end }, coding);
}

/** Vorbis: three packets, of which the second is comments: their letters become x. */
const vorbis: Check = async (film, element) => {
  const raw = (await film.window.read(element.body, Math.min(MAX_PRIVATE, element.end - element.body))).slice();
  const view = viewOf(raw);
  let at = 1;
  const lengths = [0, 0].map(() => {
    let length = 0;
    for (; raw[at] === 0xff; at += 1) length += 255;
    at += 1;
    return length + (raw[at - 1] ?? 0);
  });
  const start = at + (lengths[0] ?? 0);
  const end = start + (lengths[1] ?? 0);
  if (raw[0] !== 2 || end > raw.length || latin1(raw.subarray(start, start + 7)) !== "\x03vorbis") throw new Uncleanable("what its decoder needs is not as it must be");
  let place = start + 7;
  const cross = (): void => {
    const length = place + 4 <= end ? view.getUint32(place, true) : Infinity;
    if (place + 4 + length > end) throw new Uncleanable("what its decoder needs is not as it must be");
    const words = latin1(raw.subarray(place + 4, place + 4 + length));
    if (/[^x]/.test(words)) film.plan.tell("software", words);
    raw.fill(0x78, place + 4, place + 4 + length);
    place += 4 + length;
  };
  cross();
  const comments = place + 4 <= end ? view.getUint32(place, true) : 0;
  place += 4;
  for (let index = 0; index < comments; index += 1) cross();
  raw.fill(0, place + 1, end);
  await film.plan.write(film.window, element.body, raw);
};

/** AAC: what its decoder needs is a few bytes, of which the first says how frames are built. */
const aac: Check = async (film, element, coding) => {
  await atMost(64)(film, element, coding);
  coding.frames = framesOf((await film.window.read(element.body, element.end - element.body)).slice());
};

/** Codings that are known, and how what their decoders need is checked. */
const CODECS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["V_VP8", atMost(0)], ["V_VP9", atMost(32)], ["V_AV1", shared(av1C)], ["V_MPEG4/ISO/AVC", shared(avcC)], ["V_MPEGH/ISO/HEVC", shared(hvcC)],
  ["A_OPUS", atMost(283, "OpusHead")], ["A_VORBIS", vorbis], ["A_AAC", aac], ["A_FLAC", atMost(42, "fLaC\x80")],
  ["A_PCM/INT/LIT", atMost(0)], ["A_PCM/INT/BIG", atMost(0)], ["A_PCM/FLOAT/IEEE", atMost(0)],
]); // prettier-ignore

const COLOUR: Rules<unknown> = new Map<number, Rule<unknown>>([
  ...plain(8, 0x55b1, 0x55b2, 0x55b3, 0x55b4, 0x55b5, 0x55b6, 0x55b7, 0x55b8, 0x55b9, 0x55ba, 0x55bb, 0x55bc, 0x55bd),
  [0x55d0, container(new Map(plain(8, 0x55d1, 0x55d2, 0x55d3, 0x55d4, 0x55d5, 0x55d6, 0x55d7, 0x55d8, 0x55d9, 0x55da)))],
]);

const VIDEO: Rules<unknown> = new Map<number, Rule<unknown>>([
  ...plain(8, 0xb0, 0xba, 0x9a, 0x9d, 0x53b8, 0x53c0, 0x54aa, 0x54bb, 0x54cc, 0x54dd, 0x54b0, 0x54ba, 0x54b2, 0x54b3),
  [0x55b0, container(COLOUR)],
  [0x7670, container(new Map(plain(8, 0x7671, 0x7673, 0x7674, 0x7675)))],
]);

const ENTRY: Rules<WebmTrack> = new Map<number, Rule<WebmTrack>>([
  ...plain(8, 0xd7, 0x83, 0xb9, 0x88, 0x55aa, 0x9c, 0x6de7, 0x6df8, 0x23e383, 0x56aa, 0x56bb, 0x55ee),
  ...plain(32, 0x86),
  [
    0x73c5,
    async (film, element, track): Promise<void> => {
      const ours = new Uint8Array(element.end - element.body);
      ours[ours.length - 1] = track.number;
      if (element.end - element.body > 8 || ours.length === 0) await film.free(element);
      else await film.plan.write(film.window, element.body, ours);
    },
  ],
  [
    0x22b59c,
    async (film, element): Promise<void> => {
      if (element.end - element.body === 3) await film.plan.write(film.window, element.body, ascii("und"));
      else await film.free(element);
    },
  ],
  [0x63a2, (film, element, track): Promise<void> => (CODECS.get(track.codec) ?? atMost(0))(film, element, track.coding)],
  [0x536e, forget("names")],
  [0xe0, container(VIDEO)],
  [0xe1, container(new Map(plain(8, 0xb5, 0x78b5, 0x9f, 0x6264)))],
  [
    0x6d80,
    (): Promise<void> => {
      throw new Uncleanable("its samples are packed");
    },
  ],
]);

async function look(film: Elements, entry: Element): Promise<WebmTrack> {
  const said = { number: 0, type: 0, codec: "", alpha: false };
  for await (const part of film.each(entry.body, entry.end)) {
    if (part.id === 0xd7) said.number = await film.number(part);
    else if (part.id === 0x83) said.type = await film.number(part);
    else if (part.id === 0x86) said.codec = latin1(await film.window.read(part.body, Math.min(32, part.end - part.body)));
    else if (part.id === 0xe0) {
      for await (const detail of film.each(part.body, part.end)) if (detail.id === 0x53c0) said.alpha = (await film.number(detail)) === 1;
    }
  }
  const known = CODECS.has(said.codec) && said.codec.startsWith(said.type === 1 ? "V_" : "A_");
  return { ...said, keep: known && (said.type === 1 || said.type === 2) && said.number > 0 && said.number < 128, coding: {} };
}

/** Plan the cleaning of a track's entry. One that does not stay goes whole, and its blocks with it. */
export async function planWebmTrack(film: Elements, entry: Element): Promise<WebmTrack> {
  const track = await look(film, entry);
  if (track.keep) await film.walk(entry.body, entry.end, ENTRY, track);
  else {
    await film.free(entry);
    film.plan.tell(track.type === 17 ? "subtitle" : "track");
  }
  return track;
}
