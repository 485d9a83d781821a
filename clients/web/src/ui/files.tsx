// SPDX-License-Identifier: AGPL-3.0-or-later
/** Attaching files: add, see what each one says about you, choose, take out. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { FILE_LIMIT, readFile, type Attached } from "../flows/draft";
import { fill, type Messages } from "../i18n/messages";
import { Action, Alert, Choice } from "./controls";

interface FilesProps {
  readonly files: readonly Attached[];
  readonly say: Messages;
  readonly onFiles: (files: readonly Attached[]) => void;
}

let nextKey = 1;

async function attach(file: File): Promise<Attached> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  nextKey += 1;
  return { key: nextKey, name: file.name, type: file.type, bytes, reading: readFile(bytes), choice: "strip" };
}

function Tells({ file, say }: { file: Attached; say: Messages }): JSX.Element {
  if (file.reading.kind === "unknown") return <p>{say.file_unknown_kind}</p>;
  if (file.reading.kind === "broken") return <p>{say.file_broken}</p>;
  if (file.reading.tells.length === 0) return <p>{say.file_tells_nothing}</p>;
  return (
    <ul class="plain">
      {file.reading.tells.map((tell) => (
        <li key={tell}>{say.tells[tell]}</li>
      ))}
    </ul>
  );
}

function FilePanel({ file, say, onChoice, onRemove }: { file: Attached; say: Messages; onChoice: (choice: "strip" | "keep") => void; onRemove: () => void }): JSX.Element {
  return (
    <div class="panel">
      <h3>{fill(say.file_tells, { name: file.name })}</h3>
      <Tells file={file} say={say} />
      {file.reading.kind === "picture" ? (
        <fieldset>
          <legend>{say.file_choice}</legend>
          <Choice kind="radio" name={`file-${String(file.key)}`} label={say.file_strip} checked={file.choice === "strip"} onChange={() => { onChoice("strip"); }} />
          <Choice kind="radio" name={`file-${String(file.key)}`} label={say.file_keep} checked={file.choice === "keep"} onChange={() => { onChoice("keep"); }} />
        </fieldset>
      ) : null}
      <Action onClick={onRemove}>{fill(say.file_remove, { name: file.name })}</Action>
    </div>
  );
}

/** The part of the sheet where files are attached. */
export function Files({ files, say, onFiles }: FilesProps): JSX.Element {
  const [refused, setRefused] = useState<readonly string[]>([]);
  const add = async (chosen: readonly File[]): Promise<void> => {
    setRefused(chosen.filter((file) => file.size > FILE_LIMIT).map((file) => file.name));
    const taken = await Promise.all(chosen.filter((file) => file.size <= FILE_LIMIT).map(attach));
    onFiles([...files, ...taken]);
  };
  return (
    <section aria-labelledby="files-heading">
      <h2 id="files-heading">{say.files_heading}</h2>
      <p class="hint">{say.files_hint}</p>
      {refused.map((name) => (
        <Alert key={name}>{fill(say.file_too_large, { name, mib: FILE_LIMIT / 1024 / 1024 })}</Alert>
      ))}
      <label class="button filepick">
        <span>{say.files_add}</span>
        <input
          type="file"
          multiple
          onChange={(event) => {
            const input = event.currentTarget;
            void add([...(input.files ?? [])]).then(() => { input.value = ""; });
          }}
        />
      </label>
      {files.map((file) => (
        <FilePanel
          key={file.key}
          file={file}
          say={say}
          onChoice={(choice) => { onFiles(files.map((one) => (one.key === file.key ? { ...one, choice } : one))); }}
          onRemove={() => { onFiles(files.filter((one) => one.key !== file.key)); }}
        />
      ))}
    </section>
  );
}
