// SPDX-License-Identifier: Apache-2.0
/**
 * Films and sound made of ISO boxes: MP4, MOV, M4A.
 *
 * Rules of this file: an allow-list of boxes; nothing changes its length. Tracks that are neither picture nor sound go with their samples, and so does
 * every byte of the data that no kept track shows.
 *
 * Source: ISO/IEC 14496-12 §6.2 and §8; QuickTime File Format; docs/decisions/0009-films-are-cleaned-in-place.md.
 */
import { container, Film, table, upTo, type Box, type Rules } from "./boxes";
import { planNotes, planOwn, type Kept } from "./place";
import { ascii, broken, latin1, same, Uncleanable, type Plan, type Window } from "./plan";
import { addTrack, FRAGMENT_RULES, Ranges, type Fragment } from "./samples";
import { blankTimes, lookAtTrack, planTrack, type Track } from "./track";

const BRANDS = /^(iso[m2-9]|mp4[12]|avc1|M4[VAB] |qt {2}|dash|dby1|hvc1|hev1|av01|3g[p2][4-7a-c]|MSNV|mmp4|\0{4})$/;
const MAX_TRACKS = 64;
const NEEDED = ["ftyp", "styp", "moov", "moof", "mdat", "sidx"];

interface Whole {
  readonly kept: Kept;
  readonly tracks: readonly Track[];
}

const MOVIE: Rules<Whole> = {
  mvhd: async (film, box) => {
    const long = await blankTimes(film, box);
    // Before the next track's number stand 24 bytes for players' own use.
    const end = box.body + (long ? 112 : 100);
    await film.slack(end - 28, end - 4);
    await film.slack(end, box.end);
  },
  trak: async (film, box, whole) => {
    const track = whole.tracks.find((one) => one.box.start === box.start);
    if (track?.keep === true) await planTrack(film, track);
    else await film.free(box);
  },
  mvex: async (film, box, whole) => {
    const kept = new Set(whole.tracks.filter((one) => one.keep).map((one) => one.id));
    await film.walk(box.body, box.end, { mehd: upTo(12), trex: async (_, trex) => { if (kept.has(await film.u32(trex.body + 4))) await film.slack(trex.body + 24, trex.end); else await film.free(trex); } }, undefined);
  },
  udta: (film, box, whole) => planNotes(film, box, whole.kept),
  meta: (film, box, whole) => planNotes(film, box, whole.kept),
  uuid: planOwn,
};

/** Say what a brand may be; others, which name a maker, become the plainest. */
async function planBrands(film: Film, box: Box): Promise<void> {
  const raw = (await film.window.read(box.body, Math.min(box.end - box.body, 256))).slice();
  const clean = raw.slice();
  clean.fill(0, 4, 8);
  for (let at = 0; at + 4 <= raw.length; at += 4) {
    const brand = latin1(raw.subarray(at, at + 4));
    if (at === 4 || BRANDS.test(brand)) continue;
    film.plan.tell("device", brand);
    clean.set(ascii("isom"), at);
  }
  if (!same(raw, clean)) film.plan.replace(box.body, box.body + raw.length, clean);
  await film.slack(box.body + raw.length, box.end);
}

/** The boxes of the whole file; what follows the last one that is needed is told, and goes. */
async function topBoxes(film: Film): Promise<Box[]> {
  const { window, plan } = film;
  const found: Box[] = [];
  const seen = new Set<string>();
  let end = 0;
  for (let at = 0; at < window.size; ) {
    const ready = seen.has("moov") && seen.has("mdat");
    if (ready && !(await film.holdsBox(at, NEEDED))) break;
    const box = (await film.boxAt(at, window.size)) ?? { type: latin1(await window.read(at + 4, 4)), start: at, body: at + 8, end: window.size };
    film.add(found, box);
    seen.add(box.type);
    at = box.end;
    if (NEEDED.includes(box.type)) end = at;
  }
  if (end < window.size) {
    // An index of fragments says nothing; it goes because players do without.
    const index = found.filter((one) => one.start >= end && one.type === "mfra").reduce((sum, one) => sum + one.end - one.start, 0);
    if (index !== window.size - end) plan.tell("trailer");
    plan.remove(end, window.size);
  }
  return found.filter((one) => one.end <= end);
}

