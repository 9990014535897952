// The settings' form: read, and filled from the methods' cards.

import { knobs, slider } from './knobs.js';

const AUTO = 'Looks at the picture, chooses a method and says why.';

export class Settings {
  // `one` finds an element by id; `changed` hears of what changes the look.
  constructor(one, changed) {
    this.one = one;
    this.changed = changed;
    this.cards = new Map();
    this.knobs = () => ({});
    const about = { name: 'over-all', label: 'Strength', low: 0, high: 1, value: 1 };
    this.strength = slider(one('strength-place'), about, changed);
    one('method').addEventListener('change', () => this.choose(one('method').value));
    one('controls').addEventListener('submit', (event) => event.preventDefault());
  }

  offer(cards) {
    const select = this.one('method');
    select.append(new Option('auto', 'auto'));
    for (const card of cards) {
      this.cards.set(card.name, card);
      select.append(new Option(named(card), card.name));
    }
    this.choose('auto');
  }

  choose(method) {
    const card = this.cards.get(method);
    this.one('method').value = method;
    this.one('summary').textContent = card ? about(card) : AUTO;
    this.knobs = knobs(this.one('knobs'), card, this.changed);
    this.changed();
  }

  read() {
    const { one } = this;
    const strength = Number(this.strength.value);
    return {
      method: one('method').value || 'auto',
      knobs: this.knobs(),
      strength: strength < 1 ? strength : undefined,
      format: one('format').value,
      quality: one('quality').value,
      metadata: one('strip').checked ? 'strip' : undefined,
    };
  }
}

function named({ name, title }) {
  return title.toLowerCase() === name ? name : `${name}: ${title}`;
}

function about(card) {
  const facts = [card.year, card.kind, card.cost && `cost: ${card.cost}`].filter(Boolean);
  return `${card.summary} (${facts.join('; ')})`;
}
