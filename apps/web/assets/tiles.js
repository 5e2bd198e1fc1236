// The visitor's photo in every style, on the tiles; painted a few at a time while nothing else is.

import * as panel from "./panel.js";
import { run } from "./net.js";

const AT_ONCE = 3;
const PAUSE = 60; // ms between two requests, and between two looks at whether the server is free

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

export class Tiles {
  constructor(tab) {
    this.tab = tab;
    this.done = new Set();
    this.turn = 0;
  }

  /** Another photo comes: forget this one's. */
  stop() {
    this.turn += 1;
    this.controller?.abort();
    this.photo = null;
    this.done.clear();
    panel.plain();
  }

  /** Paint the tiles that are not painted yet. */
  async paint() {
    const { photo } = this.tab;
    if (this.photo !== photo) this.stop();
    if (this.running) return;
    this.photo = photo;
    const turn = ++this.turn;
    this.controller = new AbortController();
    this.running = true;
    try {
      for (let left; (left = this.#left()).length && turn === this.turn; ) {
        await pause();
        if (this.tab.working || document.hidden) continue;
        await this.#some(left.slice(0, AT_ONCE), turn);
      }
    } catch {
      // The styles' own pictures stay; the canvas says what is wrong, if anything is.
    } finally {
      this.running = false;
    }
    if (this.photo !== photo && this.tab.photo !== photo && !this.tab.working) this.paint();
  }

  #left() { return panel.all().filter(({ key }) => !this.done.has(key)); }

  async #some(some, turn) {
    const ask = { photo: await this.photo.ref(), page: this.tab.page, number: turn, styles: some.map(({ style }) => style) };
    const { images } = await run("tiles", { ...ask, side: 320 }, this.controller.signal);
    if (turn !== this.turn) return;
    images.forEach((image, n) => {
      this.done.add(some[n].key);
      panel.picture(some[n].key, image);
    });
  }
}
