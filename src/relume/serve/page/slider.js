// Before and after in one view, divided by a bar: by mouse, touch and keyboard, down to 1:1.

import { Gestures } from './gestures.js';
import { Placement } from './view.js';

const FACTOR = 1.25;

export class Slider extends EventTarget {
  // Builds itself inside `place`. Fires "zoom" when its scale changed.
  constructor(place) {
    super();
    place.innerHTML = `
      <div class="view" tabindex="0" role="group"
        aria-label="Picture, before and after. Plus and minus enlarge, 1 shows its pixels, 0 fits it, arrows move it.">
        <div class="half"><img class="before" alt="Before"></div>
        <div class="half"><img class="after" alt="After"></div>
        <span class="tag before" aria-hidden="true">before</span>
        <span class="tag after" aria-hidden="true">after</span>
        <div class="bar"></div>
      </div>
      <div class="tools">
        <label><span>Divide</span>
          <input type="range" min="0" max="100" value="50" step="1" aria-label="How much of the picture is shown as it was before, in percent"></label>
        <button type="button" data-act="less" aria-label="Smaller">−</button>
        <button type="button" data-act="more" aria-label="Larger">+</button>
        <button type="button" data-act="fit">Fit</button>
        <button type="button" data-act="whole">1:1</button>
        <output aria-label="Scale"></output>
      </div>`;
    const one = (selector) => place.querySelector(selector);
    this.view = one('.view');
    this.images = { before: one('img.before'), after: one('img.after') };
    [this.before, this.after] = Object.values(this.images).map((image) => image.parentElement);
    this.bar = one('.bar');
    this.range = one('input');
    this.output = one('output');
    this.placement = new Placement(() => [this.view.clientWidth, this.view.clientHeight]);
    this.range.addEventListener('input', () => this.divide(Number(this.range.value)));
    for (const button of place.querySelectorAll('button')) {
      button.addEventListener('click', () => this.act(button.dataset.act));
    }
    new Gestures(this);
    new ResizeObserver(() => this.resize()).observe(this.view);
    this.divide(50);
  }

  // Begin with another picture of this many pixels; its two sides follow by `show`.
  open(width, height) {
    for (const image of Object.values(this.images)) {
      image.removeAttribute('src');
      image.style.width = `${width}px`;
      image.style.height = `${height}px`;
    }
    this.placement.picture(width, height);
    this.draw();
  }

  // Show a side, "before" or "after", from a URL; of any size, it fills the picture's place.
  show(side, url) {
    this.images[side].src = url;
  }

  divide(percent) {
    this.range.value = percent;
    this.bar.style.left = `${percent}%`;
    // Both, since either may be transparent.
    this.before.style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
    this.after.style.clipPath = `inset(0 0 0 ${percent}%)`;
  }

  act(name) {
    const [x, y] = this.placement.size().map((length) => length / 2);
    if (name === 'fit') this.placement.fit();
    else if (name === 'whole') this.placement.zoomTo(this.placement.whole, x, y);
    else this.placement.zoom(name === 'more' ? FACTOR : 1 / FACTOR, x, y);
    this.draw();
  }

  resize() {
    if (this.wasFitted) this.placement.fit();
    this.draw();
  }

  draw() {
    const { x, y, scale, whole } = this.placement;
    this.placement.settle();
    this.wasFitted = scale === this.placement.fitted;
    this.view.classList.toggle('fitted', this.placement.isFitted);
    for (const image of Object.values(this.images)) {
      image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      image.classList.toggle('sharp', scale >= 2 * whole);
    }
    this.output.value = `${Math.round((100 * scale) / whole)} %`;
    if (scale !== this.drawn) this.dispatchEvent(new Event('zoom'));
    this.drawn = scale;
  }
}
