// One picture of the page: its file, its reduced copy, and what the service makes of them.

import { enhance } from './api.js';

const SIDE = 1280; // longest side of the reduced copy that sliders work on
const SHOWN = { format: 'jpeg', quality: 92, metadata: 'strip' };

export class Picture {
  constructor(file) {
    this.file = file;
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.ready.catch(() => {}); // whoever waits hears it; nobody has to
  }

  // Its entry in the list of files.
  item() {
    const item = document.createElement('li');
    this.button = document.createElement('button');
    this.button.type = 'button';
    this.button.setAttribute('aria-pressed', 'false');
    this.thumbnail = document.createElement('img');
    this.thumbnail.alt = '';
    const name = document.createElement('span');
    name.textContent = this.button.title = this.file.name;
    this.button.append(this.thumbnail, name);
    item.append(this.button);
    return item;
  }

  // Have it reduced, without loss, whatever format it is.
  async load() {
    try {
      const settings = { method: 'identity', side: SIDE, format: 'png', metadata: 'strip' };
      const answer = await enhance(this.file, settings);
      this.small = answer.blob;
      this.size = answer.original;
      this.before = URL.createObjectURL(answer.blob);
      this.thumbnail.src = this.before;
      this.resolve();
    } catch (error) {
      this.reject(error);
      throw error;
    }
  }

  // The reduced picture, enhanced, to look at.
  preview({ method, knobs, strength }, signal) {
    return enhance(this.small, { method, knobs, strength, ...SHOWN }, signal);
  }

  // The whole picture, enhanced, to keep.
  whole(settings, signal) {
    return enhance(this.file, settings, signal);
  }

  // A side of the whole picture as a browser can show it.
  async sharp(settings, signal) {
    return enhance(this.file, { ...settings, ...SHOWN, quality: 95 }, signal);
  }

  remove() {
    this.button.parentElement.remove();
    if (this.before) URL.revokeObjectURL(this.before);
  }
}
