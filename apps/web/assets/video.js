// The Video tab: a video comes in, one frame of it is painted at once and at every change, then three seconds or all.

import * as panel from "./panel.js";
import { Failure, address, job, run, sentence, upload } from "./net.js";
import { View } from "./view.js";

const WAIT = 300; // ms without a change before the frame is painted anew
const ALIVE = 600_000; // ms between two signs of life for the video on the server

/** Seconds as people say them. */
function span(seconds) {
  if (seconds < 50) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${Math.max(1, minutes)} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

class Video {
  constructor(root, props) {
    this.root = root;
    this.props = props;
    this.stage = root.querySelector(".stage");
    this.view = new View(this.stage);
    this.page = `${crypto.randomUUID?.() ?? Math.random()} video`;
    this.number = 0;
    this.listen();
    root.dataset.state = "empty";
    panel.onchange((quiet) => quiet || this.soon());
    setInterval(() => this.file && run("alive", [this.file]).catch(() => {}), ALIVE);
  }

  $(selector) { return this.root.querySelector(selector); }

  get seen() { return this.root.offsetParent !== null; }

  listen() {
    const click = (selector, does) => this.$(selector).addEventListener("click", does);
    for (const selector of [".choose", ".video-new", ".other"]) click(selector, () => this.$(".files").click());
    click(".video-trial", () => this.paint(true));
    click(".video-whole", () => this.paint(false));
    click(".video-cancel", () => this.cancel());
    click(".video-turn", () => this.turn(this.$(".video-result").hidden));
    click(".again", () => { this.problem(null); this.retry?.(); });
    click(".dismiss", () => this.problem(null));
    this.$(".files").addEventListener("change", (event) => { this.open(event.target.files[0]); event.target.value = ""; });
    this.$(".video-size").addEventListener("change", () => this.soon());
    new ResizeObserver(() => this.seen && this.stale && this.soon()).observe(this.root);
    this.listenToDrops();
  }

  listenToDrops() {
    const carries = (event) => this.seen && event.dataTransfer?.types.includes("Files");
    const over = (on) => (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.stage.classList.toggle("over", on);
    };
    document.addEventListener("dragover", over(true));
    document.addEventListener("dragleave", (event) => event.relatedTarget || over(false)(event));
    document.addEventListener("drop", (event) => {
      over(false)(event);
      if (carries(event) && event.dataTransfer.files.length) this.open(event.dataTransfer.files[0]);
    });
  }

  /** Send a video, and show a frame of it. */
  async open(file) {
    if (!file) return;
    if (file.size > this.props.bytes) {
      const size = `${Math.round(file.size / 1e6)} MB; the page takes up to ${this.props.bytes / 1e6} MB`;
      return this.problem(new Failure(`This video has ${size}. Cut it, or save it smaller.`));
    }
    this.source = file;
    this.file = this.known = null;
    this.root.dataset.state = "own";
    this.$(".video-result").removeAttribute("src");
    this.turn(false);
    this.view.view.hidden = true;
    await this.work(async (signal) => {
      this.file = await upload(file, (share) => this.progress(share, `Sending ${file.name}, ${Math.round(100 * share)} %`), signal);
      await this.still(signal);
    }, () => this.open(file));
  }

  soon() {
    this.stale = true;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.refresh(), WAIT);
  }

  /** The preview anew, where it is seen and nothing else is at work. */
  async refresh() {
    if (!this.file || !this.seen || this.controller) return;
    this.turn(false);
    try {
      await this.still();
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error, () => this.refresh());
    }
  }

  ask(more) {
    return { video: this.file, panel: panel.chosen(), size: Number(this.$(".video-size").value), ...more };
  }

  async still(signal) {
    this.stale = false;
    const number = ++this.number;
    this.say("Painting a frame");
    const answer = await run("video_still", this.ask({ page: this.page, number }), signal);
    if (number !== this.number) return;
    this.view.view.hidden = false;
    await this.view.show({ before: answer.before, after: answer.image });
    this.known = answer;
    this.say(`${answer.about}. Painting all of it takes about ${span(answer.takes)}`);
  }

  async paint(trial) {
    if (!this.file || this.controller) return;
    await this.work(async (signal) => {
      this.progress(0, "Starting");
      const ask = this.ask({ trial, steady: this.$(".video-steady").checked, name: this.source.name });
      const [said, file] = await job("video", ask, { signal, told: (now) => this.told(now) });
      this.result(address(file), said.name, trial);
    }, () => this.paint(trial));
  }

  told({ ahead, share, left }) {
    if (ahead === undefined && share === undefined) return; // the last word, with the file
    if (ahead) return this.progress(0, `${ahead} ahead of you. It begins by itself; keep this tab open.`);
    this.progress(share, `${Math.round(100 * share)} % painted, ${span(left)} left`);
  }

  progress(share, words) {
    this.$(".video-bar span").style.width = `${100 * share}%`;
    this.$(".video-bar").setAttribute("aria-valuenow", Math.round(100 * share));
    this.$(".video-work p").textContent = words;
  }

  result(source, name, trial) {
    const video = this.$(".video-result");
    Object.assign(video, { src: source, loop: trial });
    this.made = trial ? "trial" : "whole";
    Object.assign(this.$(".video-save"), { href: source, download: name });
    this.turn(true);
    this.say(trial ? "Three seconds from the middle" : name);
    video.play().catch(() => {}); // the browser may want a click first
  }

  /** Show the result, or the preview. */
  turn(result) {
    const video = this.$(".video-result");
    const has = video.hasAttribute("src");
    video.hidden = !(result && has);
    if (video.hidden) video.pause();
    this.$(".video-save").hidden = video.hidden;
    this.$(".video-turn").hidden = !has;
    this.root.dataset.shown = video.hidden ? "" : this.made;
    this.$(".video-turn").textContent = video.hidden ? "Painted video" : "Preview";
  }

  /** Do what takes a while, with the bar and a way to end it. */
  async work(does, again) {
    this.controller?.abort();
    const controller = (this.controller = new AbortController());
    clearTimeout(this.waiting);
    this.problem(null);
    this.say("");
    this.progress(0, "");
    this.$(".video-work").hidden = false;
    this.root.dataset.busy = "";
    try {
      await does(controller.signal);
    } catch (error) {
      if (controller === this.controller && error.name !== "AbortError") this.failed(error, again);
    }
    if (controller === this.controller) this.free();
  }

  free() {
    this.controller = null;
    this.$(".video-work").hidden = true;
    delete this.root.dataset.busy;
    if (this.stale) this.soon();
  }

  cancel() {
    this.controller?.abort();
    this.free();
    if (!this.known) this.root.dataset.state = "empty";
    this.say("Cancelled");
  }

  say(words) { this.$(".video-about").textContent = words; }

  /** In words; a video that the server has deleted by now is sent again. */
  failed(error, again) {
    if (error.kind === "gone" && this.source && !this.renewed) {
      this.renewed = true;
      return this.renew(again).finally(() => { this.renewed = false; });
    }
    this.say("");
    this.retry = again;
    this.problem(error);
    if (!this.known) this.root.dataset.state = "empty";
  }

  async renew(again) {
    await panel.renew();
    this.file = await upload(this.source);
    setTimeout(again); // once this work has ended
  }

  problem(error) {
    this.$(".problem").hidden = !error;
    if (error) this.$(".problem p").textContent = error instanceof Failure ? error.message : sentence(`this did not work: ${error.message}`);
  }
}

export const start = ({ element, props }) => new Video(element.querySelector(".an-video"), props);
