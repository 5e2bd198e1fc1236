// A soft, translucent brush that marks a part of the photo.

const LONGEST = 1024; // pixels of the mask
const COLOR = "217, 84, 30";

export class Mask {
  /** `ended` is called after every stroke. */
  constructor(canvas, ended) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.size = 48;
    this.erasing = false;
    this.empty = true;
    canvas.addEventListener("pointerdown", (event) => this.#draw(event, ended));
  }

  /** Begin with an empty one for a picture of this shape. */
  reset(width, height) {
    const share = Math.min(1, LONGEST / Math.max(width, height));
    this.canvas.width = Math.max(1, Math.round(width * share));
    this.canvas.height = Math.max(1, Math.round(height * share));
    this.empty = true;
  }

  /** As a PNG whose alpha says where. */
  file() {
    return new Promise((resolve) => this.canvas.toBlob((blob) => resolve(new File([blob], "mask.png", { type: "image/png" }))));
  }

  #draw(event, ended) {
    if (event.button) return;
    event.stopPropagation();
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.classList.add("drawing");
    let last = this.#at(event);
    this.#line(last, last);
    const to = (now) => {
      for (const part of now.getCoalescedEvents?.() ?? [now]) {
        const next = this.#at(part);
        this.#line(last, next);
        last = next;
      }
    };
    const end = () => {
      this.canvas.removeEventListener("pointermove", to);
      this.canvas.removeEventListener("pointerup", end);
      this.canvas.removeEventListener("pointercancel", end);
      this.canvas.classList.remove("drawing");
      this.empty = false;
      ended();
    };
    this.canvas.addEventListener("pointermove", to);
    this.canvas.addEventListener("pointerup", end);
    this.canvas.addEventListener("pointercancel", end);
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    this.scale = this.canvas.width / box.width;
    return [(event.clientX - box.left) * this.scale, (event.clientY - box.top) * this.scale];
  }

  #line([x0, y0], [x1, y1]) {
    const radius = Math.max(2, (this.size * this.scale) / 2);
    const count = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / (radius / 4)));
    this.context.globalCompositeOperation = this.erasing ? "destination-out" : "source-over";
    for (let n = 0; n <= count; n += 1) {
      const [x, y] = [x0 + ((x1 - x0) * n) / count, y0 + ((y1 - y0) * n) / count];
      const soft = this.context.createRadialGradient(x, y, 0, x, y, radius);
      soft.addColorStop(0, `rgba(${COLOR}, 0.6)`);
      soft.addColorStop(0.5, `rgba(${COLOR}, 0.25)`);
      soft.addColorStop(1, `rgba(${COLOR}, 0)`);
      this.context.fillStyle = soft;
      this.context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
  }
}
