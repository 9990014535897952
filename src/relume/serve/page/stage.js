// The open picture: before and after, live on the reduced copy, whole when looked at closely.

import { histogram } from './histogram.js';
import { Slider } from './slider.js';

const PAUSE = 80; // milliseconds that a slider must rest before the service is asked

export class Stage {
  constructor(one, { fail, say }) {
    Object.assign(this, { one, fail, say });
    this.slider = new Slider(one('compare'));
    this.slider.addEventListener('zoom', () => this.look());
    this.urls = {};
    for (const side of ['before', 'after']) {
      const draw = histogram(one('histograms'), side);
      this.slider.images[side].addEventListener('load', (event) => draw(event.target));
    }
  }

  async open(picture, settings) {
    this.picture = picture;
    this.sharp = {};
    this.slider.open(...picture.size);
    this.slider.show('before', picture.before);
    await this.refresh(settings, 0);
  }

  // Show the picture as it is set now, a moment after the last change.
  async refresh(settings, pause = PAUSE) {
    if (!this.picture) return;
    this.settings = settings;
    this.sharp.after = false;
    this.abort?.abort();
    const { signal } = (this.abort = new AbortController());
    try {
      await new Promise((done) => setTimeout(done, pause));
      if (signal.aborted) return;
      const answer = await this.picture.preview(settings, signal);
      if (signal.aborted) return;
      this.put('after', answer.blob);
      const why = answer.reason ? `: ${answer.reason}` : '';
      this.one('reason').textContent = settings.method === 'auto' ? `${answer.method}${why}` : '';
      await this.look();
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  // Fetch the whole picture once its reduced copy is enlarged beyond its own pixels.
  async look() {
    const { picture, settings } = this;
    const { scale, whole } = this.slider.placement;
    const longest = Math.max(...(picture?.size ?? [0]));
    const isClose = scale / whole > 1280 / longest && longest > 1280;
    if (!isClose || !settings) return;
    const { signal } = this.abort;
    try {
      for (const side of ['before', 'after']) {
        if (this.sharp[side]) continue;
        this.sharp[side] = true;
        this.say('fetching the whole picture …');
        const wanted = side === 'before' ? { method: 'identity' } : settings;
        const answer = await picture.sharp(wanted, side === 'after' ? signal : undefined);
        if (picture !== this.picture || (side === 'after' && signal.aborted)) return;
        this.put(side, answer.blob);
        this.say(`${picture.file.name}: ${picture.size.join(' × ')}, whole`);
      }
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  put(side, blob) {
    if (this.urls[side]) URL.revokeObjectURL(this.urls[side]);
    this.urls[side] = URL.createObjectURL(blob);
    this.slider.show(side, this.urls[side]);
  }
}
