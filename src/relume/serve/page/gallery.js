// Several methods side by side, on the reduced picture.

export class Gallery {
  // `render(method, signal)` returns a Blob; `choose(method)` takes one over.
  constructor(parts, { render, choose, failed }) {
    Object.assign(this, parts, { render, choose, failed });
    this.details.addEventListener('toggle', () => this.fill());
  }

  offer(names, first) {
    for (const name of names) {
      const label = document.createElement('label');
      const box = document.createElement('input');
      Object.assign(box, { type: 'checkbox', value: name, checked: first.includes(name) });
      box.addEventListener('change', () => this.fill());
      label.append(box, name);
      this.fieldset.append(label);
    }
  }

  get chosen() {
    return [...this.fieldset.querySelectorAll('input:checked')].map((box) => box.value);
  }

  mark(method) {
    this.marked = method;
    for (const button of this.place.children) {
      button.setAttribute('aria-pressed', String(button.dataset.method === method));
    }
  }

  // Render what is chosen, one after another; what was going on is dropped.
  async fill() {
    this.abort?.abort();
    for (const image of this.place.querySelectorAll('img')) URL.revokeObjectURL(image.src);
    this.place.replaceChildren();
    if (!this.details.open) return;
    const abort = (this.abort = new AbortController());
    const buttons = this.chosen.map((method) => this.button(method));
    for (const button of buttons) {
      const { method } = button.dataset;
      const caption = button.querySelector('span');
      try {
        const begun = performance.now();
        const url = URL.createObjectURL(await this.render(method, abort.signal));
        if (abort.signal.aborted) return;
        button.querySelector('img').src = url;
        caption.textContent = `${method} · ${((performance.now() - begun) / 1000).toFixed(2)} s`;
      } catch (error) {
        if (abort.signal.aborted) return;
        caption.textContent = `${method}: ${error.message}`;
      }
    }
  }

  button(method) {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.method = method;
    button.setAttribute('aria-pressed', 'false');
    const image = document.createElement('img');
    image.alt = '';
    const caption = document.createElement('span');
    caption.textContent = `${method} …`;
    button.append(image, caption);
    button.addEventListener('click', () => this.choose(method));
    this.place.append(button);
    this.mark(this.marked);
    return button;
  }
}
