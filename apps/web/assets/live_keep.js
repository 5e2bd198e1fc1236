// What visitors take with them: one picture, or a clip of what they see.
const LONGEST = 60_000;  // milliseconds of a clip
const KINDS = ["video/mp4;codecs=avc1", "video/mp4", "video/webm;codecs=vp9", "video/webm"];

function save(blob, kind) {
  const link = document.createElement("a");
  const time = new Date(Date.now() - 60_000 * new Date().getTimezoneOffset()).toISOString().slice(0, 19);
  link.href = URL.createObjectURL(blob);
  link.download = `artnet-${time.replace("T", "-").replaceAll(":", ".")}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

class Clip {
  constructor(canvas, button) {
    Object.assign(this, { canvas, button, recorder: null });
  }

  static get possible() {
    return typeof MediaRecorder !== "undefined" && KINDS.some((kind) => MediaRecorder.isTypeSupported(kind));
  }

  toggle() {
    if (this.recorder) this.stop();
    else this.start();
  }

  start() {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    const recorder = new MediaRecorder(this.canvas.captureStream(), { mimeType, videoBitsPerSecond: 5_000_000 });
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => save(new Blob(parts, { type: mimeType }), mimeType.slice(6).split(";")[0]);
    recorder.start(1000);
    this.recorder = recorder;
    this.clock = setInterval(() => this.tick(), 250);
    this.begun = performance.now();
    this.tick();
  }

  tick() {
    const spent = performance.now() - this.begun;
    if (spent > LONGEST) return this.stop();
    this.label(`Save the clip (${Math.floor(spent / 1000)} s)`, true);
  }

  stop() {
    if (!this.recorder) return;
    clearInterval(this.clock);
    this.recorder.stop();
    this.recorder = null;
    this.label("Record a clip", false);
  }

  label(text, pressed) {
    this.button.textContent = text;
    this.button.setAttribute("aria-pressed", String(pressed));
  }
}
