// The picture before and after: a divider between them, zoom to every pixel, and a look at the photo alone.

const STEP = 2; // per cent that an arrow key moves the divider

export class View {
  constructor(stage) {
    this.stage = stage;
    this.view = stage.querySelector(".view");
    this.divider = stage.querySelector(".divider");
    this.zoomed = false;
    this.locked = false; // while a mask is drawn
    this.view.addEventListener("pointerdown", (event) => this.#drag(event));
    this.divider.addEventListener("keydown", (event) => this.#key(event));
    this.split(50);
  }

  get before() { return this.view.querySelector(".before"); }
  get after() { return this.view.querySelector(".after"); }

  /** Show pictures once they are decoded, so that nothing flickers; those left out stay. */
  async show({ before, after }) {
    const [photo, painted] = await Promise.all([fresh(this.before, before), fresh(this.after, after)]);
    this.after.hidden = after === null;
    if (photo) this.before.replaceWith(photo);
    if (painted) this.after.replaceWith(painted);
    this.divider.hidden = this.after.hidden;
    const { naturalWidth, naturalHeight } = photo ?? this.before;
    if (naturalWidth) this.view.style.setProperty("--ratio", naturalWidth / naturalHeight);
    this.zoom(false);
  }

  split(percent) {
    this.percent = Math.min(100, Math.max(0, percent));
    this.view.style.setProperty("--split", `${this.percent}%`);
    this.divider.setAttribute("aria-valuenow", Math.round(this.percent));
    this.divider.setAttribute("aria-valuetext", `${Math.round(100 - this.percent)} % painted`);
  }

  /** Look at the photo alone while `on`. */
  plain(on) { this.view.classList.toggle("plain", on); }

  /** Every pixel of the painting on one of the screen, or all of it at once. */
  zoom(on) {
    this.zoomed = on;
    this.stage.classList.toggle("zoomed", on);
    this.view.style.width = on ? `${this.after.naturalWidth / devicePixelRatio}px` : "";
    this.x = this.y = 0;
    this.#move(0, 0);
  }

  #move(dx, dy) {
    const room = (inner, outer) => Math.max(0, (inner - outer) / 2);
    const clamp = (number, most) => Math.min(most, Math.max(-most, number));
    this.x = clamp(this.x + dx, room(this.view.offsetWidth, this.stage.clientWidth));
    this.y = clamp(this.y + dy, room(this.view.offsetHeight, this.stage.clientHeight));
    this.view.style.translate = this.zoomed ? `${this.x}px ${this.y}px` : "";
  }

  #drag(event) {
    if (this.locked || event.button) return;
    const onDivider = event.target.closest(".divider");
    const pans = this.zoomed && !onDivider;
    let last = event;
    const to = (now) => {
      if (pans) this.#move(now.clientX - last.clientX, now.clientY - last.clientY);
      else {
        const box = this.view.getBoundingClientRect();
        this.split((100 * (now.clientX - box.left)) / box.width);
      }
      last = now;
    };
    if (event.pointerType === "mouse" && !pans) to(event);
    this.view.setPointerCapture(event.pointerId);
    const end = () => {
      this.view.removeEventListener("pointermove", to);
      this.view.removeEventListener("pointerup", end);
      this.view.removeEventListener("pointercancel", end);
    };
    this.view.addEventListener("pointermove", to);
    this.view.addEventListener("pointerup", end);
    this.view.addEventListener("pointercancel", end);
  }

  #key(event) {
    const step = event.shiftKey ? 5 * STEP : STEP;
    const to = { ArrowLeft: this.percent - step, ArrowDown: this.percent - step, ArrowRight: this.percent + step, ArrowUp: this.percent + step, Home: 0, End: 100 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.split(to);
  }
}

/** A decoded picture in place of another one; null where there is none to show. */
async function fresh(old, source) {
  if (!source || source === old.getAttribute("src")) return null;
  const image = old.cloneNode();
  image.hidden = false;
  image.src = source;
  await image.decode();
  return image;
}
