// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What the page and its worker say to each other.
 *
 * Rules of this file: plain values that can be cloned. A file crosses once, as what names it on the disk, never as its bytes. Of a file's secrets only what its blocks are
 * sealed to and what they are called cross; what opens them does not.
 */
import type { Choice, Telling } from "@corncrake/core/media/source";
import type { StampPlace } from "@corncrake/core/stamp";

/** A file as it will be sent: after the reporter's choice, its hash known. The worker keeps what it is made of, under the key that it was asked with. */
export interface PreparedFile {
  readonly size: number;
  readonly sha256: string;
  readonly removed: readonly string[];
}

/** A file on its way. */
export interface FileOrder {
  /** The one under which it was prepared. */
  readonly key: number;
  /** 1,216 bytes that its blocks are sealed to. */
  readonly recipient: Uint8Array;
  readonly ids: readonly string[];
  readonly blockClass: number;
  readonly dataBlocks: number;
}

/** A sealed report that may have to wait on the device. */
export interface SealedReport {
  readonly desk: string;
  readonly epoch: number;
  readonly sealed: Uint8Array;
}

/** A sealed report that waits on the device, under a name of its own. */
export interface WaitingReport extends SealedReport {
  readonly name: string;
}

/** How far one file is. `unreadable`: it was changed or taken away since it was chosen. */
export interface FileProgress {
  readonly key: number;
  readonly sent: number;
  readonly parts: number;
  readonly state: "going" | "there" | "out" | "unreadable";
}

/** Why it does not go on by itself. */
export interface Refusal {
  readonly status: number;
  readonly failure: string;
}

/** What lies on the device for later, in bytes of blocks. `full`: there is no more room. `impossible`: this browser keeps nothing. */
export interface Kept {
  readonly on: boolean;
  readonly kept: number;
  readonly wanted: number;
  readonly full: boolean;
  readonly impossible: boolean;
}

/** How far the blocks are. */
export interface BlocksProgress {
  readonly files: readonly FileProgress[];
  /** What is waited for: the line, or room on the server. */
  readonly waiting: "line" | "room" | undefined;
  /** With `room`: seconds until it is asked again. */
  readonly roomSeconds: number;
  readonly paused: boolean;
  readonly secondsLeft: number | undefined;
  readonly refused: Refusal | undefined;
  readonly kept: Kept;
  readonly finished: boolean;
}

/** What lies on this device from an earlier visit: how many blocks, how many bytes, and reports of which nobody knows whether they have left. */
export interface Leftover {
  readonly blocks: number;
  readonly bytes: number;
  readonly reports: readonly WaitingReport[];
}

/** A question that gets one answer, named by `job`. */
export type Question =
  | { readonly ask: "look"; readonly job: number; readonly file: Blob }
  | { readonly ask: "prepare"; readonly job: number; readonly key: number; readonly file: Blob; readonly choice: Choice }
  | { readonly ask: "stamp"; readonly job: number; readonly place: StampPlace; readonly bits: number }
  | { readonly ask: "leftover"; readonly job: number }
  | { readonly ask: "drop-report"; readonly job: number; readonly name: string }
  | { readonly ask: "forget"; readonly job: number };

/** What is to be done with the blocks on their way. */
export type Command =
  | { readonly order: "server"; readonly origin: string }
  | { readonly order: "send"; readonly files: readonly FileOrder[] }
  | { readonly order: "send-leftover" }
  | { readonly order: "pause" | "go-on" | "wake" | "report-there" | "stop" | "stop-stamp" }
  | { readonly order: "take-out"; readonly key: number }
  | { readonly order: "keep"; readonly on: boolean; readonly report: SealedReport | undefined };

/** What each question is answered with. */
export interface Answers {
  readonly look: Telling;
  readonly prepare: PreparedFile;
  readonly stamp: string | undefined;
  readonly leftover: Leftover | undefined;
  readonly "drop-report": true;
  readonly forget: true;
}

/** Why a question has no answer: the file cannot be read, it is not what it must be, a part of the page did not come, or something else. */
export type Fault = "unreadable" | "refused" | "line" | "other";

/** What the worker says. */
export type News =
  | { readonly news: "progress"; readonly job: number; readonly done: number; readonly total: number }
  | { readonly news: "answer"; readonly job: number; readonly value: Answers[keyof Answers] }
  | { readonly news: "failed"; readonly job: number; readonly fault: Fault }
  | { readonly news: "blocks"; readonly progress: BlocksProgress };
