// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Recording and sending at once: the report first, then the recorder, then a message that closes it.
 *
 * Rules of this file: nothing is recorded before the server has signed for the report that names the file, so that whatever becomes of the device, what it
 * sent can be opened by the desk. The file's secrets are gone from here by then. No look for answers goes before it, as it does before other
 * reports: what follows shows by itself what this is, and the look would keep somebody waiting who must film now.
 */
import { b64url } from "@corncrake/core/encoding";
import { generateFileIdentity, type FileIdentity } from "@corncrake/core/file_identity";
import { BLOCK_CLASS } from "@corncrake/core/padding";
import type { ReportFile } from "@corncrake/core/report";
import { hasBlock, putBlock } from "../transport/blocks";
import { CameraError, closeCamera, keepAwake, Recorder, type Format } from "./camera";
import { EMPTY_DRAFT } from "./draft";
import { LiveFile, type Amounts } from "./live_file";
import { Posting } from "./posting";
import type { SendOptions } from "./sealing";
import { hearStamps } from "./stamping";

/** Whom it goes to and what goes before it; the how-manieth recording of this visit it is, from 1; how often the line was too slow before. */
export interface RecordOptions extends SendOptions {
  readonly format: Format;
  readonly take: number;
  readonly slowness: number;
}

/** What has left and what has not, and how long it is. */
export interface RecordingState extends Amounts {
  readonly recordedMs: number;
}

/** Why it stopped by itself: the line was too slow, or the camera went away. */
export type Ended = "slow" | "camera";

/** The person does not wait any more: for the report, or for what closes the recording. */
class TurnedBack extends Error {}

function entryOf(secrets: FileIdentity, format: Format, take: number): ReportFile {
  return {
    identity: secrets.text,
    block_key: b64url(secrets.blockKey),
    class: BLOCK_CLASS,
    name: `recording-${String(take)}.${format.ending}`,
    type: format.type,
    live: true,
    cleaning: "keep",
  };
}

/** One recording, from the report that names it to the message that closes it. */
export class Recording {
  private recorder: Recorder | undefined;
  private stopped = false;
  private turnedBack = false;
  private closing: Posting | undefined;
  private closingWaits = false;
  private work: number | undefined;
  private readonly stoppedByNow: Promise<void>;
  private hasStopped: () => void = () => undefined;
  private release: () => void = () => undefined;

  private constructor(
    private readonly options: RecordOptions,
    private stream: MediaStream,
    private readonly first: Posting,
    private readonly file: LiveFile,
    private readonly onChange: () => void,
    private readonly onEnded: (why: Ended) => void,
  ) {
    this.stoppedByNow = new Promise((resolve) => { this.hasStopped = resolve; });
  }

  /**
   * Seal the report that names the recording; nothing leaves yet. `onChange`: there is something new to show; `onEnded`: it stopped by itself.
   *
   * @throws UsageError `size` when what was written is too long for one report.
   */
  static async prepare(options: RecordOptions, stream: MediaStream, onChange: () => void, onEnded: (why: Ended) => void): Promise<Recording> {
    const secrets = generateFileIdentity();
    const first = await Posting.prepare(options, [entryOf(secrets, options.format, options.take)]);
    const file = new LiveFile(secrets, { put: putBlock, has: hasBlock }, onChange);
    // What was written goes with the first report; it is not kept here beside it.
    return new Recording({ ...options, draft: EMPTY_DRAFT }, stream, first, file, onChange, onEnded);
  }

  /** What has left and what has not. */
  get state(): RecordingState {
    const { amounts } = this.file;
    const hereMs = amounts.hereMs + (this.recorder?.pending ?? 0);
    const line = this.closingWaits ? "broken" : amounts.line;
    return { ...amounts, line, hereMs, recordedMs: amounts.leftMs + hereMs };
  }

  /** The device works on a stamp for a busy server: how far that is, from 0 to 1. */
  get working(): number | undefined {
    return this.work;
  }

