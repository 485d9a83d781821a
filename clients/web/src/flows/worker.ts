// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The page's side of its worker.
 *
 * Rules of this file: there is one worker, and it is loaded when it is first needed. The page's policy lets one script start as a worker, this one.
 */
import { SAVED } from "./saved";
import workerUrl from "../worker/entry?worker&url";
import { serverOrigin } from "../transport/address";
import { LineError } from "../transport/server";
import type { Answers, BlocksProgress, Command, Fault, News, Question } from "../worker/orders";

interface ScriptPolicy {
  createScriptURL(url: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): ScriptPolicy;
}

/** The worker could not answer: a file was changed or taken away since it was chosen (`unreadable`), or is not what it must be (`refused`). */
export class WorkerError extends Error {
  constructor(readonly fault: Fault) {
    super(fault);
  }
}

interface Job {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

type Asked = Question extends infer One ? (One extends Question ? Omit<One, "job"> : never) : never;

const jobs = new Map<number, Job>();
let nextJob = 1;
const wake = (): void => { running?.postMessage({ order: "wake" } satisfies Command); };
let policy: ScriptPolicy | undefined;
let running: Worker | undefined;
let onBlocks: ((progress: BlocksProgress) => void) | undefined;

function trusted(): string {
  const { trustedTypes } = globalThis as unknown as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy("corncrake-worker", {
    createScriptURL: (url) => {
      if (url !== workerUrl) throw new TypeError("this is not the page's worker");
      return url;
    },
  });
  return policy?.createScriptURL(workerUrl) ?? workerUrl;
}

function hear(news: News): void {
  if (news.news === "blocks") {
    onBlocks?.(news.progress);
    return;
  }
  const job = jobs.get(news.job);
  if (news.news === "progress") {
    job?.onProgress?.(news.done, news.total);
    return;
  }
  jobs.delete(news.job);
  if (news.news === "answer") job?.resolve(news.value as never);
  else job?.reject(news.fault === "line" ? new LineError("worker") : new WorkerError(news.fault));
}

function worker(): Worker {
  if (running !== undefined) return running;
  // A browser starts no module from a Blob of a page that lies on disk.
  running = new Worker(trusted(), { type: SAVED ? "classic" : "module" });
  running.postMessage({ order: "server", origin: serverOrigin() } satisfies Command);
  running.onmessage = (event: MessageEvent<News>) => { hear(event.data); };
  running.onerror = (event) => {
    // An error with words is one inside the worker, which goes on. Without: its script could not be loaded, and the next question tries again.
    if (event.message !== "" && (event as ErrorEvent | undefined)?.message !== undefined) return;
    running = undefined;
    for (const job of jobs.values()) job.reject(new LineError("worker"));
    jobs.clear();
  };
  return running;
}

/** Ask the worker something. Throws WorkerError, or LineError when the worker or a part of it cannot be loaded. */
export function ask<Q extends Asked>(question: Q, onProgress?: (done: number, total: number) => void): Promise<Answers[Q["ask"]]> {
  const job = nextJob;
  nextJob += 1;
  return new Promise((resolve, reject) => {
    jobs.set(job, { resolve, reject, onProgress });
    worker().postMessage({ ...question, job });
  });
}

/** Give the worker an order about the blocks on their way. */
export function command(order: Command): void {
  worker().postMessage(order);
}

/** Hear how far the blocks are. */
export function hearBlocks(listener: (progress: BlocksProgress) => void): void {
  onBlocks = listener;
  // Added once, however often it is asked for.
  window.addEventListener("online", wake);
}
