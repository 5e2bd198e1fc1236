// A clip of what the visitor sees.

const LONGEST = 60_000; // milliseconds
const KINDS = ["video/mp4;codecs=avc1", "video/mp4", "video/webm;codecs=vp9", "video/webm"];
const kind = () => typeof MediaRecorder !== "undefined" && KINDS.find((one) => MediaRecorder.isTypeSupported(one));

export class Clip {
  /** `save(blob, suffix)` gets what was recorded. */
  constructor(canvas, button, save) {
    Object.assign(this, { canvas, button, save, recorder: null });
    button.hidden = !kind();
    button.addEventListener("click", () => (this.recorder ? this.stop() : this.start()));
  }

  start() {
    const mimeType = kind();
    const recorder = new MediaRecorder(this.canvas.captureStream(), { mimeType, videoBitsPerSecond: 5_000_000 });
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => this.save(new Blob(parts, { type: mimeType }), mimeType.slice(6).split(";")[0]);
    recorder.start(1000);
    this.recorder = recorder;
    this.begun = performance.now();
    this.clock = setInterval(() => this.#tick(), 250);
    this.#tick();
  }

  #tick() {
    const spent = performance.now() - this.begun;
    if (spent > LONGEST) return this.stop();
    this.#label(`Save the clip, ${Math.floor(spent / 1000)} s`, true);
  }

  stop() {
    if (!this.recorder) return;
    clearInterval(this.clock);
    this.recorder.stop();
    this.recorder = null;
    this.#label("Record a clip", false);
  }

  #label(text, pressed) {
    this.button.querySelector("span").textContent = text;
    this.button.setAttribute("aria-pressed", pressed);
  }
}
