// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens of the twelve words. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { notWhole, type FileOnTheWay, type Progress } from "../flows/sending";
import { fill, type Language, type Messages } from "../i18n/messages";
import { Action, Alert, Heading, TextField } from "./controls";
import { amountsOf } from "./sending_files";
import { standing } from "./sending_screens";

interface OnTheWayProps {
  readonly progress: Progress;
  readonly say: Messages;
  readonly language: Language;
  readonly onSee: () => void;
}

/** While the words are written down the files go on. */
export function OnTheWay({ progress, say, language, onSee }: OnTheWayProps): JSX.Element | null {
  if (progress.files.length === 0) return null;
  if (progress.done) return <FilesAtTheEnd files={progress.files} say={say} />;
  // What keeps them is said here too: whoever writes words down must not think that all goes well.
  const { text, alert } = standing(progress, say, language);
  return (
    <div class="panel">
      <p>{alert ? text : fill(say.words_files, amountsOf(progress, language))}</p>
      <Action onClick={onSee}>{say.sending_see}</Action>
    </div>
  );
}

/** What became of the files, when nothing more leaves: those that are not whole are named. */
function FilesAtTheEnd({ files, say }: { files: readonly FileOnTheWay[]; say: Messages }): JSX.Element | null {
  if (files.length === 0) return null;
  const rest = notWhole(files);
  return <p class={rest.length === 0 ? "panel" : "alert"}>{rest.length === 0 ? say.words_files_there : fill(say.words_files_part, { names: rest.map((file) => file.name).join(", ") })}</p>;
}

interface WordsProps {
  readonly words: readonly string[];
  readonly language: string;
  readonly say: Messages;
  /** The server has signed for the report. */
  readonly arrived: boolean;
  readonly onNoted: () => void;
}

/** The twelve words, numbered. A browser that translates the page would send them away, and show others. */
export function Words({ words, language, say, arrived, onNoted }: WordsProps): JSX.Element {
  return (
    <>
      <Heading>{say.words_heading}</Heading>
      <p role="status">{arrived ? say.words_receipt : say.words_not_there}</p>
      <p>{say.words_why}</p>
      <ol class="words" lang={language} translate={false}>
        {words.map((word, place) => (
          // A word may be there twice: only its place names it.
          <li key={place}>{word}</li>
        ))}
      </ol>
      <p>{say.words_keep}</p>
      <Action main wide onClick={onNoted}>
        {say.words_noted}
      </Action>
    </>
  );
}

interface CheckProps {
  readonly words: readonly string[];
  /** Which two words are asked for, counted from 0. */
  readonly asked: readonly [number, number];
  readonly say: Messages;
  readonly onRight: () => void;
  readonly onAgain: () => void;
}

function same(one: string, other: string): boolean {
  const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").trim().toLowerCase();
  return plain(one) === plain(other);
}

/** Ask for two of the words, so that the reporter knows that they were noted. */
export function CheckWords({ words, asked, say, onRight, onAgain }: CheckProps): JSX.Element {
  const [typed, setTyped] = useState<readonly [string, string]>(["", ""]);
  const [wrong, setWrong] = useState<number | undefined>(undefined);
  const check = (): void => {
    const place = asked.findIndex((index, i) => !same(words[index] ?? "", typed[i] ?? ""));
    if (place < 0) onRight();
    else setWrong((asked[place] ?? 0) + 1);
  };
  return (
    <>
      <Heading>{say.check_heading}</Heading>
      <p>{say.check_intro}</p>
      {wrong === undefined ? null : <Alert>{fill(say.check_wrong, { number: wrong })}</Alert>}
      {asked.map((index, i) => (
        <TextField
          key={index}
          id={`check-${String(i)}`}
          label={fill(say.check_word, { number: index + 1 })}
          value={typed[i] ?? ""}
          onValue={(value) => { setTyped((before) => (i === 0 ? [value, before[1]] : [before[0], value])); }}
        />
      ))}
      <div class="row">
        <Action onClick={onAgain}>{say.check_again}</Action>
        <Action main onClick={check}>
          {say.next}
        </Action>
      </div>
    </>
  );
}

/** The end: how to come back, when to expect something, and that nothing stays. */
export function Done({ days, files, say }: { days: number; files: readonly FileOnTheWay[]; say: Messages }): JSX.Element {
  return (
    <>
      <Heading>{say.done_heading}</Heading>
      <FilesAtTheEnd files={files} say={say} />
      <p>{say.done_back}</p>
      <p>{fill(say.done_when, { days })}</p>
      <p>{say.done_nothing}</p>
    </>
  );
}
