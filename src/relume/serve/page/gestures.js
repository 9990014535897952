// Keys, wheel, mouse and fingers on a slider's view.

const STEP = 60; // CSS pixels that an arrow key moves an enlarged picture
const ACTS = { '+': 'more', '=': 'more', '-': 'less', 0: 'fit', 1: 'whole' };
const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Gestures {
  constructor(slider) {
    this.slider = slider;
    this.pointers = new Map();
    const { view } = slider;
    view.addEventListener('keydown', (event) => this.press(event));
    view.addEventListener('wheel', (event) => this.roll(event), { passive: false });
    view.addEventListener('dblclick', (event) => this.toggle(event));
    for (const name of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel']) {
      view.addEventListener(name, (event) => this.point(event));
    }
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ACTS) this.slider.act(ACTS[event.key]);
    else if (event.key in MOVES) {
      this.slider.placement.move(...MOVES[event.key].map((way) => way * STEP));
      this.slider.draw();
    } else return;
    event.preventDefault();
  }

  at(event) {
    const box = this.slider.view.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  roll(event) {
    event.preventDefault();
    this.slider.placement.zoom(Math.exp(-event.deltaY / 400), ...this.at(event));
    this.slider.draw();
  }

  toggle(event) {
    if (!this.slider.placement.isWhole) this.slider.placement.zoomTo(this.slider.placement.whole, ...this.at(event));
    else this.slider.placement.fit();
    this.slider.draw();
  }

  // One finger on the bar, or anywhere on a fitted picture, divides; else it moves; two enlarge.
  point(event) {
    const [x, y] = this.at(event);
    if (event.type === 'pointerdown') {
      this.slider.view.setPointerCapture(event.pointerId);
      this.divides = event.target === this.slider.bar || this.slider.placement.isFitted;
      this.pointers.set(event.pointerId, [x, y]);
    } else if (event.type !== 'pointermove') {
      this.pointers.delete(event.pointerId);
      return;
    }
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    this.pointers.set(event.pointerId, [x, y]);
    if (this.pointers.size === 2) this.pinch(event.pointerId, last, [x, y]);
    else if (this.divides) this.slider.divide(Math.min(100, Math.max(0, (100 * x) / this.slider.view.clientWidth)));
    else this.slider.placement.move(x - last[0], y - last[1]);
    this.slider.draw();
  }

  pinch(moved, last, now) {
    const [, other] = [...this.pointers].find(([id]) => id !== moved);
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
    this.slider.placement.zoom(apart(now) / apart(last), ...other);
  }
}
