// The Live tab: one button to start, and what happens meanwhile in words.

import * as panel from "./panel.js";
import { Camera, resize } from "./live_camera.js";
import { Clip } from "./live_clip.js";
import { Link } from "./live_link.js";
import { run, sentence } from "./net.js";

const FIRST = "See yourself painted, live. What your camera sees goes only to the machine that serves this page, and is not kept.";
const AWAY = "The camera was switched off while this tab was out of sight.";
const WINDOW = 2000, TOLD = 500; // milliseconds that the rate is counted over, and between two words on it

class Live {
  constructor(root) {
    this.root = root;
    this.camera = new Camera(this.$("camera"));
    this.canvas = this.$("painted");
    this.clip = new Clip(this.canvas, this.$("clip"), save);
    this.times = [];
    this.set("off", FIRST);
    this.listen();
  }

  $(name) { return this.root.querySelector(`.live-${name}`); }

  get state() { return this.root.dataset.state; }

  set(state, words = "") {
    this.root.dataset.state = state;
    this.$("words").textContent = words;
  }

  say(words) { this.root.querySelector(".state").textContent = words; }

  listen() {
    this.$("start").addEventListener("click", () => this.start());
    this.$("stop").addEventListener("click", () => this.stop());
    this.$("snapshot").addEventListener("click", () => this.blob && save(this.blob, "jpg"));
    for (const name of ["mirror", "eye"]) {
      const button = this.$(name);
      button.addEventListener("click", () => button.setAttribute("aria-pressed", !this.on(name)));
    }
    this.$("eye").addEventListener("click", () => { this.$("inset").hidden = !this.on("eye"); });
    document.addEventListener("visibilitychange", () => document.hidden && this.stop(AWAY));
    window.addEventListener("pagehide", () => this.stop(AWAY));
    new ResizeObserver(() => this.root.offsetParent === null && this.stop(AWAY)).observe(this.root);
    panel.onchange((quiet) => quiet || this.change());
  }

  on(name) { return this.$(name).getAttribute("aria-pressed") === "true"; }

  async start() {
    if (this.state !== "off") return;
    this.set("asking", "Allow the camera when the browser asks for it.");
    const attempt = (this.attempt = {});
    try {
      await this.camera.start(() => this.stop("The camera has ended. Check it, then start again."));
      if (attempt !== this.attempt) return this.camera.stop();
      this.set("asking", "One moment.");
      const { secret } = await run("live_open", { panel: panel.chosen() });
      this.begin(secret, attempt);
    } catch (error) {
      if (attempt === this.attempt) this.stop(error.message);
    }
  }

  begin(secret, attempt) {
    const link = new Link(secret, {
      take: () => this.camera.picture(Number(this.$("side").value), this.on("mirror"), this.on("eye") && this.$("inset")),
      show: (...painting) => this.show(...painting),
      wait: (number) => this.set("waiting", `You are number ${number} in line. Your turn comes by itself; keep this tab open.`),
      end: (reason) => this.stop(reason),
    });
    if (attempt !== this.attempt) return link.close();
    this.link = link;
    this.pump(link);
  }

  pump(link) {
    if (!link.open) return;
    link.fresh();
    this.camera.next(() => this.pump(link));
  }

  show(bitmap, blob, milliseconds) {
    resize(this.canvas, bitmap.width, bitmap.height);
    this.canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    bitmap.close();
    this.blob = blob;
    if (this.state !== "live") this.set("live");
    this.rate(performance.now(), milliseconds);
  }

  rate(now, milliseconds) {
    this.times = [...this.times.filter(([time]) => now - time < WINDOW), [now, milliseconds]];
    if (now - (this.told ?? 0) < TOLD || this.times.length < 3) return;
    this.told = now;
    const rate = (1000 * (this.times.length - 1)) / (now - this.times[0][0]);
    const delay = this.times.reduce((sum, [, time]) => sum + time, 0) / this.times.length;
    this.$("rate").textContent = `${rate.toFixed(0)} frames a second, ${delay.toFixed(0)} ms behind`;
  }

  /** The style or a setting has changed: the server hears of the newest, one after the other. */
  async change() {
    this.changed = true;
    if (this.changing || !this.link) return;
    this.changing = true;
    while (this.changed && this.link) {
      this.changed = false;
      try {
        await run("live_change", { secret: this.link.secret, panel: panel.chosen() });
        this.say("");
      } catch (error) {
        this.say(`The style stays as it was: ${error.message}`);
      }
    }
    this.changing = false;
  }

  stop(reason = "") {
    if (this.state === "off") return;
    this.attempt = null;
    this.clip.stop();
    this.camera.stop();
    this.set("off", reason ? sentence(reason) : FIRST);
    this.$("start").textContent = reason ? "Start again" : "Start the camera";
    this.$("rate").textContent = "";
    this.say("");
    this.times = [];
    const { link } = this;
    this.link = null;
    link?.close();
  }
}

function save(blob, suffix) {
  const time = new Date(Date.now() - 60_000 * new Date().getTimezoneOffset()).toISOString().slice(0, 19);
  const href = URL.createObjectURL(blob);
  const name = `${panel.slug()}-${time.replace("T", "-").replaceAll(":", ".")}.${suffix}`;
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

export const start = ({ element }) => new Live(element.querySelector(".an-live"));
