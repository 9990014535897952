// Keys, wheel, mouse and fingers on a slider's view.

const STEP = 60; // CSS pixels that an arrow key moves an enlarged picture
const SLOP = 6; // CSS pixels that a finger moves without meaning to
const ACTS = { '+': 'more', '=': 'more', '-': 'less', 0: 'fit', 1: 'whole' };
const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Gestures {
  constructor(slider) {
    this.slider = slider;
    this.pointers = new Map();
    const { view } = slider;
    view.addEventListener('keydown', (event) => this.press(event));
    view.addEventListener('wheel', (event) => this.roll(event), { passive: false });
    // Two fingers are for the picture, even where one scrolls the page.
    view.addEventListener('touchstart', (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
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

  // One finger on the bar, or across a fitted picture, divides; down a fitted picture it scrolls the page,
  // which is the browser's to do (touch-action). Elsewhere it moves the picture; two fingers enlarge it.
  point(event) {
    const now = this.at(event), begins = event.type === 'pointerdown';
    const { view, bar, placement } = this.slider;
    if (begins) {
      view.setPointerCapture(event.pointerId);
      this.divides = event.target === bar || placement.isFitted;
      // A finger beside the bar may be about to scroll: it divides once it went across, or when it taps.
      this.waits = event.pointerType === 'touch' && event.target !== bar && this.divides;
      this.start = now;
      this.pointers.set(event.pointerId, now);
    }
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    const [across, down] = [0, 1].map((axis) => Math.abs(now[axis] - this.start[axis]));
    if (event.type === 'pointermove' && across > SLOP && across > down) this.waits = false;
    if (begins || event.type === 'pointermove') this.pointers.set(event.pointerId, now);
    else {
      this.pointers.delete(event.pointerId);
      if (event.type === 'pointercancel' || !this.waits || Math.max(across, down) > SLOP) return;
      this.waits = false;
    }
    if (this.pointers.size === 2) this.pinch(event.pointerId, last, now);
    else if (this.waits) return;
    else if (this.divides) this.slider.divide(Math.min(100, Math.max(0, (100 * now[0]) / view.clientWidth)));
    else placement.move(now[0] - last[0], now[1] - last[1]);
    this.slider.draw();
  }

  pinch(moved, last, now) {
    const [, other] = [...this.pointers].find(([id]) => id !== moved);
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
    this.slider.placement.zoom(apart(now) / apart(last), ...other);
  }
}
