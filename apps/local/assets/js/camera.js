// The camera, painted live: one frame at a time, as large as the device manages.

const SIDES = [192, 256, 320, 384, 448, 512, 640]; // longest sides in pixels
const START = 2; // of SIDES
const [SLOWEST, FASTEST] = [140, 70]; // milliseconds a frame: beyond these it goes on smaller, or larger
const LOOK = 8; // frames between two such decisions

export class Camera {
  #stream = null;
  #side = START;
  #times = [];

  /**
   * @param video, canvas elements: what comes in, and what is shown.
   * @param paint (ImageBitmap, isFirst) => promise of a painted ImageBitmap.
   * @param onFrame called with frames a second after every frame.
   * @param onEnd called with the reason where the camera goes off by itself.
   */
  constructor({video, canvas, paint, onFrame, onEnd}) {
    Object.assign(this, {video, canvas, paint, onFrame, onEnd});
  }

  get isOn() {
    return this.#stream !== null;
  }

  /** Turns it on and paints until `stop`. Throws words where there is none or it may not be used. */
  async start() {
    if (!navigator.mediaDevices) throw new Error('Browsers open the camera only on https pages.');
    const wanted = {video: {facingMode: 'user', width: {ideal: 1280}, height: {ideal: 720}}, audio: false};
    const stream = await navigator.mediaDevices.getUserMedia(wanted).catch((error) => {
      throw new Error(reasonOf(error));
    });
    this.#stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    stream.getVideoTracks()[0].addEventListener('ended', () => this.onEnd(new Error('The camera has gone.')));
    this.#run(stream).catch(this.onEnd);
  }

  /** Really off: its light goes out. */
  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = this.video.srcObject = null;
  }

  /** What the camera sees, in its full size: a canvas. */
  snapshot(mirrored) {
    const {videoWidth: width, videoHeight: height} = this.video;
    const canvas = Object.assign(document.createElement('canvas'), {width, height});
    const context = canvas.getContext('2d');
    if (mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(this.video, 0, 0);
    return canvas;
  }

  async #run(stream) {
    const shown = this.canvas.getContext('2d');
    for (let isFirst = true; this.#stream === stream; isFirst = false) {
      const begin = performance.now();
      const painted = await this.paint(await createImageBitmap(this.video, this.#size()), isFirst);
      if (this.#stream !== stream) return;
      [this.canvas.width, this.canvas.height] = [painted.width, painted.height];
      shown.drawImage(painted, 0, 0);
      painted.close();
      await new Promise(requestAnimationFrame);
      this.#adapt(performance.now() - begin);
    }
  }

  #size() {
    const {videoWidth, videoHeight} = this.video;
    const scale = Math.min(1, SIDES[this.#side] / Math.max(videoWidth, videoHeight));
    const even = (side) => Math.max(16, Math.round(side * scale / 8) * 8);
    return {resizeWidth: even(videoWidth), resizeHeight: even(videoHeight), resizeQuality: 'medium'};
  }

  #adapt(milliseconds) {
    this.#times.push(milliseconds);
    const sorted = [...this.#times].sort((a, b) => a - b);
    const middle = sorted[sorted.length >> 1];
    this.onFrame(1000 / middle);
    if (this.#times.length < LOOK) return;
    this.#times = [];
    if (middle > SLOWEST) this.#side = Math.max(0, this.#side - 1);
    if (middle < FASTEST) this.#side = Math.min(SIDES.length - 1, this.#side + 1);
  }
}

function reasonOf({name}) {
  if (name === 'NotAllowedError') return 'The camera may not be used: allow it beside the address, then try again.';
  if (name === 'NotFoundError') return 'There is no camera on this device.';
  if (name === 'NotReadableError') return 'Another program uses the camera: close it there, then try again.';
  return 'The camera does not start.';
}