  /** The server may have the report, though it has not signed for it. */
  get uncertain(): boolean {
    return this.first.uncertain;
  }

  /** The line kept up to the end, so far. */
  get keptUp(): boolean {
    return this.state.blocksHere <= 3;
  }

  /**
   * Post the report. Say whether the server has signed for it: not when the person went back before. May be called again.
   *
   * @throws as `Posting.post`.
   */
  announce(onWaiting: (waiting: boolean) => void): Promise<boolean> {
    return this.post(this.first, onWaiting);
  }

  /** It has a camera or a microphone that is on. */
  get hasCamera(): boolean {
    return this.stream.getTracks().every((track) => track.readyState === "live");
  }

  /** Let go of the camera and the microphone until `use` brings others. */
  letGo(): void {
    closeCamera(this.stream);
  }

  /** Record from these. */
  use(stream: MediaStream): void {
    this.stream = stream;
  }

  /** Do not record; the report may have left. */
  turnBack(): void {
    this.turnedBack = true;
    this.letGo();
  }

  /** Record no more. */
  stop(): void {
    this.stopped = true;
    this.recorder?.stop();
    this.letGo();
  }

  /**
   * Bring the rest and the message that closes the recording. Say whether all of it is there: not when it was dropped. May be called again.
   *
   * @throws as `announce` does.
   */
  async finish(): Promise<boolean> {
    await this.stoppedByNow;
    const closed = await this.file.end();
    if (closed === undefined) return false;
    this.closing ??= await Posting.prepare({ ...this.options, visit: this.first.visit, kind: "follow_up" }, [], [closed]);
    const arrived = await this.post(this.closing, (waiting) => {
      this.closingWaits = waiting;
      this.onChange();
    });
    this.release();
    return arrived;
  }

  /** Go on without what has not left; no message says that the recording is closed. */
  drop(): void {
    this.turnedBack = true;
    this.stop();
    this.file.drop();
    this.release();
  }

  /** Post a message until the server has signed for it. Say whether it has: not when the person does not wait any more. */
  private async post(report: Posting, onWaiting: (waiting: boolean) => void): Promise<boolean> {
    const goOn = (waiting: boolean): void => {
      if (this.turnedBack) throw new TurnedBack();
      onWaiting(waiting);
    };
    hearStamps((working) => {
      this.work = working;
      this.onChange();
    });
    try {
      await report.post(goOn);
      goOn(false);
      return true;
    } catch (error) {
      if (error instanceof TurnedBack) return false;
      throw error;
    }
  }

  /**
   * Record, once the report is there.
   *
   * @throws CameraError `gone` when the camera or the microphone went away while the report was on its way.
   */
  record(): void {
    if (!this.hasCamera) {
      this.letGo();
      throw new CameraError("gone");
    }
    const { format, slowness } = this.options;
    const onPiece = (bytes: Uint8Array, ms: number): void => {
      this.file.append(bytes, ms, this.stopped);
      if (this.file.isFull) this.endBy("slow");
    };
    this.recorder = new Recorder(this.stream, format, slowness, onPiece, () => {
      this.hasStopped();
      this.endBy("camera");
    });
    // A page that is hidden may be put to sleep at any moment: what there is leaves now.
    const flush = (): void => { this.recorder?.flush(); };
    const retry = (): void => { this.file.retry(); };
    const letGo = (): void => { this.letGo(); };
    document.addEventListener("visibilitychange", flush);
    window.addEventListener("online", retry);
    window.addEventListener("pagehide", letGo);
    const sleep = keepAwake();
    this.release = () => {
      document.removeEventListener("visibilitychange", flush);
      window.removeEventListener("online", retry);
      window.removeEventListener("pagehide", letGo);
      sleep();
    };
    this.recorder.start();
  }

  private endBy(why: Ended): void {
    if (this.stopped) return;
    this.stop();
    this.onEnded(why);
  }
}
