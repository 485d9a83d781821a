// SPDX-License-Identifier: AGPL-3.0-or-later
/** Reading the twelve words as a person types them: completion, and which word is wrong. */
import { Codename, complete } from "@corncrake/core/codename";
import { CorncrakeError, Failure } from "@corncrake/core/errors";
import { LANGUAGES, type Language } from "../i18n/messages";
import { LineError } from "../transport/server";

/** The 2,048 words of one language. */
export type WordTable = readonly string[];

export type WordsProblem =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "word"; readonly number: number; readonly word: string }
  | { readonly kind: "checksum" };

const WORDS = 12;
const SHOWN = 4;

/** The lists of all languages that the page speaks. */
export type WordTables = Readonly<Record<Language, WordTable>>;

/** Load all lists, at every visit: words can be in another language than the page, and what is fetched must not tell which. Throws LineError. */
export async function loadWords(): Promise<WordTables> {
  const coming = Promise.all([import("@scure/bip39/wordlists/english.js"), import("@scure/bip39/wordlists/spanish.js")]);
  const [english, spanish] = await coming.catch(() => { throw new LineError("words"); });
  return { en: english.wordlist, es: spanish.wordlist };
}

/** Complete the word that is being typed: up to four words that fit, none when it stands complete or nothing was typed. */
export function suggestions(text: string, table: WordTable): readonly string[] {
  const last = /\S*$/.exec(text)?.[0] ?? "";
  if (last.length < 2) return [];
  const fitting = complete(last, table);
  return fitting.length === 1 && fitting[0] === last ? [] : fitting.slice(0, SHOWN);
}

/**
 * Read twelve words in whichever language they are; name what is wrong with them, in the page's language, if they are right in none. The numbers of a
 * list that was copied whole do not count.
 */
export function readWords(text: string, tables: WordTables, language: Language): { codename: Codename } | { problem: WordsProblem } {
  const plain = text.replace(/(^|\s)\d{1,2}[.)]?(?=\s|$)/g, " ");
  const all = LANGUAGES.map((one) => readIn(plain, tables[one.id]));
  return all.find((read) => "codename" in read) ?? readIn(plain, tables[language]);
}

function readIn(text: string, table: WordTable): { codename: Codename } | { problem: WordsProblem } {
  const typed = text.trim().split(/\s+/).filter((word) => word !== "");
  for (const [place, word] of typed.entries()) {
    const plain = word.toLowerCase();
    if (!complete(plain, table).some((one) => fold(one) === fold(plain))) {
      return { problem: { kind: "word", number: place + 1, word } };
    }
  }
  if (typed.length !== WORDS) return { problem: { kind: "count", count: typed.length } };
  try {
    return { codename: Codename.fromWords(typed.join(" "), table) };
  } catch (error) {
    if (error instanceof CorncrakeError && (error.failure === Failure.CHECKSUM || error.failure === Failure.WORD)) return { problem: { kind: "checksum" } };
    throw error;
  }
}

function fold(word: string): string {
  return word.normalize("NFKD").replace(/\p{M}/gu, "");
}
