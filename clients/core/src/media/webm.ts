// SPDX-License-Identifier: Apache-2.0
/**
 * WebM and Matroska films.
 *
 * Rules of this file: an allow-list of elements; nothing changes its length. Tags, attachments, chapters, names, dates and checksums become empty;
 * tracks that are neither picture nor sound go, and their blocks in every cluster. Recordings whose clusters do not say how long they are are read as well.
 *
 * Source: RFC 9559 (Matroska); the WebM container guidelines.
 */
import { Elements, container, plain, type Element, type Rule, type Rules } from "./elements";
import { broken, latin1, same, Uncleanable, ascii, type Plan, type Window } from "./plan";
import type { Tell } from "./source";
import { forget, planWebmTrack, TRACK_ENTRY, type WebmTrack } from "./webm_track";
import { planFrame } from "./sound";
import { planUnits } from "./units";

const HEAD = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;
const INFO = 0x1549a966;
const CUES = 0x1c53bb6b;
const SEEK_HEAD = 0x114d9b74;
const KEPT_SEEKS = [TRACKS, CLUSTER, INFO, CUES];
const LEVEL_ONE = new Set([TRACKS, CLUSTER, INFO, CUES, SEEK_HEAD, 0x1254c367, 0x1941a469, 0x1043a770]);
const MAX_TRACKS = 64;
const MAX_TOLD = 65_536;
/** Nanoseconds from 2001, where Matroska counts from; milliseconds from 1970. */
const EPOCH = 978_307_200_000;

const GONE: ReadonlyMap<number, Tell> = new Map<number, Tell>([
  [0x1941a469, "other"],
  [0x1043a770, "text"],
]);

const TAGS: readonly (readonly [RegExp, Tell])[] = [
  [/LOCATION|location/, "place"],
  [/DATE|CREATION_TIME/, "time"],
  [/ARTIST|AUTHOR|DIRECTOR|COPYRIGHT/, "owner"],
  [/TITLE|COMMENT|DESCRIPTION|SYNOPSIS/, "text"],
  [/ENCODER|ENCODED_BY/, "software"],
];

interface Film {
  readonly tracks: Map<number, WebmTrack>;
  alpha: boolean;
}

/** Text that must be there, though not what it is: it becomes as many x. */
const crossedOut: Rule<unknown> = async (film, element) => {
  const was = (await film.window.read(element.body, element.end - element.body)).slice();
  if (await film.plan.write(film.window, element.body, new Uint8Array(was.length).fill(0x78))) film.plan.tell("software", latin1(was));
};

const INFO_RULES: Rules<unknown> = new Map<number, Rule<unknown>>([
  ...plain(8, 0x2ad7b1, 0x4489),
  [0x4d80, crossedOut],
  [0x5741, crossedOut],
  [
    0x4461,
    async (film, element): Promise<void> => {
      const at = EPOCH + (await film.number(element)) / 1e6;
      film.plan.tell("time", at < 8e12 ? new Date(at).toISOString().slice(0, 16).replace("T", " ") : "");
      if (film.plan.choice === "strip" || element.end - element.body !== 8) await film.free(element);
    },
  ],
  [0x7ba9, forget("text")],
  [0x73a4, forget("serial")],
]);

const SEEK_RULES: Rules<unknown> = new Map<number, Rule<unknown>>([
  [
    0x4dbb,
    async (film, element): Promise<void> => {
      for await (const part of film.each(element.body, element.end)) {
        if (part.id === 0x53ab && !KEPT_SEEKS.includes(await film.number(part))) {
          await film.free(element);
          return;
        }
      }
      await film.walk(element.body, element.end, new Map(plain(8, 0x53ab, 0x53ac)), undefined);
    },
  ],
]);

const CUE_RULES: Rules<unknown> = new Map<number, Rule<unknown>>([
  [0xbb, container(new Map<number, Rule<unknown>>([...plain(8, 0xb3), [0xb7, container(new Map(plain(8, 0xf7, 0xf1, 0xf0, 0xb2, 0x5378)))]]))],
]);

/** Whose block it is; 0 for a number that is too long to be one. */
async function blockTrack(film: Elements, block: Element): Promise<{ number: number; data: number }> {
  const head = await film.window.read(block.body, Math.min(2, block.end - block.body));
  const first = head[0] ?? 0;
  if (first >= 0x80) return { number: first & 0x7f, data: block.body + 4 };
  return { number: first >= 0x40 ? (first & 0x3f) * 256 + (head[1] ?? 0) : 0, data: block.body + 5 };
}

/** Whether a block is of a track that stays; if so, its samples are looked into. */
async function keepsBlock(film: Elements, block: Element, { tracks }: Film): Promise<boolean> {
  const { number, data } = await blockTrack(film, block);
  const track = tracks.get(number);
  if (track?.keep !== true || data > block.end) return false;
  const laced = (((await film.window.read(data - 1, 1))[0] ?? 0) & 0x06) !== 0;
  if (track.coding.units !== undefined && laced) throw new Uncleanable("its samples are cut in several ways");
  if (track.coding.units !== undefined) await planUnits(film.plan, film.window, track.coding.units, data, block.end);
  else if (track.coding.frames !== undefined && !laced) await planFrame(film.plan, film.window, track.coding.frames, data, block.end);
  return true;
}

const simpleBlock: Rule<Film> = async (film, block, whole) => {
  if (!(await keepsBlock(film, block, whole))) await film.free(block);
};

