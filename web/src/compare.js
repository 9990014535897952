// Before and after over each other, parted by a line that is dragged or moved by keys: an input of
// type range, so that keys, touch and screen readers work as everywhere.

export class Compare {
  constructor(place) {
    this.place = place
    ;[this.before, this.after] = place.querySelectorAll('canvas')
    this.slider = place.querySelector('input')
    this.slider.addEventListener('input', () => place.style.setProperty('--part', `${this.slider.value}%`))
  }

  // Show a picture before and, once it is there, after; both are ImageBitmaps.
  show(which, bitmap) {
    const canvas = this[which]
    canvas.width = bitmap.width
    canvas.height = bitmap.height
    canvas.getContext('bitmaprenderer').transferFromImageBitmap(bitmap)
  }

  // width and height of the picture itself, not of what is shown of it.
  frame(width, height) {
    this.place.style.setProperty('--width', width)
    this.place.style.setProperty('--height', height)
  }

  zoom(whole) {
    this.place.classList.toggle('actual', whole)
  }
}
