// Before and after, side by side under a divider that mouse, finger and keyboard move (it is a slider underneath).

export class Compare {
  /** @param stage the element with two canvases, .before and .after, and a slider. */
  constructor(stage) {
    this.stage = stage;
    [this.before, this.after] = ['.before', '.after'].map((name) => stage.querySelector(name));
    this.slider = stage.querySelector('input');
    this.slider.addEventListener('input', () => this.#divide());
    this.#divide();
  }

  /** Shows a new photo, not painted yet: a canvas or a picture. */
  showPhoto(picture) {
    const [width, height] = [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
    draw(this.before, picture, width, height);
    this.after.hidden = this.slider.hidden = true;
    this.stage.style.setProperty('--shape', width / height);
    this.stage.classList.remove('divided');
  }

  /** Shows what it has become. */
  showPainted(picture) {
    draw(this.after, picture, this.before.width, this.before.height);
    this.after.hidden = this.slider.hidden = false;
    this.stage.classList.add('divided');
  }

  #divide() {
    this.stage.style.setProperty('--divider', `${this.slider.value}%`);
    this.slider.setAttribute('aria-valuetext', `${this.slider.value} % photo, ${100 - this.slider.value} % painted`);
  }
}

function draw(canvas, picture, width, height) {
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext('2d').drawImage(picture, 0, 0, width, height);
}
