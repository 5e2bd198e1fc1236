// The visitor's camera: on, off, and its picture of this moment as a JPEG.

import { Failure } from "./net.js";

const QUALITY = 0.85;
const INSET = 100; // ms between two pictures in the corner: each costs the browser as much as the JPEG
const INSECURE = "Browsers give the camera only to secure pages. Open this page at an https address, or on the machine that serves it, as http://localhost.";
const REASONS = {
  NotAllowedError: "This page may not use the camera. Allow it by the symbol beside the page's address, then start again.",
  NotFoundError: "No camera was found. Plug one in, or switch it on, then start again.",
  NotReadableError: "The camera does not start. Close other programs that use it, then start again.",
};

export class Camera {
  constructor(video) {
    this.video = video;
    this.canvas = document.createElement("canvas");
    this.stream = null;
  }

  /** `lost` is called when the camera ends by itself. Throws a Failure. */
  async start(lost) {
    if (!navigator.mediaDevices?.getUserMedia) throw new Failure(INSECURE);
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: "user" };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      throw new Failure(REASONS[error.name] ?? `The camera does not start (${error.message || error.name}). Try again.`);
    }
    this.stream.getVideoTracks()[0].onended = lost;
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = this.video.srcObject = null;
  }

  /** Calls back once, for the next picture that the camera gives. */
  next(callback) {
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(callback);
    else setTimeout(callback, 33);
  }

  /** A JPEG whose shorter side has at most `side` pixels; `inset` shows the same, small. */
  picture(side, mirror, inset) {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, side / Math.min(videoWidth, videoHeight));
    const [width, height] = [videoWidth, videoHeight].map((length) => Math.round(length * scale));
    resize(this.canvas, width, height);
    const context = this.canvas.getContext("2d", { alpha: false });
    context.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? width : 0, 0);
    context.drawImage(this.video, 0, 0, width, height);
    if (inset && performance.now() - (this.told ?? 0) > INSET) {
      this.told = performance.now();
      resize(inset, 240, Math.round((240 * height) / width));
      inset.getContext("2d", { alpha: false }).drawImage(this.canvas, 0, 0, inset.width, inset.height);
    }
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", QUALITY));
  }
}

/** Setting a canvas's size clears it, even to the same. */
export function resize(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}
