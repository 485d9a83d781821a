// SPDX-License-Identifier: AGPL-3.0-or-later
/** Attaching files: add, see what each one says about you and about what happened, choose, take out. */
import { MAX_FILE_SIZE } from "@corncrake/core/block";
import type { Choice as Cleaning, Telling } from "@corncrake/core/media/source";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { MOST_FILES, sortFiles, tellingOf, withFile, type Attached, type Draft } from "../flows/draft";
import { inMb } from "../i18n/amounts";
import { fill, type Language, type Messages } from "../i18n/messages";
import { Action, Alert, Choice } from "./controls";

/** With more files than this each is folded up. */
const FEW = 4;
const CHOICES: readonly Cleaning[] = ["strip", "partial", "keep"];

interface Said {
  readonly say: Messages;
  readonly language: Language;
}

interface FilesProps extends Said {
  readonly draft: Draft;
  readonly onDraft: (change: (draft: Draft) => Draft) => void;
  readonly onAttach: (files: readonly Attached[]) => void;
}

function choiceLabel(choice: Cleaning, say: Messages): string {
  return { strip: say.file_strip, partial: say.file_partial, keep: say.file_keep }[choice];
}

function List({ tells, telling, say }: { tells: readonly (keyof Messages["tells"])[]; telling: Telling; say: Messages }): JSX.Element {
  return (
    <ul class="plain">
      {tells.map((tell) => {
        const shown = telling.shown.filter((one) => one.tell === tell).map((one) => one.text);
        return <li key={tell}>{shown.length === 0 ? say.tells[tell] : `${say.tells[tell]}: ${shown.join(", ")}`}</li>;
      })}
    </ul>
  );
}

/** What a file says, and what of that cannot be helped. */
function Tells({ telling, name, say }: { telling: Telling; name: string; say: Messages }): JSX.Element {
  const blind = telling.broken ? say.file_broken : telling.kind === "unknown" ? say.file_unknown_kind : telling.cleanable ? undefined : say.file_uncleanable;
  return (
    <>
      <h4>{fill(say.file_tells, { name })}</h4>
      {telling.you.length > 0 ? <List tells={telling.you} telling={telling} say={say} /> : telling.cleanable ? <p>{say.file_tells_nothing}</p> : null}
      {telling.event.length > 0 ? (
        <>
          <h4>{say.file_tells_event}</h4>
          <List tells={telling.event} telling={telling} say={say} />
        </>
      ) : null}
      {blind === undefined ? null : <p class="alert">{blind}</p>}
    </>
  );
}

/** Three choices, of one file or of all. */
function Cleanings({ name, legend, chosen, say, onChoice }: { name: string; legend: string; chosen: Cleaning | undefined; say: Messages; onChoice: (choice: Cleaning) => void }): JSX.Element {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {CHOICES.map((choice) => (
        <Choice key={choice} kind="radio" name={name} label={choiceLabel(choice, say)} checked={chosen === choice} onChange={() => { onChoice(choice); }} />
      ))}
    </fieldset>
  );
}

interface PanelProps extends Said {
  readonly file: Attached;
  readonly onChoice: (choice: Cleaning) => void;
  readonly onRemove: () => void;
}

function Inside({ file, say, language, onChoice }: PanelProps): JSX.Element {
  const { name, size } = file.file;
  const telling = tellingOf(file);
  if (file.telling === "unreadable") return <p class="alert">{fill(say.file_unreadable, { name })}</p>;
  if (telling === undefined) return <p>{fill(say.file_looking, { name, done: inMb(file.read, language), total: inMb(size, language) })}</p>;
  return (
    <>
      <Tells telling={telling} name={name} say={say} />
      {telling.cleanable ? <Cleanings name={`file-${String(file.key)}`} legend={say.file_choice} chosen={file.choice} say={say} onChoice={onChoice} /> : null}
    </>
  );
}

function Panel(props: PanelProps & { readonly folded: boolean }): JSX.Element {
  const { file, folded, say, language, onRemove } = props;
  const title = `${file.file.name} (${inMb(file.file.size, language)} MB)`;
  return (
    <div class="panel">
      {folded ? (
        <details>
          <summary>
            <h3>{title}</h3>
          </summary>
          <Inside {...props} />
        </details>
      ) : (
        <>
          <h3>{title}</h3>
          <Inside {...props} />
        </>
      )}
      <Action onClick={onRemove}>{fill(say.file_remove, { name: file.file.name })}</Action>
    </div>
  );
}

interface FileProps extends Said {
  readonly file: Attached;
  readonly folded: boolean;
  readonly onDraft: FilesProps["onDraft"];
}

/** One file. With hundreds of them only the one that changed is drawn anew: whoever types or chooses meanwhile must not wait for all. */
function FilePanel({ file, folded, say, language, onDraft }: FileProps): JSX.Element {
  const { key } = file;
  const onChoice = (choice: Cleaning): void => { onDraft((before) => withFile(before, key, { choice })); };
  const onRemove = (): void => { onDraft((before) => ({ ...before, files: before.files.filter((one) => one.key !== key) })); };
  return useMemo(
    () => <Panel file={file} folded={folded} say={say} language={language} onChoice={onChoice} onRemove={onRemove} />,
    [file, folded, say, language, onDraft],
  );
}

/** The part of the sheet where files are attached. */
export function Files({ draft, say, language, onDraft, onAttach }: FilesProps): JSX.Element {
  const [refused, setRefused] = useState<readonly string[]>([]);
  const { files } = draft;
  const add = (chosen: readonly File[]): void => {
    const { taken, tooLarge, tooMany } = sortFiles(draft, chosen);
    setRefused([
      ...tooLarge.map((file) => fill(say.file_too_large, { name: file.name, mb: inMb(MAX_FILE_SIZE, language) })),
      ...(tooMany.length === 0 ? [] : [fill(say.files_too_many, { count: MOST_FILES, more: tooMany.length })]),
    ]);
    onAttach(taken);
  };
  const cleanable = files.filter((file) => tellingOf(file)?.cleanable === true);
  const looked = files.filter((file) => file.telling !== "looking").length;
  const common = cleanable.every((file) => file.choice === cleanable[0]?.choice) ? cleanable[0]?.choice : undefined;
  return (
    <section aria-labelledby="files-heading">
      <h2 id="files-heading">{say.files_heading}</h2>
      <p class="hint">{say.files_hint}</p>
      {refused.map((sentence) => (
        <Alert key={sentence}>{sentence}</Alert>
      ))}
      <label class="button filepick">
        <span>{say.files_add}</span>
        <input
          type="file"
          multiple
          onChange={(event) => {
            const input = event.currentTarget;
            add([...(input.files ?? [])]);
            input.value = "";
          }}
        />
      </label>
      {looked < files.length ? <p>{fill(say.files_looking, { done: looked, count: files.length })}</p> : null}
      {cleanable.length < 2 ? null : (
        <Cleanings name="file-all" legend={say.files_all} chosen={common} say={say} onChoice={(choice) => { onDraft((before) => ({ ...before, files: before.files.map((one) => ({ ...one, choice })) })); }} />
      )}
      {files.map((file) => (
        <FilePanel key={file.key} file={file} folded={files.length > FEW} say={say} language={language} onDraft={onDraft} />
      ))}
    </section>
  );
}
