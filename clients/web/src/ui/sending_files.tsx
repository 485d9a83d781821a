// SPDX-License-Identifier: AGPL-3.0-or-later
/** The files that are on their way, one by one, and the amounts of all of them. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { FileOnTheWay, Progress } from "../flows/sending";
import { inMb } from "../i18n/amounts";
import { fill, type Language, type Messages } from "../i18n/messages";
import type { Kept } from "../worker/orders";
import { Action } from "./controls";

/** Two amounts of bytes for a sentence with `{done}` and `{total}` MB. */
export function bytesOf(done: number, total: number, language: Language): { done: string; total: string } {
  return { done: inMb(done, language), total: inMb(total, language) };
}

/** How much of all files has left, of those that are not taken out. */
export function amountsOf(progress: Progress, language: Language): { done: string; total: string } {
  const counted = progress.files.filter((file) => file.state === "going" || file.state === "there");
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return bytesOf(sum(counted.map((file) => file.sent)), sum(counted.map((file) => file.size)), language);
}

/** What waits on the device by now. */
export function KeptAmount({ kept, say, language }: { kept: Kept | undefined; say: Messages; language: Language }): JSX.Element | null {
  if (kept?.impossible === true) return <p class="alert">{say.keep_impossible}</p>;
  if (kept?.on !== true) return null;
  const amounts = bytesOf(kept.kept, kept.wanted, language);
  return kept.full ? <p class="alert">{fill(say.keep_full, amounts)}</p> : <p>{fill(say.keep_amount, amounts)}</p>;
}

function GoingFile({ file, say, language, onTakeOut }: { file: FileOnTheWay; say: Messages; language: Language; onTakeOut: () => void }): JSX.Element {
  const [sure, setSure] = useState(false);
  const { name } = file;
  return (
    <li class="panel">
      <p>{fill(say.sending_file, { name, ...bytesOf(file.sent, file.size, language) })}</p>
      {sure ? (
        <>
          <p>{fill(say.sending_take_out_sure, { name })}</p>
          <div class="row">
            <Action onClick={() => { setSure(false); }}>{say.sending_take_out_no}</Action>
            <Action onClick={onTakeOut}>{say.sending_take_out_yes}</Action>
          </div>
        </>
      ) : (
        <Action onClick={() => { setSure(true); }}>{fill(say.sending_take_out, { name })}</Action>
      )}
    </li>
  );
}

interface FilesProps {
  readonly files: readonly FileOnTheWay[];
  readonly say: Messages;
  readonly language: Language;
  readonly onTakeOut: (key: number) => void;
}

/** The files that have not left whole, each with a way to take it out; the others are counted. */
export function FilesOnTheWay({ files, say, language, onTakeOut }: FilesProps): JSX.Element {
  const there = files.filter((file) => file.state === "there").length;
  return (
    <>
      {there === 0 ? null : <p>{fill(say.sending_there, { count: there })}</p>}
      <ul class="files">
        {files.map((file) => {
          if (file.state === "there") return null;
          if (file.state === "going") return <GoingFile key={file.key} file={file} say={say} language={language} onTakeOut={() => { onTakeOut(file.key); }} />;
          return (
            <li key={file.key} class="panel">
              {fill(file.state === "out" ? say.sending_out : say.sending_unreadable, { name: file.name })}
            </li>
          );
        })}
      </ul>
    </>
  );
}
