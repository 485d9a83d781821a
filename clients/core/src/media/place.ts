// SPDX-License-Identifier: Apache-2.0
/**
 * What the notes of a film (user data, iTunes atoms, keys) say, and the one note of ours that may stay: where it was taken.
 *
 * Rules of this file: notes always go. A place that is kept is written anew, from a checked text, into the room that the first note leaves.
 *
 * Source: ISO 6709 annex H; QuickTime File Format, 'User data atoms'; 3GPP TS 26.244 §8.2 (loci).
 */
import type { Box, Film } from "./boxes";
import { ascii, latin1, viewOf } from "./plan";
import type { Tell } from "./source";
import { tellText } from "./text";

const MAX_NOTES = 65_536;
const PLACE = /([+-]\d{2}(?:\.\d{1,8})?)([+-]\d{3}(?:\.\d{1,8})?)([+-]\d{1,5}(?:\.\d{1,4})?)?(?:CRS[A-Za-z0-9_]{1,16})?\//;

const WORDS: readonly (readonly [RegExp, Tell])[] = [
  [/\xa9xyz|loci|ISO6709|location/, "place"],
  [/\xa9day|creationdate|date_recorded|\xa9dat/, "time"],
  [/\xa9too|\xa9swr|\xa9enc|\xa9fmt|software|encoder|android/, "software"],
  [/\xa9mak|\xa9mod|\.make|\.model|manu|modl|CNDA|FIRM|LENS|CAME/, "device"],
  [/CAMS|SerialNumber|MUID|identifier/, "serial"],
  [/\xa9ART|\xa9aut|auth|aART|owner|author|\xa9wrt|perf/, "owner"],
  [/\xa9nam|\xa9cmt|\xa9des|desc|ldes|titl|dscp|cprt|\xa9cpy|\xa9alb|\xa9gen|\xa9lyr|title|comment/, "text"],
  [/name/, "names"],
  [/covr|thmb|THMB|\xa9thm/, "thumbnail"],
];

/** `±dd.dddd±ddd.dddd/` of a `loci` box in these notes; empty when there is none. */
function lociOf(notes: Uint8Array): string {
  const at = latin1(notes).indexOf("loci");
  const name = at + 4 + 6;
  const after = at < 0 ? -1 : notes.indexOf(0, name) + 2;
  if (after < 2 || after + 12 > notes.length) return "";
  const degrees = (from: number, whole: number): string => {
    const value = viewOf(notes).getInt32(from) / 65_536;
    return (value < 0 ? "-" : "+") + Math.abs(value).toFixed(4).padStart(whole + 5, "0");
  };
  const text = degrees(after + 4, 2) + degrees(after, 3) + "/";
  return PLACE.test(text) ? text : "";
}

/** The box of ours that says where: user data with one note. */
function noteOf(place: string): Uint8Array {
  const whole = new Uint8Array(20 + place.length);
  const view = viewOf(whole);
  view.setUint32(0, whole.length);
  whole.set(ascii("udta"), 4);
  view.setUint32(8, whole.length - 8);
  whole.set(ascii("\xa9xyz"), 12);
  view.setUint16(16, place.length);
  view.setUint16(18, 0x15c7); // 'undetermined'
  whole.set(ascii(place), 20);
  return whole;
}

/** A box of zeros that fills `length` bytes, which are 0 or at least 8. */
function fillerBox(length: number): Uint8Array {
  const whole = new Uint8Array(length);
  if (length === 0) return whole;
  viewOf(whole).setUint32(0, length);
  whole.set(ascii("free"), 4);
  return whole;
}

/** Whether a note of ours has been left in this film. */
export interface Kept {
  place: boolean;
}

/** Tell what the notes in a box say. Gives back the place that they name, in the form that may be kept; empty when none. */
function tellNotes(film: Film, notes: Uint8Array): string {
  const text = latin1(notes);
  const said = PLACE.exec(text);
  const place = said === null ? lociOf(notes) : `${said[1] ?? ""}${said[2] ?? ""}${said[3] ?? ""}/`;
  if (text.includes("<x:xmpmeta")) {
    tellText(film.plan, notes);
    return place;
  }
  const found = WORDS.filter(([pattern]) => pattern.test(text));
  for (const [, tell] of found) film.plan.tell(tell, tell === "place" ? place : "");
  if (found.length === 0 && text.length > 8) film.plan.tell("other");
  return place;
}

/** A box that its maker defined: it goes. */
export async function planOwn(film: Film, box: Box): Promise<void> {
  tellNotes(film, (await film.window.read(box.body, Math.min(box.end - box.body, MAX_NOTES))).slice());
  await film.free(box);
}

/** A box of notes: it goes; where the place is kept, a note of ours stands in its room. */
export async function planNotes(film: Film, box: Box, kept: Kept): Promise<void> {
  const { window, plan } = film;
  const raw = (await window.read(box.start, Math.min(box.end - box.start, MAX_NOTES))).slice();
  const place = tellNotes(film, raw.subarray(box.body - box.start));
  const room = box.end - box.start;
  const short = (digits: number): string => place.replace(/(\.\d+)/g, (fraction) => fraction.slice(0, digits + 1));
  const bare = place.replace(/^([+-][\d.]+[+-][\d.]+).*$/, "$1/");
  const note = [place, bare, short(5), short(4).replace(/^([+-][\d.]+[+-][\d.]+).*$/, "$1/")].map(noteOf).find((one) => one.length === room || one.length + 8 <= room);
  if (plan.choice === "strip" || place === "" || kept.place || note === undefined || room > MAX_NOTES) {
    await film.free(box);
    return;
  }
  kept.place = true;
  const instead = new Uint8Array(room);
  instead.set(note);
  instead.set(fillerBox(room - note.length), note.length);
  await plan.write(window, box.start, instead);
}
