// Ways to take a painting away: saved at full size, copied, as a link, all photos at once.

import * as panel from "./panel.js";
import { Failure, address, job } from "./net.js";

const PHASE = 0.999;

export class Takeaway {
  constructor(tab) {
    this.tab = tab;
    this.menu = tab.$(".menu");
    const click = (selector, does) => tab.$(selector).addEventListener("click", () => { this.open(false); does(); });
    click(".save", () => this.save("jpg"));
    click(".png", () => this.save("png"));
    click(".copy", () => this.copy());
    click(".link", () => this.link());
    click(".all", () => this.zip());
    tab.$(".more").addEventListener("click", () => this.open(this.menu.hidden));
    document.addEventListener("click", (event) => event.target.closest?.(".more-box") || this.open(false));
    tab.$(".more-box").addEventListener("keydown", (event) => this.#key(event));
  }

  open(on) {
    const was = !this.menu.hidden;
    this.tab.$(".all").hidden = this.tab.photos.length < 2;
    this.menu.hidden = !on;
    this.tab.$(".more").setAttribute("aria-expanded", on);
    if (on) this.#items()[0].focus();
    else if (was && this.menu.contains(document.activeElement)) this.tab.$(".more").focus();
  }

  #items() { return [...this.menu.querySelectorAll("button:not([hidden])")]; }

  #key(event) {
    const items = this.#items();
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") { this.tab.$(".more").focus(); return this.open(false); }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || at < 0) return;
    event.preventDefault();
    items[(at + step + items.length) % items.length].focus();
  }

  /** A job whose progress is said in words; its answer, or undefined where it failed or was cancelled. */
  async #job(name, ask, words) {
    const { tab } = this;
    const number = ++tab.number;
    const signal = tab.work(number);
    tab.say(words(0));
    try {
      const value = await ask(signal);
      const answer = await job(name, value, { signal, told: (said) => tab.say(words(said?.share ?? 0, said)) });
      if (number !== tab.number) return undefined;
      tab.free();
      return answer;
    } catch (error) {
      await tab.failed(error, number, () => this.#job(name, ask, words));
      return undefined;
    }
  }

  /** The painting at full size, in the view; whether it came. */
  async whole() {
    const answer = await this.#full("jpg");
    if (!answer) return false;
    await this.tab.view.show({ after: address(answer[1]) });
    return true;
  }

  get name() { return `${this.tab.photo.name}-${panel.slug()}`; }

  async #full(format) {
    const { shown } = this.tab;
    if (shown?.full && format === "jpg") return shown.full;
    const size = shown?.size ? ` ${shown.size.join(" × ")}` : "";
    const words = (share) => `Painting${size} at full size${share > 0 && share < PHASE ? `, ${Math.round(100 * share)} %` : ""}`;
    const answer = await this.#job("save", async (signal) => ({ ...(await this.tab.ask(null, signal)), format, name: this.name }), words);
    if (answer && format === "jpg" && this.tab.shown) this.tab.shown.full = answer;
    return answer;
  }

  async save(format) {
    const answer = await this.#full(format);
    if (!answer) return;
    download(answer[1]);
    this.tab.say(`Saved as ${answer[1].orig_name}`);
  }

  async zip() {
    const { tab } = this;
    const ask = async (signal) => {
      const photos = [];
      for (const photo of tab.photos) photos.push(await photo.ref(null, signal));
      return { photos, names: tab.photos.map((photo) => photo.name), panel: panel.chosen(), name: `photos-${panel.slug()}` };
    };
    const words = (share, said) => `Painting ${tab.photos.length} photos, ${Math.round(share * tab.photos.length)} done${said?.name ? `: ${said.name}` : ""}`;
    const answer = await this.#job("zip", ask, words);
    if (!answer) return;
    const { failed } = answer[0];
    download(answer[1]);
    tab.say(`Saved ${tab.photos.length - failed.length} photos`);
    if (failed.length) tab.problem(new Failure(`Not painted: ${failed.join("; ")}.`));
  }

  async copy() {
    const { after } = this.tab.view;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [after.naturalWidth, after.naturalHeight];
    canvas.getContext("2d").drawImage(after, 0, 0);
    const picture = new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    await this.#clip(() => navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]), "The picture is copied");
  }

  async link() {
    const { href } = location;
    const own = panel.chosen().styles.some((style) => style.file) ? "; styles of your own do not travel in it" : "";
    await this.#clip(() => navigator.clipboard.writeText(href), `The link is copied${own}`);
  }

  async #clip(write, done) {
    try {
      await write();
      this.tab.say(done);
    } catch {
      const way = isSecureContext ? "Allow it in the browser's settings" : "Browsers copy only from https pages or this very machine";
      this.tab.problem(new Failure(`The browser did not let the page copy. ${way}, or use Save.`));
    }
  }
}

function download(file) {
  const link = Object.assign(document.createElement("a"), { href: address(file), download: file.orig_name });
  document.body.append(link);
  link.click();
  link.remove();
}
