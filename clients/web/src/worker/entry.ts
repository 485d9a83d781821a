// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The worker: what takes time and reads files happens here, away from the screen.
 *
 * Rules of this file: it answers questions one after another, in the order in which they came; orders about blocks are obeyed at once.
 */
import { CorncrakeError } from "@corncrake/core/errors";
import type { Source } from "@corncrake/core/media/source";
import { setServer } from "../transport/address";
import { LineError } from "../transport/server";
import type { BlocksProgress, Command, Fault, FileOrder, Leftover, News, PreparedFile, Question } from "./orders";
import { Load } from "./parts";
import { lookInto, prepareFile } from "./preparing";
import { Turns } from "./sealing";
import { Sender } from "./sender";
import { searchStamp, type Stopper } from "./stamping";
import { leftoverOf, WaitingRoom } from "./waiting_room";

const scope = globalThis as unknown as { postMessage(news: News): void; onmessage: ((event: MessageEvent<Question | Command>) => void) | null };
const turns = new Turns();
const PROGRESS_EVERY_MS = 150;

let sender: Sender | undefined;
let stopper: Stopper = { stopped: false };
let opening: Promise<WaitingRoom | undefined> | undefined;
/** Counts what was begun and stopped, so that what comes late is not begun any more. */
let round = 0;
/** Files that were prepared and not sent yet, by their keys. */
const prepared = new Map<number, Source>();

function tellBlocks(progress: BlocksProgress): void {
  scope.postMessage({ news: "blocks", progress });
}

function progressOf(job: number): (done: number, total: number) => void {
  let told = 0;
  return (done, total) => {
    const now = performance.now();
    if (now - told < PROGRESS_EVERY_MS) return;
    told = now;
    scope.postMessage({ news: "progress", job, done, total });
  };
}

function faultOf(error: unknown): Fault {
  if (error instanceof LineError) return "line";
  if (error instanceof DOMException) return "unreadable";
  return error instanceof CorncrakeError ? "refused" : "other";
}

/** The one room of this window, opened when it is first needed; as `WaitingRoom.open`. */
function openRoom(): Promise<WaitingRoom | undefined> {
  opening ??= WaitingRoom.open();
  const tried = opening;
  const again = (): void => { if (opening === tried) opening = undefined; };
  tried.then((room) => { if (room === undefined) again(); }, again);
  return tried;
}

async function leftover(): Promise<Leftover | undefined> {
  const room = await openRoom();
  return room === undefined ? undefined : leftoverOf(room);
}

async function prepare({ job, key, file, choice }: Extract<Question, { ask: "prepare" }>): Promise<PreparedFile> {
  const { source, sha256, removed } = await prepareFile(file, choice, progressOf(job));
  prepared.set(key, source);
  return { size: source.size, sha256, removed };
}

/** Begin to send: what was prepared is now the sender's, or nobody's. */
function send(files: readonly FileOrder[]): Sender {
  const load = files.map((order): [FileOrder, Source] => {
    const source = prepared.get(order.key);
    if (source === undefined) throw new TypeError("this file was not prepared");
    return [order, source];
  });
  prepared.clear();
  return new Sender(Load.ofFiles(load), tellBlocks, openRoom);
}

async function answer(question: Question): Promise<void> {
  const { job } = question;
  try {
    switch (question.ask) {
      case "look":
        scope.postMessage({ news: "answer", job, value: await lookInto(question.file, progressOf(job)) });
        return;
      case "prepare":
        scope.postMessage({ news: "answer", job, value: await prepare(question) });
        return;
      case "stamp": {
        const tell = progressOf(job);
        scope.postMessage({ news: "answer", job, value: await searchStamp(question.place, question.bits, stopper, (tried) => { tell(tried, tried); }) });
        return;
      }
      case "leftover":
        scope.postMessage({ news: "answer", job, value: await leftover() });
        return;
      case "drop-report":
        await (await openRoom())?.dropReport(question.name);
        scope.postMessage({ news: "answer", job, value: true });
        return;
      case "forget":
        await (await openRoom())?.clear();
        scope.postMessage({ news: "answer", job, value: true });
    }
  } catch (error) {
    scope.postMessage({ news: "failed", job, fault: faultOf(error) });
  }
}

async function sendLeftover(): Promise<void> {
  round += 1;
  const mine = round;
  const room = await openRoom();
  const { blocks } = (await room?.contents()) ?? { blocks: [] };
  if (mine !== round) return;
  sender = new Sender(Load.ofLeftover(blocks), tellBlocks, openRoom);
  sender.goOn();
}

async function obey(command: Command): Promise<void> {
  switch (command.order) {
    case "server":
      setServer(command.origin);
      return;
    case "send":
      round += 1;
      sender = send(command.files);
      return;
    case "send-leftover":
      return sendLeftover();
    case "pause":
      sender?.pause();
      return;
    case "stop":
      round += 1;
      sender?.pause();
      sender = undefined;
      return;
    case "stop-stamp":
      stopper.stopped = true;
      return;
    case "go-on":
      sender?.goOn();
      return;
    case "wake":
      sender?.wake();
      return;
    case "report-there":
      return sender?.reportThere();
    case "take-out":
      return sender?.takeOut(command.key);
    case "keep":
      return sender?.keep(command.on, command.report);
  }
}

scope.onmessage = (event) => {
  const { data } = event;
  // Before its turn comes: an order to stop that arrives meanwhile is meant for it.
  if ("ask" in data && data.ask === "stamp") stopper = { stopped: false };
  if ("ask" in data) void turns.take(() => answer(data));
  else void obey(data);
};
