// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The camera and the microphone: what they can record, opening them, and the recorder that hands out what it has every four seconds.
 *
 * Rules of this file: a format is chosen that can be played when it breaks off anywhere. Nothing is stored: what the recorder gives is read and let go.
 */

/** Film has sound with it. */
export type Medium = "film" | "sound";
/** The camera at the back of a phone, or the one that looks at its owner. */
export type Facing = "environment" | "user";

/** A kind of file: as the recorder calls it, as a report calls it, and the end of its name. */
export interface Format {
  readonly recorder: string;
  readonly type: string;
  readonly ending: string;
}

const FORMATS: Record<Medium, readonly Format[]> = {
  film: [
    { recorder: "video/webm;codecs=vp8,opus", type: "video/webm", ending: "webm" },
    { recorder: "video/webm", type: "video/webm", ending: "webm" },
    // Safari: its recorder writes fragments, so that what came can be played.
    { recorder: "video/mp4", type: "video/mp4", ending: "mp4" },
  ],
  sound: [
    { recorder: "audio/webm;codecs=opus", type: "audio/webm", ending: "webm" },
    { recorder: "audio/ogg;codecs=opus", type: "audio/ogg", ending: "ogg" },
    { recorder: "audio/mp4", type: "audio/mp4", ending: "m4a" },
  ],
};
const SLICE_MS = 4_000;
const FILM_BITS = 1_000_000;
const FEWEST_BITS = 250_000;
const SOUND_BITS = 32_000;

/** Why there is no recording: not allowed, no such device, in use by something else, or gone before it began. */
export type Obstacle = "denied" | "missing" | "busy" | "gone";

/** The camera or the microphone could not be opened. */
export class CameraError extends Error {
  constructor(readonly obstacle: Obstacle) {
    super(obstacle);
  }
}

/** Return how this browser can record; undefined where it cannot. */
export function formatFor(medium: Medium): Format | undefined {
  // Browsers that hide devices have neither; the types of the DOM do not say so.
  const { MediaRecorder: recorder } = globalThis as { MediaRecorder?: typeof MediaRecorder };
  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  if (recorder === undefined || mediaDevices === undefined) return undefined;
  return FORMATS[medium].find((one) => recorder.isTypeSupported(one.recorder));
}

function obstacleOf(error: unknown): Obstacle {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}

/**
 * Open camera and microphone, or the microphone alone. The browser asks the person first.
 *
 * @throws CameraError.
 */
export async function openCamera(medium: Medium, facing: Facing): Promise<MediaStream> {
  const video = { facingMode: facing, width: { ideal: 854 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: medium === "film" ? video : false });
  } catch (error) {
    throw new CameraError(obstacleOf(error));
  }
}

/** Let go of the camera and the microphone; their lights go out. */
export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Records a stream in pieces: `onPiece` gets the bytes and how many milliseconds they are, in order; `onEnd` follows the last piece. */
export class Recorder {
  private readonly recorder: MediaRecorder;
  private reading: Promise<void> = Promise.resolve();
  private from = 0;

  /** @param slowness how often the line was too slow for what was recorded before: each halves the picture's bits. */
  constructor(stream: MediaStream, format: Format, slowness: number, onPiece: (bytes: Uint8Array, ms: number) => void, onEnd: () => void) {
    const bits = Math.max(FILM_BITS / 2 ** slowness, FEWEST_BITS);
    this.recorder = new MediaRecorder(stream, { mimeType: format.recorder, videoBitsPerSecond: bits, audioBitsPerSecond: SOUND_BITS });
    this.recorder.ondataavailable = ({ data }) => {
      const now = performance.now();
      const ms = Math.round(now - this.from);
      this.from = now;
      this.reading = this.reading.then(async () => {
        if (data.size > 0) onPiece(new Uint8Array(await data.arrayBuffer()), ms);
      });
    };
    this.recorder.onstop = () => { void this.reading.then(onEnd); };
  }

  /** Record from now on. */
  start(): void {
    this.from = performance.now();
    this.recorder.start(SLICE_MS);
  }

  /** Milliseconds since the last piece. */
  get pending(): number {
    return this.recorder.state === "recording" ? performance.now() - this.from : 0;
  }

  /** Hand out what there is, without waiting for the next piece. */
  flush(): void {
    if (this.recorder.state === "recording") this.recorder.requestData();
  }

  /** Record no more; what there is still comes. */
  stop(): void {
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }
}

/** Keep the screen from going dark, where the browser can; return what ends it. */
export function keepAwake(): () => void {
  const { wakeLock } = navigator as { wakeLock?: WakeLock };
  let lock: WakeLockSentinel | undefined;
  let wanted = true;
  const take = (): void => {
    if (!wanted || document.visibilityState !== "visible") return;
    wakeLock?.request("screen").then((taken) => {
      if (wanted) lock = taken;
      else void taken.release();
    }).catch(() => undefined);
  };
  take();
  document.addEventListener("visibilitychange", take);
  return () => {
    wanted = false;
    document.removeEventListener("visibilitychange", take);
    void lock?.release();
  };
}
