// Painting only a part: the brush's tools, and what is marked with it.

import { Mask } from "./mask.js";
import { upload } from "./net.js";

export class Brush {
  constructor(tab) {
    this.tab = tab;
    this.place = "everywhere";
    this.mask = new Mask(tab.$(".mask"), () => this.marked());
    const click = (selector, does) => tab.$(selector).addEventListener("click", does);
    click(".part", () => (this.on ? this.finish() : this.begin()));
    click(".done", () => this.finish());
    click(".clear", () => { this.reset(); this.place = "everywhere"; tab.soon(); });
    click(".erase", () => this.erase(!this.mask.erasing));
    tab.$(".size").addEventListener("input", (event) => this.size(event.target));
    tab.$(".where").addEventListener("change", () => this.marked());
  }

  get on() { return !this.tab.$(".brush").hidden; }

  /** What the server needs to know of it; sends the mask first where there is a new one. */
  async ask(signal) {
    if (this.place === "everywhere") return { place: this.place };
    this.sent ??= await upload(await this.mask.file(), null, signal);
    return { place: this.place, mask: this.sent };
  }

  begin() {
    this.#show(true);
    this.percent = this.tab.view.percent;
    this.tab.view.split(0);
    this.reset();
    this.tab.say("Draw over the part");
  }

  /** All of the photo is painted again. */
  finish() {
    const was = this.place;
    this.end();
    if (was !== "everywhere") this.tab.paint();
  }

  end() {
    this.place = "everywhere";
    if (!this.on) return;
    this.#show(false);
    this.tab.view.split(this.percent);
  }

  reset() {
    const { naturalWidth, naturalHeight } = this.tab.view.before;
    this.mask.reset(naturalWidth, naturalHeight);
    this.sent = undefined;
  }

  marked() {
    this.sent = undefined;
    if (this.mask.empty) return;
    this.place = this.tab.$(".where").value;
    this.tab.soon();
  }

  erase(on) {
    this.mask.erasing = on;
    this.tab.$(".erase").setAttribute("aria-pressed", on);
  }

  size(input) {
    this.mask.size = Number(input.value);
    input.style.setProperty("--at", `${(100 * (input.value - input.min)) / (input.max - input.min)}%`);
  }

  #show(on) {
    this.tab.$(".brush").hidden = !on;
    this.tab.$(".mask").hidden = !on;
    this.tab.view.locked = on;
    this.tab.stage.classList.toggle("marking", on);
    this.tab.$(".part").setAttribute("aria-pressed", on);
  }
}
