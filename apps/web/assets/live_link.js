// The way to the server: pictures of the camera there, paintings back; two on their way, and the next one at hand.

import { Failure } from "./net.js";

const AT_ONCE = 2;
const SILENCE = 8000, RETRY = 1000; // milliseconds
const AWAY = "The server does not answer. Check that it still runs, then start again.";

export class Link {
  /**
   * `take` gives the newest picture; `show(bitmap, blob, milliseconds)` gets each painting that is newer than the last,
   * `wait` the number in line, and `end` what went wrong in words, "" for nothing.
   */
  constructor(secret, { take, show, wait, end }) {
    Object.assign(this, { secret, take, show, wait, end });
    this.open = true;
    this.sent = this.shown = this.flying = 0;
    this.heard = performance.now();
  }

  /** The camera has a new picture: it is made ready, and sent as soon as fewer than two others are on their way. */
  fresh() {
    if (!this.open || this.paused || this.ready) return;
    this.ready = this.waiting ? Promise.resolve(null) : this.take();
    this.taken = performance.now();
    this.#next();
  }

  #next() {
    if (!this.open || !this.ready || this.flying >= (this.waiting ? 1 : AT_ONCE)) return;
    const { ready, taken } = this;
    this.ready = null;
    this.flying += 1;
    this.#exchange(++this.sent, ready, taken).catch((error) => this.#failed(error));
  }

  async #exchange(number, ready, taken) {
    const blob = await this.#painted(ready).finally(() => { this.flying -= 1; this.#next(); });
    if (!blob) return;
    const bitmap = await createImageBitmap(blob);
    if (!this.open || number < this.shown) return bitmap.close();
    this.shown = number;
    this.show(bitmap, blob, performance.now() - taken);
  }

  /** The painting of a picture; null where there is none now. */
  async #painted(ready) {
    const picture = await ready;
    const answer = await this.#ask(picture ? "frame" : "turn", picture);
    this.heard = performance.now();
    if (answer.status === 202) return this.#queue((await answer.json()).number);
    if (answer.status === 429) return null;
    if (!answer.ok) throw new Failure(await said(answer));
    return answer.blob();
  }

  #ask(what, body = null, more = {}) {
    const headers = { "x-live": this.secret };
    return fetch(new URL(`live/${what}`, document.baseURI), { method: "POST", body, headers, signal: AbortSignal.timeout(SILENCE), ...more });
  }

  /** Until it is this page's turn, it only asks for its number in line now and then. */
  #queue(number) {
    this.waiting = number > 0;
    if (this.open && number) {
      this.wait(number);
      this.#pause();
    }
    return null;
  }

  #pause() {
    this.ready = null;
    this.paused = true;
    setTimeout(() => { this.paused = false; }, RETRY);
  }

  #failed(error) {
    if (!this.open) return;
    if (error instanceof Failure) this.close(error.message);
    else if (performance.now() - this.heard > SILENCE) this.close(AWAY);
    else this.#pause();
  }

  close(reason = "") {
    if (!this.open) return;
    this.open = false;
    this.#ask("leave", null, { keepalive: true }).catch(() => {});
    this.end(reason);
  }
}

async function said(answer) {
  try {
    return (await answer.json()).error;
  } catch {
    return `The server could not do this (${answer.status}). Start again.`;
  }
}
