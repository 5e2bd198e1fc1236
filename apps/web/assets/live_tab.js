// The tab: one button to start, and what happens meanwhile in words.
const FIRST = "See yourself painted, live. The pictures of your camera go to the machine that serves this page, and " +
  "are not kept.";
const WINDOW = 2000, STARTING = 20_000;  // milliseconds

class Live {
  constructor(root) {
    const find = (name) => root.querySelector(`.live-${name}`);
    this.root = root.querySelector(".live");
    this.find = find;
    this.camera = new Camera(find("camera"));
    this.canvas = find("painted");
    this.clip = new Clip(this.canvas, find("clip"));
    this.times = [];
    this.set("off", FIRST);
    this.listen(find);
  }

  listen(find) {
    find("start").onclick = () => this.start();
    find("stop").onclick = () => this.stop(FIRST);
    find("snapshot").onclick = () => this.blob && save(this.blob, "jpg");
    find("clip").onclick = () => this.clip.toggle();
    find("clip").hidden = !Clip.possible;
    find("inset").onchange = find("mirror").onchange = () => this.inset();
    this.inset();
    document.addEventListener("visibilitychange", () => document.hidden && this.away());
    window.addEventListener("pagehide", () => this.away());
    new ResizeObserver(() => this.root.offsetParent === null && this.away()).observe(this.root);
  }

  set(state, text = "") {
    this.root.dataset.state = state;
    this.find("words").textContent = text;
  }

  inset() {
    const { classList } = this.camera.video;
    classList.toggle("live-mirrored", this.find("mirror").checked);
    classList.toggle("live-away", !this.find("inset").checked);
  }

  async start() {
    if (this.root.dataset.state !== "off") return;
    this.set("asking", "Allow the camera when the browser asks for it.");
    this.find("note").textContent = "";
    try {
      await this.camera.start(() => this.stop("The camera has ended. Check it, then start again."));
    } catch (error) {
      return this.stop(error.message);
    }
    if (this.root.dataset.state !== "asking") return this.camera.stop();  // stopped meanwhile
    this.set("asking", "One moment.");
    this.patience = setTimeout(() => this.stop("The server does not answer. Load the page anew."), STARTING);
    trigger("submit");
  }

  // The server's answer to a start, or to a change of the style.
  told({ secret, words }) {
    if (!secret) return this.stop(words);
    this.find("note").textContent = words;
    if (this.root.dataset.state !== "asking" || this.link?.secret === secret) return;
    clearTimeout(this.patience);
    this.link = new Link(secret, () => this.picture(), {
      show: (...painting) => this.show(...painting),
      wait: (number) => this.set("waiting", `You are number ${number} in line. Your turn comes by itself; keep this ` +
        "tab open."),
      end: (reason) => this.stop(reason),
    });
    this.pump(this.link);
  }

  pump(link) {
    if (!link.open) return;
    link.fresh();
    this.camera.next(() => this.pump(link));
  }

  picture() {
    return this.camera.picture(Number(this.find("side").value), this.find("mirror").checked);
  }

  show(bitmap, blob, milliseconds) {
    const { width, height } = bitmap;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    bitmap.close();
    this.blob = blob;
    if (this.root.dataset.state !== "live") this.set("live");
    this.rate(performance.now(), milliseconds);
  }

  rate(now, milliseconds) {
    this.times = [...this.times.filter(([time]) => now - time < WINDOW), [now, milliseconds]];
    if (now - (this.rated ?? 0) < 500 || this.times.length < 3) return;
    this.rated = now;
    const rate = (this.times.length - 1) / (now - this.times[0][0]) * 1000;
    const delay = this.times.reduce((sum, [, time]) => sum + time, 0) / this.times.length;
    this.find("rate").textContent = `${rate.toFixed(0)} frames a second, ${delay.toFixed(0)} ms behind`;
  }

  away() {
    this.stop("The camera was switched off, as this tab was out of sight. Start it again.");
  }

  stop(reason) {
    if (this.root.dataset.state === "off") return;
    clearTimeout(this.patience);
    this.clip.stop();
    this.camera.stop();
    this.set("off", reason || FIRST);
    this.find("rate").textContent = "";
    this.find("start").textContent = reason === FIRST ? "Start the camera" : "Start again";
    this.times = [];
    const { link } = this;
    this.link = null;
    link?.close();
  }
}

const live = new Live(element);
watch("value", () => props.value && live.told(props.value));