async function planMovie(film: Film, moov: Box): Promise<readonly Track[]> {
  const tracks: Track[] = [];
  const { found } = await film.boxes(moov.body, moov.end);
  for (const box of found) if (box.type === "trak" && tracks.length <= MAX_TRACKS) tracks.push(await lookAtTrack(film, box));
  if (tracks.length > MAX_TRACKS) throw new Uncleanable("it has too many tracks");
  if (found.some((one) => one.type === "cmov")) throw new Uncleanable("its index is packed");
  for (const handler of ["vide", "soun"]) {
    const mine = tracks.filter((one) => one.handler === handler);
    if (mine.length > 0 && !mine.some((one) => one.keep)) throw new Uncleanable("its picture or sound is coded in a way that is not known here");
  }
  if (!tracks.some((one) => one.keep)) throw new Uncleanable("it holds neither picture nor sound");
  for (const mvex of found.filter((one) => one.type === "mvex")) {
    for (const trex of (await film.boxes(mvex.body, mvex.end)).found.filter((one) => one.type === "trex")) {
      const id = await film.u32(trex.body + 4);
      const mine = tracks.find((one) => one.id === id);
      if (mine !== undefined) mine.defaultSize = await film.u32(trex.body + 16);
    }
  }
  await film.walk(moov.body, moov.end, MOVIE, { kept: { place: false }, tracks });
  return tracks;
}

async function planFragment(film: Film, moof: Box, tracks: readonly Track[], ranges: Ranges): Promise<void> {
  const kept = new Map(tracks.filter((one) => one.keep).map((one) => [one.id, one]));
  const fragment: Fragment = { start: moof.start, kept, ranges, next: moof.start, base: moof.start, size: 0, first: true };
  await film.walk(
    moof.body,
    moof.end,
    {
      mfhd: upTo(8),
      traf: async (_, traf) => {
        const head = await film.find(traf.body, traf.end, "tfhd");
        if (head !== undefined && kept.has(await film.u32(head.body + 4))) await container(FRAGMENT_RULES)(film, traf, fragment);
        else if (await film.free(traf)) film.plan.tell("track");
        fragment.first = false;
      },
    },
    undefined,
  );
}

/** Where fragments start: lengths and times, which stay right. */
async function planIndex(film: Film, box: Box): Promise<void> {
  const long = (await film.window.read(box.body, 1))[0] === 1;
  await table(long ? 32 : 24, 12)(film, box, undefined);
}

/** Plan the cleaning of a film. @throws FileError `archive` when it is not whole; `Uncleanable` when it holds what is not known. */
export async function planFilm(window: Window, plan: Plan): Promise<void> {
  const film = new Film(window, plan);
  const top = await topBoxes(film);
  const moovs = top.filter((one) => one.type === "moov");
  const [moov] = moovs;
  if (moov === undefined || moovs.length > 1) throw broken("it has not exactly one index");
  const tracks = await planMovie(film, moov);
  const ranges = new Ranges();
  for (const track of tracks) if (track.keep) await addTrack(film, track, ranges);
  for (const box of top) {
    if (box.type === "moof") await planFragment(film, box, tracks, ranges);
    else if (box.type === "ftyp" || box.type === "styp") await planBrands(film, box);
    else if (box.type === "sidx") await planIndex(film, box);
    else if (box.type === "uuid") await planOwn(film, box);
    else if (!["moov", "mdat"].includes(box.type) && (await film.free(box))) plan.tell("other");
  }
  const gone = tracks.some((one) => !one.keep);
  for (const gap of ranges.gaps(top.filter((one) => one.type === "mdat"))) {
    if ((await plan.blank(window, gap.start, gap.end)) && !gone) plan.tell("other");
  }
}
