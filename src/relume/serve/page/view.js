// Where a picture of width × height lies in a view: fitted, enlarged about a point, moved.

const MOST = 16; // of a picture's pixel, in the screen's

export class Placement {
  // `size` returns the view's [width, height] in CSS pixels.
  constructor(size) {
    this.size = size;
    this.picture(1, 1);
  }

  picture(width, height) {
    this.width = width;
    this.height = height;
    this.fit();
  }

  get fitted() {
    const [width, height] = this.size();
    return Math.min(width / this.width, height / this.height) || 1;
  }

  // One pixel of the picture on one pixel of the screen.
  get whole() {
    return 1 / (globalThis.devicePixelRatio || 1);
  }

  // All of the picture is in view.
  get isFitted() {
    return this.scale <= this.fitted * 1.001;
  }

  get isWhole() {
    return Math.abs(this.scale / this.whole - 1) < 0.001;
  }

  fit() {
    this.scale = this.fitted;
    this.x = this.y = 0;
    this.settle();
  }

  // Enlarge by `factor` about a point of the view.
  zoom(factor, x, y) {
    const most = Math.max(MOST * this.whole, this.fitted);
    const least = Math.min(this.whole, this.fitted);
    const scale = Math.min(Math.max(this.scale * factor, least), most);
    const ratio = scale / this.scale;
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.scale = scale;
    this.settle();
  }

  zoomTo(scale, x, y) {
    this.zoom(scale / this.scale, x, y);
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.settle();
  }

  // Keep the picture in view: centred where it is smaller, without a gap where it is larger.
  settle() {
    const [width, height] = this.size();
    this.x = held(this.x, this.width * this.scale, width);
    this.y = held(this.y, this.height * this.scale, height);
  }
}

function held(at, extent, room) {
  if (extent <= room) return (room - extent) / 2;
  return Math.min(0, Math.max(room - extent, at));
}
