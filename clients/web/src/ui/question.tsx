// SPDX-License-Identifier: AGPL-3.0-or-later
/** One question of the desk's form, in whichever of its kinds. Every one may be left empty. */
import type { Question } from "@corncrake/core/form";
import type { JSX } from "preact";
import type { Answer } from "../flows/draft";
import { localised, type Language, type Messages } from "../i18n/messages";
import { Choice, TextField } from "./controls";

interface QuestionProps {
  readonly question: Question;
  readonly answer: Answer;
  readonly language: Language;
  readonly say: Messages;
  readonly onAnswer: (answer: Answer) => void;
}

function Day({ question, answer, language, say, onAnswer }: QuestionProps): JSX.Element {
  const id = `q-${question.id}`;
  const put = (key: "day" | "until", value: string): void => {
    const { [key]: _gone, ...rest } = answer;
    onAnswer(value === "" ? rest : { ...rest, [key]: value });
  };
  return (
    <fieldset>
      <legend>{localised(question.label, language)}</legend>
      <label class="visually-hidden" for={id}>
        {localised(question.label, language)}
      </label>
      <input id={id} type="date" autocomplete="off" value={answer.day ?? ""} onInput={(event) => { put("day", event.currentTarget.value); }} />
      <Choice kind="checkbox" name={`${id}-about`} label={say.day_about} checked={answer.about === true} onChange={(about) => { onAnswer({ ...answer, about }); }} />
      <label class="hint" for={`${id}-until`}>
        {say.day_until}
      </label>
      <input id={`${id}-until`} type="date" autocomplete="off" value={answer.until ?? ""} onInput={(event) => { put("until", event.currentTarget.value); }} />
      <Unknown question={question} answer={answer} say={say} onAnswer={onAnswer} />
    </fieldset>
  );
}

function Unknown({ question, answer, say, onAnswer }: Pick<QuestionProps, "question" | "answer" | "say" | "onAnswer">): JSX.Element {
  return (
    <Choice
      kind="checkbox"
      name={`q-${question.id}-unknown`}
      label={say.unknown}
      checked={answer.unknown === true}
      onChange={(unknown) => { onAnswer({ ...answer, unknown }); }}
    />
  );
}

function Options({ question, answer, language, say, onAnswer }: QuestionProps): JSX.Element {
  const one = question.kind === "choice";
  const chosen = answer.choices ?? [];
  const pick = (id: string, checked: boolean): void => {
    const rest = one ? [] : chosen.filter((other) => other !== id);
    onAnswer({ ...answer, choices: checked ? [...rest, id] : rest });
  };
  return (
    <fieldset>
      <legend>{localised(question.label, language)}</legend>
      {question.hint === undefined ? null : <p class="hint">{localised(question.hint, language)}</p>}
      {(question.options ?? []).map((option) => (
        <Choice
          key={option.id}
          kind={one ? "radio" : "checkbox"}
          name={`q-${question.id}`}
          label={localised(option.label, language)}
          checked={chosen.includes(option.id)}
          onChange={(checked) => { pick(option.id, checked); }}
        />
      ))}
      <Unknown question={question} answer={answer} say={say} onAnswer={onAnswer} />
    </fieldset>
  );
}

/** Show one question. */
export function QuestionField(props: QuestionProps): JSX.Element {
  const { question, answer, language, say, onAnswer } = props;
  if (question.kind === "day") return <Day {...props} />;
  if (question.kind === "choice" || question.kind === "many") return <Options {...props} />;
  return (
    <div>
      <TextField
        id={`q-${question.id}`}
        label={localised(question.label, language)}
        hint={question.hint === undefined ? undefined : localised(question.hint, language)}
        value={answer.text ?? ""}
        long={question.kind === "story"}
        onValue={(text) => { onAnswer({ ...answer, text }); }}
      />
      {question.kind === "story" ? null : <Unknown question={question} answer={answer} say={say} onAnswer={onAnswer} />}
    </div>
  );
}
