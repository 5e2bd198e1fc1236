// The Photo tab: a photo comes in, is painted at once and at every change, and is taken away.

import * as panel from "./panel.js";
import { Brush } from "./brush.js";
import { listenToDrops } from "./drops.js";
import { Film, Photo } from "./film.js";
import { Failure, run, sentence } from "./net.js";
import { Past } from "./past.js";
import { Takeaway } from "./take.js";
import { Tiles } from "./tiles.js";
import { View } from "./view.js";

const WAIT = 150; // ms without a change before it is painted
const QUIET = 350; // ms of work that nobody needs to hear of
const SETTLED = 1500; // ms that a picture stays before it goes to the earlier ones
const ALIVE = 600_000; // ms between two signs of life for files on the server

class Tab {
  constructor(root, props) {
    this.root = root;
    this.props = props;
    this.stage = root.querySelector(".stage");
    this.view = new View(this.stage);
    this.photos = [];
    this.photo = new Photo(null, props.example[0]);
    this.number = 0;
    this.first = true; // nothing but the example was shown yet
    this.page = crypto.randomUUID?.() ?? `${Math.random()}`.slice(2);
    this.brush = new Brush(this);
    this.film = new Film(this.$(".film"), (photo) => this.turn(photo));
    this.tiles = new Tiles(this);
    this.past = new Past(this.$(".past"), (entry) => this.back(entry));
    this.take = new Takeaway(this);
    this.listen();
    panel.onchange((quiet) => quiet || this.soon());
    setInterval(() => this.alive(), ALIVE);
  }

  $(selector) { return this.root.querySelector(selector); }

  async begin() {
    await panel.ready;
    const [sample, style] = this.props.example;
    const now = panel.chosen();
    this.shown = { photo: this.photo, value: now, place: this.brush.place, before: this.view.before.src, after: this.view.after.src, full: null };
    if (now.styles.length > 1 || now.styles[0].name !== style || location.hash.length > 1) this.paint();
    else this.say("");
  }

  listen() {
    const click = (selector, does) => this.$(selector).addEventListener("click", does);
    const choose = () => this.$(".files").click();
    click(".choose", choose);
    click(".new", choose);
    click(".other", choose);
    click(".again", () => { const { retry } = this; this.problem(null); retry(); });
    click(".dismiss", () => this.problem(null));
    click(".cancel", () => this.cancel());
    click(".zoom", () => this.zoom());
    for (const button of this.root.querySelectorAll(".try")) {
      button.addEventListener("click", () => this.open([new Photo(null, button.dataset.sample)]));
    }
    this.$(".files").addEventListener("change", (event) => { this.files(event.target.files); event.target.value = ""; });
    this.listenToCompare();
    listenToDrops(this.root, this.stage, (files) => this.files(files));
  }

  listenToCompare() {
    const button = this.$(".compare");
    const hold = (on) => () => { this.view.plain(on); button.setAttribute("aria-pressed", on); };
    button.addEventListener("pointerdown", hold(true));
    for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(name, hold(false));
    button.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && hold(true)());
    button.addEventListener("keyup", hold(false));
    button.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  files(list) {
    const files = [...list].slice(0, this.props.photos);
    const large = files.find((file) => file.size > this.props.bytes);
    if (large) return this.problem(new Failure(`${large.name} has ${Math.round(large.size / 1e6)} MB; the page takes files of up to ${this.props.bytes / 1e6} MB.`));
    if (files.length) this.open(files.map((file) => new Photo(file)));
  }

  /** New photos: the first is painted at once, all of them wait in a strip. */
  open(photos) {
    this.photos = photos;
    this.turn(photos[0]);
    this.film.read();
  }

  turn(photo) {
    this.photo = photo;
    this.tiles.stop();
    this.brush.end();
    this.problem(null);
    this.stage.dataset.state = "own";
    this.film.show(this.photos, this.photo);
    this.paint();
  }

  soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.paint(), WAIT);
  }

  /** Everything that the server needs to know of the wish. */
  async ask(told, signal) {
    const ask = { photo: await this.photo.ref(told, signal), panel: panel.chosen(), page: this.page, number: this.number };
    return { ...ask, ...(await this.brush.ask(signal)) };
  }

  side() {
    const longest = Math.max(this.stage.clientWidth, this.stage.clientHeight) * Math.min(2, devicePixelRatio);
    return Math.min(1600, Math.max(960, Math.ceil(longest / 320) * 320));
  }

  async paint() {
    clearTimeout(this.waiting);
    const signal = this.work(++this.number);
    const number = this.number;
    const begin = performance.now();
    try {
      const ask = await this.ask((share) => this.say(`Sending ${Math.round(100 * share)} %`), signal);
      this.say("Painting");
      const wants = this.shown?.photo !== this.photo || !this.shown.before;
      const answer = await run("preview", { ...ask, side: this.side(), before: wants }, signal);
      if (number !== this.number) return;
      await this.view.show({ before: answer.before, after: answer.image });
      this.settle(ask, answer, performance.now() - begin);
    } catch (error) {
      await this.failed(error, number, () => this.paint());
    }
  }

  settle(ask, answer, time) {
    this.free();
    this.problem(null);
    const before = answer.before ?? this.shown.before;
    this.first = false;
    this.shown = { photo: this.photo, value: ask.panel, place: ask.place, before, after: answer.image, size: answer.full, full: null };
    if (!this.photo.small) { this.photo.small = before; this.film.show(this.photos, this.photo); }
    const [width, height] = answer.full;
    this.view.after.alt = `The photo, painted in the style of ${panel.words()}`;
    this.say([`Painted in ${(time / 1000).toFixed(1)} s`, ...answer.notes].join(". "), `${width} × ${height} pixels`);
    clearTimeout(this.settling);
    const shown = this.shown;
    this.settling = setTimeout(() => this.past.add(shown), SETTLED);
    this.tiles.paint();
  }

  /** A signal for new work; work before it ends. */
  work(number) {
    this.controller?.abort();
    this.controller = new AbortController();
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => number === this.number && (this.$(".busy").hidden = false), QUIET);
    this.stage.setAttribute("aria-busy", true);
    return this.controller.signal;
  }

  free() {
    clearTimeout(this.quiet);
    this.controller = null;
    this.$(".busy").hidden = true;
    this.stage.removeAttribute("aria-busy");
  }

  get working() { return this.controller !== null && this.controller !== undefined; }

  say(words, more = words) {
    this.$(".state").textContent = words;
    this.$(".state").title = more;
    this.$(".busy .words").textContent = words;
  }

  async failed(error, number, again) {
    if (number !== this.number || error.name === "AbortError") return;
    this.free();
    if (error.kind === "gone" && !this.renewed) {
      this.renewed = true; // once, so that what is truly gone is said
      try {
        for (const photo of [...this.photos, this.photo]) photo.sent = undefined;
        this.brush.sent = undefined;
        await panel.renew();
        await again();
      } finally { this.renewed = false; }
      return;
    }
    this.say("");
    this.retry = error.kind === "away" ? again : null;
    if (error.kind !== "away" && this.shown && this.shown.photo !== this.photo) this.bad();
    this.problem(error);
  }

  /** The photo cannot be painted: the former one, with its settings, is what the page goes on with. */
  bad() {
    const others = this.photos.filter((photo) => photo !== this.photo);
    this.photos = others.length ? others : [this.shown.photo];
    this.photo = this.shown.photo;
    if (this.first) this.stage.dataset.state = "example";
    else this.tiles.paint();
    this.film.show(this.photos, this.photo);
  }

  problem(error) {
    this.$(".problem").hidden = !error;
    this.$(".again").hidden = !this.retry;
    this.$(".other").classList.toggle("main", !this.retry);
    if (error) this.$(".problem p").textContent = error instanceof Failure ? error.message : sentence(`this did not work: ${error.message}`);
    if (!error) this.retry = null;
    else this.$(`.problem button:not([hidden])`).focus({ preventScroll: true });
  }

  /** Give back the former picture, with the settings that it was painted with. */
  cancel() {
    this.number += 1;
    clearTimeout(this.waiting);
    this.controller?.abort();
    this.free();
    if (!this.shown) return;
    this.photo = this.shown.photo;
    panel.restore(this.shown.value, true);
    this.film.show(this.photos, this.photo);
    this.say("Cancelled");
  }

  /** An earlier picture again. */
  async back(entry) {
    this.number += 1;
    this.controller?.abort();
    this.free();
    this.photo = entry.photo;
    this.brush.end();
    panel.restore(entry.value, true);
    await this.view.show(entry);
    this.shown = entry;
    this.film.show(this.photos, this.photo);
    this.tiles.paint();
    if (entry.place !== "everywhere") this.paint();
  }

  async zoom() {
    const on = !this.view.zoomed;
    if (on && this.shown?.size && Math.max(...this.shown.size) > this.view.after.naturalWidth && !(await this.take.whole())) return;
    this.view.zoom(on);
    this.$(".zoom").setAttribute("aria-pressed", on);
    this.$(".zoom span").textContent = on ? "Fit" : "100 %";
  }

  alive() {
    const files = [...this.photos, this.photo].map((photo) => photo.sent).filter(Boolean);
    const all = [...files, ...panel.files()].slice(0, 60);
    if (all.length) run("alive", all).catch(() => {});
  }
}

export async function start({ element, props }) {
  await new Tab(element, props).begin();
}