const ADDITIONS: Rules<unknown> = new Map<number, Rule<unknown>>([[0xa6, container(new Map(plain(4_194_304, 0xa5, 0xee)))]]);

const GROUP: Rules<Film> = new Map<number, Rule<Film>>([
  ...plain(8, 0x9b, 0xfb, 0x75a2),
  ...plain(Number.MAX_SAFE_INTEGER, 0xa1),
  [
    0x75a1,
    async (film, element, whole): Promise<void> => {
      if (whole.alpha) await film.walk(element.body, element.end, ADDITIONS, undefined);
      else if (await film.free(element)) film.plan.tell("other");
    },
  ],
]);

const blockGroup: Rule<Film> = async (film, group, whole) => {
  for await (const part of film.each(group.body, group.end)) {
    if (part.id !== 0xa1) continue;
    if (!(await keepsBlock(film, part, whole))) {
      await film.free(group);
      return;
    }
  }
  await film.walk(group.body, group.end, GROUP, whole);
};

const CLUSTER_RULES: Rules<Film> = new Map<number, Rule<Film>>([...plain(8, 0xe7, 0xa7, 0xab), [0xa3, simpleBlock], [0xa0, blockGroup]]);

const tracksRule: Rule<Film> = async (film, element, whole) => {
  if (whole.tracks.size > 0) throw broken("it has tracks twice");
  const entries: [Element, WebmTrack][] = [];
  for await (const entry of film.each(element.body, element.end)) {
    if (entries.length > MAX_TRACKS) throw new Uncleanable("it has too many tracks");
    if (entry.id === TRACK_ENTRY) entries.push([entry, await planWebmTrack(film, entry)]);
    else if (await film.free(entry)) film.plan.tell("other");
  }
  for (const [, track] of entries) {
    whole.tracks.set(track.number, track);
    whole.alpha ||= track.alpha;
    const lost = (track.type === 1 || track.type === 2) && !entries.some(([, other]) => other.keep && other.type === track.type);
    if (lost) throw new Uncleanable("its picture or sound is coded in a way that is not known here");
  }
  if (!entries.some(([, track]) => track.keep)) throw new Uncleanable("it holds neither picture nor sound");
};

const SEGMENT_RULES: Rules<Film> = new Map<number, Rule<Film>>([
  [INFO, container(INFO_RULES)],
  [SEEK_HEAD, container(SEEK_RULES)],
  [CUES, container(CUE_RULES)],
  [TRACKS, tracksRule],
]);

/** Tell what a part of the segment that goes says. */
async function gone(film: Elements, element: Element): Promise<void> {
  const text = latin1(await film.window.read(element.body, Math.min(element.end - element.body, MAX_TOLD)));
  const known = GONE.get(element.id);
  const found = TAGS.filter(([pattern]) => element.id === 0x1254c367 && pattern.test(text));
  if (!(await film.free(element))) return;
  for (const [, tell] of found) film.plan.tell(tell);
  if (found.length === 0) film.plan.tell(known ?? "other");
}

/** The segment, as a run of elements: a cluster that does not say where it ends does so where the next part of the segment starts. */
async function planSegment(film: Elements, segment: Element, whole: Film): Promise<void> {
  let cluster = 0;
  for (let at = segment.body; at < segment.end; ) {
    const inside = at < cluster;
    const element = await film.at(at, inside ? cluster : segment.end);
    at = element.end;
    if (element.id === CLUSTER) {
      // Whose blocks these are would not be known, and all would go.
      if (whole.tracks.size === 0) throw new Uncleanable("its tracks are named after its pictures");
      cluster = element.end;
      at = element.body;
      continue;
    }
    if (LEVEL_ONE.has(element.id)) cluster = 0;
    const rule = (inside && cluster > 0 ? CLUSTER_RULES : SEGMENT_RULES).get(element.id);
    if (rule !== undefined) await rule(film, element, whole);
    else await gone(film, element);
  }
}

async function planHead(film: Elements): Promise<Element> {
  const head = await film.at(0, film.window.size);
  if (head.id !== HEAD || head.open) throw broken("it has no head");
  for await (const part of film.each(head.body, head.end)) {
    const kind = await film.window.read(part.body, Math.min(part.end - part.body, 16));
    if (part.id === 0x4282 && !["webm", "matroska"].some((one) => same(kind, ascii(one)))) throw new Uncleanable("it is of a kind that is not known here");
  }
  const numbers = plain(8, 0x4286, 0x42f7, 0x42f2, 0x42f3, 0x4282, 0x4287, 0x4285);
  await film.walk(head.body, head.end, new Map<number, Rule<unknown>>(numbers), undefined);
  return head;
}

/** Plan the cleaning of a WebM or Matroska film. @throws FileError `archive` when it is not whole; `Uncleanable` when it holds what is not known. */
export async function planWebm(window: Window, plan: Plan): Promise<void> {
  const film = new Elements(window, plan);
  const head = await planHead(film);
  const segment = await film.at(head.end, window.size);
  if (segment.id !== SEGMENT) throw broken("it has no film");
  const whole: Film = { tracks: new Map(), alpha: false };
  await planSegment(film, segment, whole);
  if (whole.tracks.size === 0) throw broken("it has no tracks");
  if (segment.end < window.size) {
    plan.tell("trailer");
    plan.remove(segment.end, window.size);
  }
}
